"""Fifty at once, on all partitions, with two workers of each kind: the rule holds (attacks A1, A5, A30)."""

import itertools

import pytest

from conftest import make_world
from test_hardware import Device, assign, ask, stocked

PARTITIONS = 4
TIMES = 50


@pytest.fixture(scope="module")
def crowd(binaries, canaries):
    """A world in which two workers of a kind share four partitions."""
    workers = ("enrollment", "enrollment", "verifier", "verifier", "notifier", "expiry-scanner")
    yield from make_world(binaries, canaries, durable=False, workers=workers)


def at_once(world, commands) -> list:
    """Writes the commands, one after the other on each partition in turn, and gives back their replies."""
    for command, partition in zip(commands, itertools.cycle(range(PARTITIONS))):
        world.client.write(command, partition=partition)
    return [world.client.reply(command) for command in commands]


def answers(replies) -> dict[str, int]:
    found = [reply.code or "ok" for reply in replies]
    return {answer: found.count(answer) for answer in found}


@pytest.mark.parametrize("round", range(3))
def test_one_device_for_fifty_users_goes_to_one(crowd, round):
    device = stocked(crowd)
    people = [crowd.person("race") for _ in range(TIMES)]
    data = {"tokenType": "hotp-hardware", "serial": device.serial}
    replies = at_once(crowd, [crowd.client.command("token.enroll", person.id, data) for person in people])
    assert answers(replies) == {"ok": 1, "serial_taken": TIMES - 1}
    [owner] = [person for person, reply in zip(people, replies) if reply.status == "ok"]
    assert device.find()["userId"] == owner.id


def test_a_device_in_a_hurry_between_users_is_with_one_or_in_the_stock(crowd):
    """Assign, take away, assign: whoever is answered last has it, and its values are good once."""
    device = stocked(crowd)
    people = [crowd.person("hurry") for _ in range(10)]
    data = {"tokenType": "hotp-hardware", "serial": device.serial}
    commands = []
    for person in people:
        commands.append(crowd.client.command("token.enroll", person.id, data))
        commands.append(crowd.client.command("token.unassign", "~", {"serial": device.serial}))
    replies = at_once(crowd, commands)
    assert set(answers(replies)) <= {"ok", "serial_taken", "not_assigned"}
    taken = sum(reply.status == "ok" for reply in replies[::2])
    returned = sum(reply.status == "ok" for reply in replies[1::2])
    token = device.find()
    assert taken - returned == (0 if token["userId"] is None else 1)
    if token["userId"] is None:
        assign(people[0], device)
    owner = next(person for person in people if person.id == device.find()["userId"])
    value = device.values(owner, 3)[0]
    verify = [crowd.client.command("otp.verify", owner.id, {"otp": value, "purpose": "login"}) for _ in range(TIMES)]
    assert answers(at_once(crowd, verify)) == {"ok": 1, "otp_replayed": TIMES - 1}


@pytest.mark.parametrize("field, code", [("serial", "serial_taken"), ("secret", "secret_taken")])
def test_one_serial_or_secret_imported_fifty_times_is_one_device(crowd, field, code):
    devices = [Device(crowd) for _ in range(TIMES)]
    for device in devices:
        device.entry[field] = devices[0].entry[field]
    replies = at_once(crowd, [
        crowd.client.command("token.import", f"~{number}", {"tokenType": "hotp-hardware", "tokens": [device.entry]})
        for number, device in enumerate(devices)])
    results = [reply.result for reply in replies]
    assert sum(result["imported"] for result in results) == 1
    assert {skipped["code"] for result in results for skipped in result["skipped"]} == {code}


def test_one_recovery_code_is_good_once(crowd):
    person = crowd.person("code")
    result = person.ask("token.enroll", {"tokenType": "recovery", "count": 2}).result
    [code, other] = crowd.open(result["provisioning"]["codes"], "provisioning")["codes"]
    crowd.canaries.otps |= {code, other}
    data = {"otp": code, "purpose": "login"}
    replies = at_once(crowd, [crowd.client.command("otp.verify", person.id, data) for _ in range(TIMES)])
    found = answers(replies)
    assert found["ok"] == 1 and set(found) <= {"ok", "otp_mismatch", "locked"}
    # The user's limit: after the success at most as many wrong values are looked at as it allows, and some before it.
    assert found["otp_mismatch"] <= 2 * 10


def test_not_more_tokens_than_the_policy_allows(crowd):
    person = crowd.person("many")
    data = {"tokenType": "email", "email": person.email}
    replies = at_once(crowd, [crowd.client.command("token.enroll", person.id, data) for _ in range(TIMES)])
    assert answers(replies) == {"ok": 10, "too_many_tokens": TIMES - 10}
    assert len(person.ask("token.list").result["tokens"]) == 10


def test_the_last_active_token_stays(crowd):
    type = {"tokenType": "last", "kind": "email", "policy": {"requireActiveToken": True, "maxPerUser": 50}}
    ask(crowd, "tokentype.define", type).result
    person = crowd.person("last")
    tokens = [person.enroll("last", email=person.email)["tokenId"] for _ in range(TIMES)]
    replies = at_once(crowd, [
        crowd.client.command("token.disable" if number % 2 else "token.delete", person.id, {"tokenId": token})
        for number, token in enumerate(tokens)])
    assert answers(replies) == {"ok": TIMES - 1, "last_active_token": 1}
    active = person.ask("token.list", {"status": "ACTIVE"}).result["tokens"]
    assert len(active) == 1


def test_the_right_value_comes_too_late_on_every_partition(crowd):
    """A5: whichever five of forty guesses are looked at, the right value behind them is not, on any partition."""
    person = crowd.person("guessed")
    token, secret = person.enroll_hotp()
    right = person.hotp(secret, 0)[0]
    guesses = [otp for number in range(41) if (otp := str(number).zfill(6)) not in person.hotp(secret, 0, 11)][:40]
    data = [{"otp": otp, "purpose": "login", "tokenId": token} for otp in (*guesses, *[right] * PARTITIONS)]
    replies = at_once(crowd, [crowd.client.command("otp.verify", person.id, each) for each in data])
    assert answers(replies) == {"otp_mismatch": 5, "locked": len(data) - 5}
    assert {reply.code for reply in replies[-PARTITIONS:]} == {"locked"}
    assert person.view(token)["failures"] == 5


def test_one_number_of_many_users_gets_what_one_user_may(crowd):
    """A12: twenty users, one number, all at once."""
    phone = crowd.person("flooded").phone
    people = [crowd.person("flood") for _ in range(20)]
    for person in people:
        person.enroll("sms", phone=phone)
    replies = at_once(crowd, [crowd.client.command("otp.request", person.id, {"purpose": "login"}) for person in people])
    assert answers(replies) == {"ok": 5, "too_many_requests": 15}
    assert {reply.details["limit"] for reply in replies if reply.status != "ok"} == {"destination"}
    crowd.receiver.wait_for(phone, 5)
    assert len(crowd.receiver.messages(phone)) == 5
