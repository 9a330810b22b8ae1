"""token.*: enrolment and life of tokens, and the directory (contract sections 4, 6, 7, 8)."""

import json

import pytest

from client import hotp
from world import base32_secret, in_seconds

VIEW = {
    "tokenId", "tenant", "userId", "tokenType", "kind", "typeName", "hardware", "status", "statusReason", "description",
    "device", "pendingContact", "serial", "manufacturer", "model", "createdAt", "activatedAt", "updatedAt",
    "lastUsedAt", "expiresAt", "activateBefore", "lockedUntil", "failures", "version", "actions",
}


def test_an_sms_token_is_active_at_once_and_its_number_masked(world):
    alice = world.person("alice")
    command = alice.send("token.enroll", {"tokenType": "sms", "phone": alice.phone, "description": "work"})
    reply = world.client.reply(command)
    token = reply.result["token"]
    assert set(token) == VIEW
    assert (token["status"], token["kind"], token["description"], token["userId"]) == ("ACTIVE", "sms", "work", alice.id)
    assert token["device"] == alice.phone[:3] + "*" * (len(alice.phone) - 5) + alice.phone[-2:]
    assert token["tenant"] == "default" and token["hardware"] is False and token["failures"] == 0
    assert set(token["actions"]) == {"edit", "test", "disable", "delete"}
    assert reply.header("ce_subject") == f"default/{alice.id}"
    assert reply.type == "token.enroll.reply" and reply.header("ce_specversion") == "1.0"
    assert reply.header("content-type") == "application/json" and reply.header("ce_time").endswith("Z")
    assert reply.key == f"default/{alice.id}".encode()
    event = world.client.events(command, "token.enrolled")[0]
    assert event.data["token"]["tokenId"] == token["tokenId"]
    assert not world.client.find(topic="events", cause=command.id, type="token.activated")


def test_an_email_token_shows_the_first_character_and_the_domain(world):
    person = world.person("mail")
    assert person.enroll("email")["device"] == f"{person.email[0]}***@example.org"


def test_a_soft_hotp_token_brings_its_secret_once_and_sealed(world):
    person = world.person("hotp")
    result = person.ask("token.enroll", {"tokenType": "hotp"}).result
    assert result["token"]["status"] == "PENDING" and result["token"]["activateBefore"]
    content = world.open(result["provisioning"]["uri"], "provisioning")
    assert (content["tenant"], content["userId"], content["use"]) == ("default", person.id, "provisioning")
    assert content["uri"].startswith("otpauth://hotp/") and content["exp"] > 0
    assert "provisioning" not in person.ask("token.view", {"tokenId": result["token"]["tokenId"]}).result


def test_provisioning_again_makes_a_new_secret_and_the_old_one_worthless(world):
    person = world.person("provision")
    token, old = person.enroll_totp(activate="on-first-otp")
    result = person.ask("token.provision", {"tokenId": token}).result
    new = world.open(result["provisioning"]["uri"], "provisioning")["uri"]
    assert old not in new
    assert person.verify(person.totp(old), "enrollment", tokenId=token).code == "otp_mismatch"


def test_a_secret_can_be_brought_in_clear_or_sealed(world):
    clear, sealed = base32_secret(), base32_secret()
    world.canaries.seeds |= {clear, sealed}
    person = world.person("secret")
    first = person.enroll("hotp", secret=clear, activate="now")["tokenId"]
    jwe = world.keys.seal({"tenant": "default", "userId": person.id, "use": "submission", "exp": 4102444800,
                           "secret": sealed}, algorithm="A256KW")
    second = person.enroll("hotp", secret=jwe, activate="now")["tokenId"]
    assert person.verify(hotp(clear, 0)[0], tokenId=first).status == "ok"
    assert person.verify(hotp(sealed, 0)[0], tokenId=second).status == "ok"
    other = world.person("thief")
    assert other.ask("token.enroll", {"tokenType": "hotp", "secret": jwe}).code == "invalid_ciphertext"


def test_list_pages_through_a_users_tokens(world):
    person = world.person("list")
    made = [person.enroll("email", description=str(number))["tokenId"] for number in range(3)]
    first = person.ask("token.list", {"limit": 2}).result
    second = person.ask("token.list", {"limit": 2, "cursor": first["nextCursor"]}).result
    assert "nextCursor" not in second
    assert sorted(token["tokenId"] for token in first["tokens"] + second["tokens"]) == sorted(made)
    assert person.ask("token.list", {"tokenType": "sms"}).result["tokens"] == []
    assert person.ask("token.list", {"cursor": "nonsense"}).code == "invalid_cursor"


