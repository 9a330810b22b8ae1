"""token.import, the stock, hardware in users' hands (contract sections 4, 7)."""

import secrets
import subprocess

from world import base32_secret, in_seconds, wrong

STOCK = "~stock"


def serial() -> str:
    return f"S-{secrets.token_hex(5)}"


class Device:
    """A hardware token as its vendor delivers it."""

    def __init__(self, world, **entry):
        self.world = world
        self.serial = serial()
        self.secret = base32_secret()
        self.entry = {"serial": self.serial, "secret": self.secret, **entry}
        world.canaries.seeds.add(self.secret)

    def values(self, person, counter: int, count: int = 2) -> list[str]:
        return person.hotp(self.secret, counter, count)

    def find(self) -> dict | None:
        tokens = ask(self.world, "token.list", {"serial": self.serial}).result["tokens"]
        return tokens[0] if tokens else None


def ask(world, type: str, data: dict | None = None, **options):
    return world.client.ask(type, STOCK, data, **options)


def deliver(world, *devices: Device, type: str = "hotp-hardware") -> dict:
    return ask(world, "token.import", {"tokenType": type, "tokens": [device.entry for device in devices]}).result


def stocked(world, **entry) -> Device:
    device = Device(world, **entry)
    assert deliver(world, device) == {"imported": 1, "skipped": []}
    return device


def assign(person, device: Device, **data) -> dict:
    data = {"tokenType": "hotp-hardware", "serial": device.serial, **data}
    return person.ask("token.enroll", data).result["token"]


def test_a_delivery_goes_into_the_stock(world):
    device = Device(world, manufacturer="Feitian", model="c200", batch="B-7", counter=5, expiresAt=in_seconds(3600))
    command = world.client.send("token.import", STOCK, {"tokenType": "hotp-hardware", "tokens": [device.entry]})
    assert world.client.reply(command).result == {"imported": 1, "skipped": []}
    [event] = world.client.events(command, "token.imported")
    assert (event.data["imported"], event.data["skipped"], event.data["tokenType"]) == (1, 0, "hotp-hardware")
    assert event.key == f"default/{STOCK}".encode()
    token = device.find()
    assert token["status"] == "UNASSIGNED" and token["userId"] is None and token["hardware"] is True
    assert (token["serial"], token["device"], token["manufacturer"]) == (device.serial, device.serial, "Feitian")
    assert set(token["actions"]) == {"delete", "compromise"}
    view = ask(world, "token.view", {"tokenId": token["tokenId"]}).result["token"]
    assert view == token


def test_entries_are_taken_one_by_one(world):
    known, gone = stocked(world), stocked(world)
    ask(world, "token.compromise", {"serial": gone.serial})
    good, weak, short, twin, digits = (Device(world) for _ in range(5))
    weak.entry["secret"] = "A" * 32
    short.entry["secret"] = "1"
    twin.entry["secret"] = known.secret
    digits.entry["digits"] = 12
    other = Device(world)
    other.entry["serial"] = known.serial
    again = {**known.entry, "counter": 3}
    command = {"tokenType": "hotp-hardware", "tokens": [
        weak.entry, good.entry, short.entry, twin.entry, other.entry, again, gone.entry, digits.entry, good.entry]}
    result = ask(world, "token.import", command).result
    assert result["imported"] == 1
    assert [(skipped["serial"], skipped["code"]) for skipped in result["skipped"]] == [
        (weak.serial, "weak_secret"), (short.serial, "malformed"), (twin.serial, "secret_taken"),
        (known.serial, "serial_taken"), (known.serial, "unchanged"), (gone.serial, "serial_compromised"),
        (digits.serial, "malformed"), (good.serial, "unchanged")]
    assert result["skipped"][-2]["field"] == "/tokens/7/digits"
    assert good.find() and not weak.find() and not twin.find()


def test_a_repeated_import_moves_the_counter_forward_and_never_back(world):
    device, person = stocked(world, counter=10), world.person("counter")
    for counter in (20, 3):
        device.entry["counter"] = counter
        assert deliver(world, device)["skipped"] == [{"serial": device.serial, "code": "unchanged"}]
    token = assign(person, device)
    assert person.verify(device.values(person, 19)[0], tokenId=token["tokenId"]).code == "otp_replayed"
    assert person.verify(device.values(person, 20)[0], tokenId=token["tokenId"]).status == "ok"


