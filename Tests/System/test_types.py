"""tokentype.*: names and rules of token types, obeyed by every worker (contract sections 4, 5, 7, 8, 12)."""

import itertools
import secrets

import pytest

from world import base32_secret, in_seconds, wrong

_numbers = itertools.count(1)
POLICY = {
    "digits", "algorithm", "period", "window", "lookAhead", "resetWindow", "challengeTtl", "maxAttempts", "resendAfter",
    "maxSends", "maxFailures", "userMaxFailures", "lockSeconds", "maxConsecutiveFailures", "pendingTtl", "maxPerUser",
    "editable", "testable", "enrollable", "requireActiveToken", "requireBinding", "contactChange", "notices",
    "expiryNotices",
}
BUILT_IN = {"sms", "email", "virtual", "hotp", "totp", "hotp-hardware", "totp-hardware", "recovery"}


def types(world, verb, name=None, key="~types", **data):
    return world.client.ask(f"tokentype.{verb}", key, {"tokenType": name, **data} if name else data)


def define(world, kind="sms", **data) -> str:
    """A new type; gives back its name."""
    name = f"{kind}-{next(_numbers)}-{secrets.token_hex(2)}"
    types(world, "define", name, kind=kind, **data).result
    return name


def edit(world, name, **policy):
    return types(world, "edit", name, policy=policy).result["tokenType"]


def persons(world, count, hint="person"):
    """Users on several partitions, so that both workers have some."""
    return [world.person(hint) for _ in range(count)]


def enroll_sms(person, type):
    return person.ask("token.enroll", {"tokenType": type, "phone": person.phone})


def test_a_type_is_defined_shown_and_listed(crowd):
    command = crowd.client.send(
        "tokentype.define", "~admin",
        {"tokenType": "company-card", "kind": "hotp", "hardware": True, "names": {"de": "Karte", "en": "Card"},
         "policy": {"digits": 8, "lifetime": 86_400}},
        attributes={"authid": "root"},
    )
    shown = crowd.client.reply(command).result["tokenType"]
    assert set(shown) == {"tokenType", "kind", "hardware", "names", "policy", "retired"}
    assert (shown["tokenType"], shown["kind"], shown["hardware"], shown["retired"]) == ("company-card", "hotp", True, False)
    assert shown["names"] == {"de": "Karte", "en": "Card"}
    assert set(shown["policy"]) == POLICY | {"lifetime"}
    assert shown["policy"]["digits"] == 8 and shown["policy"]["maxPerUser"] == 10
    event = crowd.client.events(command, "tokentype.defined")[0]
    assert event.data == {"tokenType": shown} and event.key == b"default/~admin"
    assert event.header("ce_authid") == "root"
    listed = types(crowd, "list").result["tokenTypes"]
    assert [t["tokenType"] for t in listed] == sorted(t["tokenType"] for t in listed)
    assert BUILT_IN <= {t["tokenType"] for t in listed} and shown in listed
    assert types(crowd, "define", "company-card", kind="sms").code == "type_exists"


def test_a_changed_policy_holds_for_the_next_command_on_every_worker(crowd):
    name = define(crowd, policy={"maxPerUser": 1})
    crowds = persons(crowd, 10, "limit")
    # Both workers have read the catalogue as it is.
    assert all(enroll_sms(person, name).status == "ok" for person in crowds)
    assert {enroll_sms(person, name).code for person in crowds} == {"too_many_tokens"}
    for allowed in (2, 3):
        assert edit(crowd, name, maxPerUser=allowed)["policy"]["maxPerUser"] == allowed
        replies = [crowd.client.reply(person.send("token.enroll", {"tokenType": name, "phone": person.phone}))
                   for person in crowds]
        assert {reply.status for reply in replies} == {"ok"}
        assert {enroll_sms(person, name).code for person in crowds} == {"too_many_tokens"}
    edit(crowd, name, enrollable=False)
    assert {enroll_sms(person, name).code for person in crowds} == {"type_not_enrollable"}
    edit(crowd, name, enrollable=None, maxPerUser=None)
    assert {enroll_sms(person, name).status for person in crowds} == {"ok"}


def test_the_verifier_obeys_the_next_command_too(crowd):
    name = define(crowd, policy={"resendAfter": 10, "maxAttempts": 1})
    for digits in (6, 8, 10):
        edit(crowd, name, digits=digits)
        person = crowd.person("digits")
        token = enroll_sms(person, name).result["token"]["tokenId"]
        person.request(token)
        otp = person.received()
        assert len(otp) == digits
        assert person.verify(otp, tokenId=token).status == "ok"

    person = crowd.person("failures")
    token = enroll_sms(person, name).result["token"]["tokenId"]
    challenge = person.request(token)["challengeId"]
    otp = person.received()
    edit(crowd, name, maxAttempts=3)
    assert person.verify(wrong(otp), challengeId=challenge).details["attemptsLeft"] == 2
    edit(crowd, name, maxAttempts=1)
    assert person.verify(otp, challengeId=challenge).code == "challenge_exhausted"