def test_edit_changes_the_contact_and_tells_a_version(world):
    person, other = world.person("edit"), world.person("new")
    token = person.enroll("sms")
    edited = person.ask("token.edit", {"tokenId": token["tokenId"], "description": "home", "phone": other.phone,
                                       "ifVersion": token["version"]}).result["token"]
    assert edited["description"] == "home" and edited["device"][-2:] == other.phone[-2:]
    assert edited["version"] > token["version"]
    conflict = person.ask("token.edit", {"tokenId": token["tokenId"], "description": "x", "ifVersion": token["version"]})
    assert (conflict.code, conflict.details["version"]) == ("version_conflict", edited["version"])


def test_disable_and_enable(world):
    person = world.person("switch")
    token = person.enroll("sms")["tokenId"]
    command = person.send("token.disable", {"tokenId": token, "reason": "lost"})
    disabled = world.client.reply(command).result
    assert (disabled["token"]["status"], disabled["activeTokensLeft"]) == ("DISABLED", 0)
    assert world.client.events(command, "token.disabled")
    again = person.ask("token.disable", {"tokenId": token}).result
    assert again["unchanged"] is True
    refused = person.ask("otp.request", {"tokenId": token, "purpose": "login"})
    assert (refused.code, refused.details["status"]) == ("wrong_status", "DISABLED")
    assert person.ask("token.enable", {"tokenId": token}).result["token"]["status"] == "ACTIVE"
    assert person.request(token)["tokenId"] == token


def test_a_deleted_token_is_as_one_that_never_was(world):
    person = world.person("delete")
    token = person.enroll("sms")["tokenId"]
    assert person.ask("token.delete", {"tokenId": token}).result["tokenId"] == token
    for type in ("token.view", "token.disable", "token.delete"):
        assert person.ask(type, {"tokenId": token}).code == "token_not_found"
    assert person.ask("token.list").result["tokens"] == []


def test_another_users_token_is_not_found(world):
    owner, other = world.person("owner"), world.person("other")
    token = owner.enroll("sms")["tokenId"]
    unknown = "01930000-0000-7000-8000-000000000000"
    foreign, absent = (other.ask("token.view", {"tokenId": id}) for id in (token, unknown))
    assert foreign.value == absent.value and foreign.code == "token_not_found"
    for type in ("token.delete", "token.disable", "token.edit"):
        assert other.ask(type, {"tokenId": token}).code == "token_not_found"
    assert owner.view(token)["status"] == "ACTIVE"


@pytest.mark.parametrize("data, code, field", [
    ({"tokenType": "sms"}, "malformed", "/phone"),
    ({"tokenType": "sms", "phone": 41791234567}, "malformed", "/phone"),
    ({"tokenType": "sms", "phone": "079 123 45 67"}, "invalid_phone", None),
    ({"tokenType": "sms", "phone": "+041791234567"}, "invalid_phone", None),
    ({"tokenType": "email", "email": "a@b@c"}, "invalid_email", None),
    ({"tokenType": "email", "email": "a\r\nBcc: x@example.org"}, "invalid_email", None),
    ({"tokenType": "virtual", "channel": "sms"}, "no_contact", None),
    ({"tokenType": "virtual", "channel": "pigeon"}, "malformed", "/channel"),
    ({"tokenType": "carrier-pigeon"}, "unknown_token_type", None),
    ({}, "malformed", "/tokenType"),
    ({"tokenType": "hotp", "secret": "not base32!"}, "malformed", "/secret"),
    ({"tokenType": "hotp", "secret": "JBSWY3DP"}, "weak_secret", None),
    ({"tokenType": "hotp", "secret": "A" * 32}, "weak_secret", None),
    ({"tokenType": "hotp", "secret": "eyJhbGciOiJub25lIn0.e30."}, "invalid_ciphertext", None),
    ({"tokenType": "hotp", "activate": "later"}, "malformed", "/activate"),
    ({"tokenType": "hotp", "description": "x" * 256}, "malformed", "/description"),
    ({"tokenType": "hotp", "expiresAt": "yesterday"}, "malformed", "/expiresAt"),
    ({"tokenType": "hotp", "expiresAt": "2020-01-01T00:00:00Z"}, "malformed", "/expiresAt"),
])
def test_enrolment_refuses(world, data, code, field):
    person = world.person("refused")
    reply = person.ask("token.enroll", data)
    assert (reply.status, reply.code, reply.details.get("field")) == ("rejected", code, field)
    assert person.ask("token.list").result["tokens"] == []


def test_more_than_ten_tokens_of_a_type_are_too_many(world):
    person = world.person("many")
    commands = [person.send("token.enroll", {"tokenType": "email", "email": person.email}) for _ in range(11)]
    replies = [world.client.reply(command) for command in commands]
    assert [reply.code or reply.status for reply in replies] == ["ok"] * 10 + ["too_many_tokens"]


def test_one_secret_serves_one_token(world):
    person = world.person("taken")
    _, secret = person.enroll_hotp()
    assert person.ask("token.enroll", {"tokenType": "hotp", "secret": secret}).code == "secret_taken"