def test_a_command_that_can_not_be_taken_takes_nothing(world):
    device = Device(world)
    whole = {"tokenType": "hotp-hardware", "tokens": [device.entry]}
    for change, code in [({"tokenType": "none"}, "unknown_token_type"), ({"tokenType": "totp"}, "not_hardware"),
                         ({"tokens": [device.entry] * 1001}, "batch_too_large"), ({"tokens": {}}, "malformed"),
                         ({"tokens": [device.entry, {"secret": "A"}]}, "malformed")]:
        reply = ask(world, "token.import", {**whole, **change})
        assert (reply.status, reply.code) == ("rejected", code)
    assert reply.details["field"] == "/tokens/1/serial"
    assert world.person("import").ask("token.import", whole).details["field"] == "key"
    assert device.find() is None


def test_a_thousand_devices_in_one_command(world):
    prefix = f"K-{secrets.token_hex(3)}-"
    entries = [{"serial": f"{prefix}{number:04}", "secret": base32_secret()} for number in range(1000)]
    reply = ask(world, "token.import", {"tokenType": "totp-hardware", "tokens": entries})
    assert reply.result == {"imported": 1000, "skipped": []}
    page = ask(world, "token.list", {"serial": prefix, "limit": 100}).result
    assert len(page["tokens"]) == 100 and page["nextCursor"]
    again = ask(world, "token.import", {"tokenType": "totp-hardware", "tokens": entries}).result
    assert again["imported"] == 0 and {skipped["code"] for skipped in again["skipped"]} == {"unchanged"}


def test_an_import_can_assign(world):
    people = [world.person("assigned") for _ in range(3)]
    devices = [Device(world, userId=person.id, **({"status": status} if status else {}))
               for person, status in zip(people, (None, "DISABLED", "PENDING"))]
    command = world.client.send("token.import", STOCK, {"tokenType": "hotp-hardware",
                                                        "tokens": [device.entry for device in devices]})
    assert world.client.reply(command).result["imported"] == 3
    events = world.client.wait(
        lambda: len(found := world.client.find(topic="events", cause=command.id, type="token.enrolled")) == 3 and found,
        20, "three events")
    assert {event.key.decode() for event in events} == {f"default/{person.id}" for person in people}
    for person, status in zip(people, ("ACTIVE", "DISABLED", "PENDING")):
        [token] = person.ask("token.list").result["tokens"]
        assert (token["status"], token["userId"]) == (status, person.id)
    expired = Device(world, expiresAt="2020-01-01T00:00:00Z")
    assert deliver(world, expired)["imported"] == 1
    assert expired.find()["status"] == "OBSOLETE"


def test_sealed_secrets_are_bound_to_their_serial_number(world):
    device, other = Device(world), Device(world)
    content = {"tenant": "default", "serial": device.serial, "use": "submission", "exp": 4102444800}
    device.entry["secret"] = world.keys.seal({**content, "secret": device.secret})
    other.entry["secret"] = device.entry["secret"]
    result = deliver(world, other, device)
    assert result == {"imported": 1, "skipped": [{"serial": other.serial, "code": "invalid_ciphertext"}]}


def test_assignment_by_serial_number(world):
    device, person = stocked(world), world.person("holder")
    command = person.send("token.enroll", {"tokenType": "hotp-hardware", "serial": device.serial, "description": "key"})
    token = world.client.reply(command).result["token"]
    assert (token["status"], token["userId"], token["description"]) == ("ACTIVE", person.id, "key")
    assert set(token["actions"]) == {"edit", "test", "disable", "delete", "reset", "unassign", "compromise"}
    assert world.client.events(command, "token.enrolled")
    assert person.verify(device.values(person, 0)[0]).result["tokenType"] == "hotp-hardware"
    for taker in (person, world.person("other")):
        assert taker.ask("token.enroll", {"tokenType": "hotp-hardware", "serial": device.serial}).code == "serial_taken"
    assert person.ask("token.enroll", {"tokenType": "hotp-hardware", "serial": serial()}).code == "serial_not_found"
    assert person.ask("token.enroll", {"tokenType": "totp-hardware", "serial": device.serial}).code == "serial_not_found"
    assert person.ask("token.enroll", {"tokenType": "hotp-hardware"}).details["field"] == "/serial"


