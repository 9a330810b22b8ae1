"""Rules of token types at work (contract section 5), and what only they refuse."""

import secrets

import pytest

from conftest import make_world
from test_hardware import ask
from world import base32_secret, wrong


def define(world, kind: str, **policy) -> str:
    name = f"{kind}-{secrets.token_hex(4)}"
    ask(world, "tokentype.define", {"tokenType": name, "kind": kind, "policy": policy}).result
    return name


def test_a_type_that_may_not_be_tested_refuses_the_test_and_offers_none(world):
    person = world.person("untested")
    token = person.enroll(define(world, "email", testable=False), email=person.email)
    assert "test" not in token["actions"]
    assert person.ask("otp.request", {"tokenId": token["tokenId"], "purpose": "test"}).code == "forbidden"
    assert person.request(token["tokenId"])["channel"] == "email"


def test_an_approval_that_has_to_be_bound_takes_no_totp(world):
    person = world.person("bound")
    secret = base32_secret()
    world.canaries.seeds.add(secret)
    token = person.enroll(define(world, "totp", requireBinding=True), secret=secret, activate="now")["tokenId"]
    context = {"reference": "R-1", "text": "Pay 5"}
    reply = person.verify(person.totp(secret), "approval", tokenId=token, context=context)
    assert (reply.code, reply.data["publicCode"]) == ("binding_required", "otp_mismatch")
    assert person.verify(person.totp(secret), tokenId=token).status == "ok"


def test_a_closed_type_enrols_nobody(world):
    person = world.person("closed")
    data = {"tokenType": define(world, "email", enrollable=False), "email": person.email}
    assert person.ask("token.enroll", data).code == "type_not_enrollable"


def test_what_may_not_be_edited_is_not(world):
    person = world.person("fixed")
    token = person.enroll(define(world, "email", editable=False), email=person.email)
    assert "edit" not in token["actions"]
    assert person.ask("token.edit", {"tokenId": token["tokenId"], "description": "x"}).code == "not_editable"


def test_a_resent_value_makes_the_one_before_worthless_and_does_not_count(world):
    person = world.person("resend")
    name = define(world, "sms", resendAfter=10)
    token = person.enroll(name, phone=person.phone)["tokenId"]
    first = person.request(token)
    old = person.received(1)
    # Time passes for this challenge alone.
    world.database.query("UPDATE challenge SET last_sent_at = last_sent_at - interval '11 seconds' "
                         f"WHERE challenge_id = '{first['challengeId']}'")
    second = person.request(token)
    assert second["resend"] is True and second["challengeId"] == first["challengeId"]
    assert second["sendsLeft"] == first["sendsLeft"] - 1
    new = person.received(2)
    assert person.verify(old, challengeId=first["challengeId"]).code == "challenge_superseded"
    assert person.verify(new, challengeId=first["challengeId"]).status == "ok"


def test_a_value_is_worthless_after_its_end(world):
    person = world.person("late")
    token = person.enroll("sms")["tokenId"]
    challenge = person.request(token)["challengeId"]
    otp = person.received()
    world.database.query("UPDATE challenge SET expires_at = now() - interval '1 second' "
                         f"WHERE challenge_id = '{challenge}'")
    assert person.verify(otp, challengeId=challenge).code == "challenge_expired"
    assert person.ask("otp.status", {"challengeId": challenge}).result["state"] == "expired"


def test_a_page_that_no_record_could_carry_is_refused(world):
    prefix = f"L-{secrets.token_hex(3)}-"
    entries = [{"serial": f"{prefix}{number:03}", "secret": base32_secret(), "manufacturer": "m" * 250,
                "model": "m" * 250} for number in range(300)]
    ask(world, "token.import", {"tokenType": "totp-hardware", "tokens": entries}).result
    assert ask(world, "token.list", {"serial": prefix, "limit": 500}).code == "result_too_large"
    assert len(ask(world, "token.list", {"serial": prefix, "limit": 100}).result["tokens"]) == 100


def test_contact_changes_that_have_to_be_proved(world):
    person = world.person("mover")
    token = person.enroll(define(world, "sms", contactChange="verify"), phone=person.phone)["tokenId"]
    new = world.person("moved").phone
    edited = person.ask("token.edit", {"tokenId": token, "phone": new}).result["token"]
    assert edited["device"].endswith(person.phone[-2:]) and edited["pendingContact"].endswith(new[-2:])
    # Whoever had the OTPs hears of it, and the OTP goes to the new number.
    notice = world.receiver.wait_for(person.phone, 1)
    assert not any(digit * 6 in notice["text"] for digit in "0123456789")
    person.request(token, "contact-change")
    otp = person.received(address=new)
    assert person.verify(wrong(otp), "contact-change", tokenId=token).code == "otp_mismatch"
    assert person.view(token)["device"].endswith(person.phone[-2:])
    assert person.verify(otp, "contact-change", tokenId=token).status == "ok"
    view = person.view(token)
    assert view["pendingContact"] is None and view["device"].endswith(new[-2:])


@pytest.mark.parametrize("kind, change", [
    ("enrolled", None), ("edited", ("token.edit", {"description": "x"})), ("disabled", ("token.disable", {})),
    ("deleted", ("token.delete", {}))])
def test_the_user_hears_of_what_the_policy_names(world, kind, change):
    person = world.person("notices")
    world.client.produce(world.topic("users"), f"default/{person.id}", b'{"email": "%s", "revision": 1}'
                         % person.email.encode())
    world.client.event("contact.changed", changed=["email"], email=f"{person.email[0]}***@example.org")
    token = person.enroll(define(world, "sms", notices=[kind]), phone=person.phone)["tokenId"]
    if change:
        person.ask(change[0], {"tokenId": token, **change[1]}).result
    assert world.receiver.wait_for(person.email, 1)
    found = [message for message in world.client.find(topic="notifications") if token.encode() in message.value]
    assert [message.data["template"] for message in found] == [f"notice.{kind}"]


@pytest.fixture(scope="module")
def sealed(binaries, canaries):
    """A world that takes no secret in clear."""
    workers = ("enrollment", "verifier", "notifier")
    settings = {"SEALED_COMMANDS": "required"}
    yield from make_world(binaries, canaries, durable=False, workers=workers, settings=settings)


def test_where_commands_must_be_sealed_a_clear_secret_is_refused(sealed):
    person = sealed.person("sealed")
    secret = base32_secret()
    sealed.canaries.seeds.add(secret)
    content = {"tenant": "default", "userId": person.id, "use": "submission", "exp": 4102444800}
    data = {"tokenType": "hotp", "activate": "now"}
    assert person.ask("token.enroll", {**data, "secret": secret}).code == "plaintext_not_allowed"
    token = person.enroll("hotp", secret=sealed.keys.seal({**content, "secret": secret}), activate="now")["tokenId"]
    value = person.hotp(secret, 0)[0]
    assert person.verify(value, tokenId=token).code == "plaintext_not_allowed"
    assert person.verify(sealed.keys.seal({**content, "otp": value}), tokenId=token).status == "ok"
    entry = {"serial": f"S-{secrets.token_hex(4)}", "secret": base32_secret()}
    result = ask(sealed, "token.import", {"tokenType": "hotp-hardware", "tokens": [entry]}).result
    assert result["skipped"] == [{"serial": entry["serial"], "code": "plaintext_not_allowed"}]