def test_soft_tokens_are_made_by_the_rules_of_their_type(crowd):
    name = define(crowd, kind="hotp", policy={"digits": 8, "activate": "now"})
    person = crowd.person("app")
    secret = base32_secret()
    crowd.canaries.seeds.add(secret)
    token = person.ask("token.enroll", {"tokenType": name, "secret": secret}).result["token"]
    assert token["status"] == "ACTIVE"
    assert types(crowd, "edit", name, policy={"digits": 9}).details == {"field": "/policy/digits", "min": 6, "max": 8}
    edit(crowd, name, digits=6, activate="on-first-otp")
    assert person.ask("token.enroll", {"tokenType": name}).result["token"]["status"] == "PENDING"
    # A token that is there keeps what it was made with.
    assert person.verify(str(int(person.hotp(secret, 0)[0])).zfill(6), tokenId=token["tokenId"]).code == "otp_mismatch"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"tokenType": "Card", "kind": "sms"}, "/tokenType"),
        ({"tokenType": "x" * 41, "kind": "sms"}, "/tokenType"),
        ({"tokenType": "x", "kind": "fax"}, "/kind"),
        ({"tokenType": "x", "kind": "sms", "hardware": True}, "/hardware"),
        ({"tokenType": "x", "kind": "sms", "names": {"deutschland": "x"}}, "/names/deutschland"),
        ({"tokenType": "x", "kind": "sms", "names": {"de": "a\nb"}}, "/names/de"),
        ({"tokenType": "x", "kind": "sms", "policy": {"colour": 1}}, "/policy/colour"),
        ({"tokenType": "x", "kind": "sms", "policy": {"maxSends": "3"}}, "/policy/maxSends"),
    ],
)
def test_what_is_ill_formed_is_named(crowd, data, field):
    reply = crowd.client.ask("tokentype.define", "~types", data)
    assert (reply.code, reply.details) == ("malformed", {"field": field})


def test_a_policy_out_of_range_names_its_bounds_and_changes_nothing(crowd):
    name = define(crowd)
    before = types(crowd, "list").result
    reply = types(crowd, "edit", name, names={"en": "other"}, policy={"maxSends": 3, "lockSeconds": [60, 86_401]})
    assert reply.code == "policy_out_of_range"
    assert reply.details == {"field": "/policy/lockSeconds/1", "min": 1, "max": 86_400}
    assert types(crowd, "list").result == before
    assert types(crowd, "edit", "no-such-type").code == "unknown_token_type"
    assert types(crowd, "retire", "no-such-type").code == "unknown_token_type"


@pytest.mark.parametrize("verb", ["define", "edit", "retire", "list"])
def test_on_a_users_key_it_is_malformed(crowd, verb):
    reply = crowd.client.ask(f"tokentype.{verb}", "alice", {"tokenType": "x", "kind": "sms"})
    assert (reply.code, reply.details) == ("malformed", {"field": "key"})


def test_changes_at_once_on_many_keys_lose_none(crowd):
    name = define(crowd)
    locales = [f"x-{number}" for number in range(24)]
    edits = [
        crowd.client.send("tokentype.edit", f"~admin-{locale}", {"tokenType": name, "names": {locale: locale}})
        for locale in locales
    ]
    taken = f"{name}-twin"
    defines = [
        crowd.client.send("tokentype.define", f"~admin-{number}", {"tokenType": taken, "kind": "sms"})
        for number in range(12)
    ]
    assert {crowd.client.reply(command).status for command in edits} == {"ok"}
    codes = [crowd.client.reply(command).code for command in defines]
    assert sorted(codes, key=str) == sorted([None] + ["type_exists"] * 11, key=str)
    listed = {t["tokenType"]: t for t in types(crowd, "list").result["tokenTypes"]}
    assert listed[name]["names"] == {locale: locale for locale in locales}


def test_an_edit_that_changes_nothing_is_ok_and_not_told(crowd):
    name = define(crowd, names={"en": "Text"})
    command = crowd.client.send("tokentype.edit", "~types", {"tokenType": name, "names": {"en": "Text"}})
    assert crowd.client.reply(command).status == "ok"
    told = crowd.client.send("tokentype.edit", "~types", {"tokenType": name, "names": {"en": "SMS"}})
    crowd.client.events(told, "tokentype.edited")
    assert not crowd.client.find(topic="events", cause=command.id)