def test_possession_is_proved_by_two_values_in_order(world):
    device, person = stocked(world), world.person("proof")
    first, second, third = device.values(person, 40, 3)
    data = {"tokenType": "hotp-hardware", "serial": device.serial}
    assert person.ask("token.enroll", {**data, "otp1": first}).details["field"] == "/otp2"
    assert person.ask("token.enroll", {**data, "otp2": first}).details["field"] == "/otp1"
    assert person.ask("token.enroll", {**data, "otp1": second, "otp2": first}).code == "otp_wrong_order"
    reply = person.ask("token.enroll", {**data, "otp1": first, "otp2": wrong(second)})
    assert reply.code == "otp_mismatch" and reply.details["attemptsLeft"] == 3
    assert device.find()["status"] == "UNASSIGNED"
    token = assign(person, device, otp1=first, otp2=second, activate="on-first-otp")
    assert token["status"] == "ACTIVE" and token["failures"] == 0
    assert person.verify(second, tokenId=token["tokenId"]).code == "otp_replayed"
    assert person.verify(third, tokenId=token["tokenId"]).status == "ok"


def test_wrong_proofs_lock_the_device(world):
    device, person = stocked(world), world.person("guesser")
    data = {"tokenType": "hotp-hardware", "serial": device.serial, "otp1": "000000", "otp2": "000001"}
    codes = [person.ask("token.enroll", data).code for _ in range(6)]
    assert codes == ["otp_mismatch"] * 5 + ["locked"]
    first, second = device.values(person, 0)
    assert person.ask("token.enroll", {**data, "otp1": first, "otp2": second}).code == "locked"
    assert person.ask("token.enroll", {**data, "otp1": first, "otp2": second}).details["retryAfter"] > 0


def test_a_totp_device_proves_itself_by_one_value(world):
    device, person = Device(world), world.person("clock")
    assert deliver(world, device, type="totp-hardware")["imported"] == 1
    data = {"tokenType": "totp-hardware", "serial": device.serial}
    assert person.ask("token.enroll", {**data, "otp1": wrong(person.totp(device.secret))}).code == "otp_mismatch"
    token = person.ask("token.enroll", {**data, "otp1": person.totp(device.secret)}).result["token"]
    assert token["status"] == "ACTIVE" and token["kind"] == "totp"


def test_a_pending_device_waits_for_its_first_value(world):
    device, person = stocked(world), world.person("pending")
    token = assign(person, device, activate="on-first-otp")
    assert token["status"] == "PENDING" and token["activateBefore"] and "provision" not in token["actions"]
    assert person.ask("token.provision", {"tokenId": token["tokenId"]}).code == "not_provisionable"
    assert person.verify(device.values(person, 0)[0], "enrollment", tokenId=token["tokenId"]).status == "ok"
    assert person.view(token["tokenId"])["status"] == "ACTIVE"


def test_a_device_goes_back_and_on_with_its_counter(world):
    device, first, second = stocked(world), world.person("first"), world.person("second")
    token = assign(first, device, description="mine")
    assert first.verify(device.values(first, 7)[0]).status == "ok"
    command = first.send("token.unassign", {"tokenId": token["tokenId"], "reason": "left"})
    stock = world.client.reply(command).result["token"]
    assert (stock["status"], stock["userId"], stock["description"], stock["lastUsedAt"]) == ("UNASSIGNED", None, None, None)
    [event] = world.client.events(command, "token.unassigned")
    assert event.key == f"default/{first.id}".encode() and event.data["reason"] == "left"
    assert first.ask("token.view", {"tokenId": token["tokenId"]}).code == "token_not_found"
    assert first.ask("token.list").result["tokens"] == []
    assert ask(world, "token.unassign", {"serial": device.serial}).code == "not_assigned"
    assert ask(world, "token.edit", {"tokenId": token["tokenId"], "description": "x"}).code == "wrong_status"
    again = assign(second, device)
    assert again["tokenId"] == token["tokenId"]
    assert second.verify(device.values(second, 7)[0]).code == "otp_replayed"
    assert second.verify(device.values(second, 8)[0]).status == "ok"
    # The stock's operator takes it by its serial number from whoever has it.
    command = world.client.send("token.unassign", STOCK, {"serial": device.serial})
    assert world.client.reply(command).result["token"]["status"] == "UNASSIGNED"
    assert world.client.events(command, "token.unassigned")[0].key == f"default/{second.id}".encode()