@pytest.mark.parametrize("type, data, code, field", [
    ("token.view", {}, "malformed", "/tokenId"),
    ("token.view", {"tokenId": "no-uuid"}, "malformed", "/tokenId"),
    ("token.list", {"limit": 501}, "malformed", "/limit"),
    ("token.list", {"limit": "many"}, "malformed", "/limit"),
    ("token.teleport", {}, "unknown_type", None),
    ("token.disable", {"tokenId": "01930000-0000-7000-8000-000000000000", "reason": "a\u0007b"}, "malformed", "/reason"),
])
def test_ill_typed_commands_are_answered_and_no_dead_letters(world, type, data, code, field):
    reply = world.person("typed").ask(type, data)
    assert (reply.code, reply.details.get("field")) == (code, field)
    assert reply.type == f"{type}.reply"
    dead = world.client.find(topic="commands.enrollment.dlq", type=type)
    assert not [record for record in dead if record.key == reply.key]


def test_a_users_command_on_a_tenant_key_is_malformed(world):
    reply = world.client.ask("token.enroll", "~desk", {"tokenType": "hotp"})
    assert (reply.code, reply.details["field"]) == ("malformed", "key")


def test_the_tenant_list_finds_all_users(world):
    person = world.person("tenantwide")
    token = person.enroll("hotp", expiresAt=in_seconds(7200))["tokenId"]
    found = world.client.ask("token.list", "~desk", {"expiresBefore": in_seconds(7300), "limit": 500}).result["tokens"]
    assert token in [view["tokenId"] for view in found]


def test_a_tenant_that_does_not_exist_is_not_found(world):
    assert world.client.ask("token.list", "alice", tenant="nowhere").code == "tenant_not_found"


def write_contact(world, person, value, headers=()):
    topic = world.topic("users")
    data = None if value is None else json.dumps(value).encode()
    world.client.produce(topic, f"default/{person.id}", data, headers)


def wait_for_contact(world, person, type="contact.changed", count=1):
    key = f"default/{person.id}".encode()
    return world.client.wait(
        lambda: [e for e in world.client.find(topic="events", type=type) if e.key == key][count - 1 : count],
        20, f"{type} of {person.id}")[0]


def test_the_directory_feeds_virtual_tokens_and_a_tombstone_ends_them(world):
    person, moved = world.person("directory"), world.person("moved")
    write_contact(world, person, {"phone": person.phone, "email": person.email, "revision": 5})
    wait_for_contact(world, person)
    token = person.enroll("virtual", channel="sms")
    assert token["device"][-2:] == person.phone[-2:]
    person.request(token["tokenId"])
    assert person.verify(person.received(), tokenId=token["tokenId"]).status == "ok"

    write_contact(world, person, {"phone": "+41790000001", "revision": 4})
    open_one = person.request(token["tokenId"])
    # Before the contact moves: a message that is still on its way then is dropped as void.
    otp = person.received(2)
    write_contact(world, person, {"phone": moved.phone, "email": person.email, "revision": 6})
    changed = wait_for_contact(world, person, count=2)
    assert moved.phone not in changed.value.decode() and moved.phone[-2:] in changed.value.decode()
    voided = person.verify(otp, challengeId=open_one["challengeId"])
    assert voided.code == "challenge_void"
    assert person.view(token["tokenId"])["device"][-2:] == moved.phone[-2:]

    write_contact(world, person, None)
    event = world.client.event("token.obsoleted", tokenId=token["tokenId"])
    assert event.data["reason"] == "contact_removed"
    assert person.view(token["tokenId"])["status"] == "OBSOLETE"
    assert person.ask("token.enroll", {"tokenType": "virtual", "channel": "sms"}).code == "no_contact"


def test_a_bad_field_of_the_directory_is_told_and_the_rest_holds(world):
    person = world.person("badfield")
    write_contact(world, person, {"phone": "call me", "email": person.email, "revision": 1})
    assert wait_for_contact(world, person, "contact.rejected")
    assert person.enroll("virtual", channel="email")["device"].endswith("@example.org")
    assert person.ask("token.enroll", {"tokenType": "virtual", "channel": "sms"}).code == "no_contact"


def test_a_broken_directory_record_is_a_dead_letter_and_the_next_is_read(world):
    person = world.person("broken")
    world.client.produce(world.topic("users"), f"default/{person.id}", b"{broken")
    write_contact(world, person, {"email": person.email, "revision": 1})
    wait_for_contact(world, person)
    key = f"default/{person.id}".encode()
    dead = world.client.wait(lambda: [r for r in world.client.find(topic="users.dlq") if r.key == key], 20, "the DLQ")
    assert world.keys.open(dead[0].value, "dlq") == b"{broken"