def obsoleted(world, tokens):
    """Events that tell of these tokens, by token."""
    events = {}
    for message in world.client.find(topic="events", type="token.obsoleted"):
        token = message.data["token"]["tokenId"]
        if token in tokens:
            events.setdefault(token, set()).add(message.id)
    return events


def test_a_retired_type_ends_its_tokens_at_once_and_each_is_told_though_a_scanner_dies(crowd):
    name = define(crowd)
    people = persons(crowd, 40, "retired")
    commands = [(p, p.send("token.enroll", {"tokenType": name, "phone": p.phone})) for p in people for _ in range(5)]
    tokens = {}
    for person, command in commands:
        tokens[crowd.client.reply(command).result["token"]["tokenId"]] = person
    token, person = next(iter(tokens.items()))
    challenge = person.request(token)["challengeId"]
    otp = person.received()

    retired = crowd.client.send("tokentype.retire", "~types", {"tokenType": name})
    assert crowd.client.reply(retired).result["tokenType"]["retired"] is True
    view = person.view(token)
    assert (view["status"], view["statusReason"], view["actions"]) == ("OBSOLETE", "type_retired", ["delete"])
    assert enroll_sms(person, name).code == "type_not_enrollable"
    assert person.verify(otp, challengeId=challenge).status == "rejected"
    assert person.ask("otp.request", {"tokenId": token, "purpose": "login"}).status == "rejected"
    assert crowd.client.events(retired, "tokentype.retired")

    # One of the two scanners dies in the middle.
    crowd.client.wait(lambda: obsoleted(crowd, tokens), 20, "the first event")
    crowd.worker("expiry-scanner").child.kill()
    crowd.client.wait(lambda: len(obsoleted(crowd, tokens)) == len(tokens), 60, "an event of each token")
    assert {len(ids) for ids in obsoleted(crowd, tokens).values()} == {1}, "a repeat has the id of the first"
    reasons = {m.data["reason"] for m in crowd.client.find(topic="events", type="token.obsoleted")
               if m.data["token"]["tokenId"] in tokens}
    assert reasons == {"type_retired"}
    again = crowd.client.send("tokentype.retire", "~types", {"tokenType": name})
    assert crowd.client.reply(again).status == "ok"
    assert types(crowd, "edit", name, names={"en": "Gone"}).result["tokenType"]["retired"] is True
    assert types(crowd, "define", name, kind="sms").code == "type_exists"
    assert not crowd.client.find(topic="events", cause=again.id)
    crowd.system.start_all(("expiry-scanner",))


def test_devices_of_the_stock_end_too(crowd):
    name = define(crowd, kind="totp", hardware=True)
    serials = [f"{name}-{number}" for number in range(3)]
    entries = [{"serial": serial, "secret": base32_secret()} for serial in serials]
    crowd.canaries.seeds |= {entry["secret"] for entry in entries}
    entries[0]["expiresAt"] = in_seconds(3)
    imported = crowd.client.ask("token.import", "~stock", {"tokenType": name, "tokens": entries}).result
    assert imported == {"imported": 3, "skipped": []}
    ended = crowd.client.event("token.obsoleted", serial=serials[0], timeout=30)
    assert ended.data["reason"] == "expired" and ended.key == b"default/~stock"
    holder = crowd.person("holder")
    held = holder.ask("token.enroll", {"tokenType": name, "serial": serials[1]}).result["token"]["tokenId"]
    types(crowd, "retire", name).result
    assert holder.view(held)["status"] == "OBSOLETE"
    for serial, key in ((serials[1], f"default/{holder.id}"), (serials[2], "default/~stock")):
        event = crowd.client.event("token.obsoleted", serial=serial, timeout=30)
        assert (event.data["reason"], event.key) == ("type_retired", key.encode())
    assert not [m for m in crowd.client.find(topic="events", type="token.expiring")
                if m.data["token"]["serial"] == serials[0]]


def test_changed_marks_are_told_by_the_new_ones(crowd):
    name = define(crowd, policy={"expiryNotices": []})
    person = crowd.person("marks")
    token = person.ask(
        "token.enroll", {"tokenType": name, "phone": person.phone, "expiresAt": in_seconds(40 * 86_400)}
    ).result["token"]["tokenId"]
    edit(crowd, name, expiryNotices=[50])
    event = crowd.client.event("token.expiring", tokenId=token, timeout=30)
    assert event.data["daysLeft"] in (40, 41)