def test_a_compromised_device_is_final(world):
    device, person = stocked(world), world.person("victim")
    token = assign(person, device)
    command = person.send("token.compromise", {"tokenId": token["tokenId"], "reason": "seen"})
    view = world.client.reply(command).result["token"]
    assert (view["status"], view["userId"], view["statusReason"]) == ("COMPROMISED", person.id, "seen")
    assert set(view["actions"]) == {"delete"}
    assert world.client.events(command, "token.compromised")
    assert ask(world, "token.compromise", {"serial": device.serial}).result["unchanged"] is True
    for type in ("token.unassign", "token.enable", "token.disable", "token.edit"):
        reply = person.ask(type, {"tokenId": token["tokenId"]})
        assert (reply.code, reply.details["status"]) == ("wrong_status", "COMPROMISED")
    assert person.verify(device.values(person, 0)[0], tokenId=token["tokenId"]).code == "wrong_status"
    assert deliver(world, device)["skipped"][0]["code"] == "serial_compromised"
    taker = world.person("taker")
    assert taker.ask("token.enroll", {"tokenType": "hotp-hardware", "serial": device.serial}).code == "serial_compromised"
    # Deleted it is gone from the stock, and its serial number is free.
    person.ask("token.delete", {"tokenId": token["tokenId"]}).result
    assert deliver(world, device)["imported"] == 1
    assert device.find()["tokenId"] != token["tokenId"]


def test_deleting_in_the_stock_frees_serial_and_secret_within_one_batch(world):
    device = stocked(world)
    token = device.find()["tokenId"]
    commands = [world.client.send("token.delete", STOCK, {"tokenId": token}),
                world.client.send("token.import", STOCK, {"tokenType": "hotp-hardware", "tokens": [device.entry]}),
                world.client.send("token.list", STOCK, {"serial": device.serial})]
    deleted, imported, listed = [world.client.reply(command).result for command in commands]
    assert deleted == {"tokenId": token} and imported["imported"] == 1
    assert [found["status"] for found in listed["tokens"]] == ["UNASSIGNED"]


def test_only_the_stock_is_reached_by_id_on_a_tenant_wide_key(world):
    device, person = stocked(world), world.person("reach")
    token = assign(person, device)["tokenId"]
    for type in ("token.view", "token.edit", "token.delete", "token.unassign", "token.compromise"):
        assert ask(world, type, {"tokenId": token}).code == "token_not_found"
    soft = person.enroll("sms")["tokenId"]
    for type in ("token.unassign", "token.compromise"):
        assert person.ask(type, {"tokenId": soft}).code == "not_hardware"
        assert person.ask(type, {"serial": device.serial}).details["field"] == "/tokenId"
        assert ask(world, type, {"serial": serial()}).code == "token_not_found"
        assert ask(world, type, {"serial": device.serial, "tokenId": token}).details["field"] == "/serial"
    for type in ("token.enroll", "token.provision", "token.enable", "token.disable"):
        assert ask(world, type, {"tokenId": token, "tokenType": "sms"}).details["field"] == "key"


def test_a_tenants_serials_are_its_own(world):
    command = [world.system.program("tokenctl"), "tenant", "add", "other"]
    subprocess.run(command, env=world.system.environment(), check=True, capture_output=True, timeout=60)
    device = stocked(world)
    reply = ask(world, "token.import", {"tokenType": "hotp-hardware", "tokens": [device.entry]}, tenant="other")
    assert reply.result["imported"] == 1
    assert ask(world, "token.compromise", {"serial": device.serial}, tenant="other").status == "ok"
    assert device.find()["status"] == "UNASSIGNED"
