"""otp.*, token.reset, *.unlock (contract sections 4 and 5)."""

import pytest

from client import otp_in
from world import wrong

NOBODY = "01930000-0000-7000-8000-000000000000"


def test_an_otp_by_sms_is_accepted_once(world):
    person = world.person("sms")
    token = person.enroll("sms")["tokenId"]
    request = person.send("otp.request", {"tokenId": token, "purpose": "login"})
    result = world.client.reply(request).result
    assert set(result) == {"challengeId", "tokenId", "channel", "destination", "expiresAt", "resendAfter", "sendsLeft",
                           "resend"}
    assert (result["channel"], result["resend"], result["sendsLeft"]) == ("sms", False, 4)
    assert result["destination"].endswith(person.phone[-2:]) and person.phone not in result["destination"]
    otp = person.received()
    command = person.send("otp.verify", {"otp": f" {otp[:3]}-{otp[3:]} ", "purpose": "login"})
    verified = world.client.reply(command).result
    assert set(verified) == {"tokenId", "tokenType", "verifiedAt", "purpose", "boundTo"}
    assert (verified["tokenId"], verified["purpose"], verified["boundTo"]) == (token, "login", None)
    assert world.client.events(command, "otp.verified")
    again = person.verify(otp, tokenId=token)
    assert (again.code, again.data["publicCode"]) == ("challenge_used", "otp_mismatch")
    sent = world.client.event("notification.sent", challengeId=result["challengeId"])
    assert sent.cause == request.id
    assert person.view(token)["lastUsedAt"]


def test_an_otp_by_mail_is_in_the_text_and_not_in_the_subject(world):
    person = world.person("mail")
    token = person.enroll("email")["tokenId"]
    person.request(token)
    otp = person.received(address=person.email)
    message = world.receiver.messages(person.email)[0]
    assert otp not in message["subject"]
    assert person.verify(otp, tokenId=token).status == "ok"


def test_status_follows_a_challenge(world):
    person = world.person("status")
    token = person.enroll("sms")["tokenId"]
    challenge = person.request(token)["challengeId"]
    world.client.event("notification.sent", challengeId=challenge)
    status = person.ask("otp.status", {"challengeId": challenge}).result
    assert (status["state"], status["delivery"]) == ("open", "sent")
    person.verify(person.received(), challengeId=challenge)
    assert person.ask("otp.status", {"challengeId": challenge}).result["state"] == "used"
    assert person.ask("otp.cancel", {"challengeId": challenge}).code == "challenge_used"


def test_a_cancelled_challenge_is_void(world):
    person = world.person("cancel")
    challenge = person.request(person.enroll("sms")["tokenId"])["challengeId"]
    otp = person.received()
    assert person.ask("otp.cancel", {"challengeId": challenge}).result["challengeId"] == challenge
    assert person.verify(otp, challengeId=challenge).code == "challenge_void"
    assert person.ask("otp.status", {"challengeId": challenge}).result["state"] == "void"
    assert world.person("other").ask("otp.status", {"challengeId": challenge}).code == "challenge_not_found"


def test_a_second_request_has_to_wait(world):
    person = world.person("impatient")
    token = person.enroll("sms")["tokenId"]
    person.request(token)
    reply = person.ask("otp.request", {"tokenId": token, "purpose": "login"})
    assert reply.code == "too_many_requests" and 0 < reply.details["retryAfter"] <= 30


def test_one_user_gets_five_messages_in_a_quarter_of_an_hour(world):
    person = world.person("flood")
    purposes = ["login", "test", "helpdesk", "login", "test", "helpdesk"]
    tokens = [person.enroll("email")["tokenId"], person.enroll("sms")["tokenId"]]
    replies = [person.ask("otp.request", {"tokenId": tokens[index // 3], "purpose": purpose})
               for index, purpose in enumerate(purposes)]
    assert [reply.code or reply.status for reply in replies] == ["ok"] * 5 + ["too_many_requests"]
    assert replies[5].details["limit"] == "user"


def test_a_country_that_is_not_admitted_gets_nothing(world):
    person = world.person("abroad")
    token = person.enroll("sms", phone="+882161234567")["tokenId"]
    assert person.ask("otp.request", {"tokenId": token, "purpose": "login"}).code == "destination_blocked"


def test_purposes_do_not_mix(world):
    person = world.person("purpose")
    token = person.enroll("sms")["tokenId"]
    challenge = person.request(token, "test")["challengeId"]
    otp = person.received()
    assert person.verify(otp, "login", challengeId=challenge).code == "purpose_mismatch"
    assert person.verify(otp, "test", challengeId=challenge).status == "ok"
    view = person.view(token)
    assert view["lastUsedAt"] is None


def test_an_approval_needs_the_same_context(world):
    person = world.person("approval")
    token = person.enroll("sms")["tokenId"]
    context = {"reference": "order-4711", "text": "Pay 250 CHF to Bob", "fields": {"b": 1, "a": 2.50}}
    challenge = person.request(token, "approval", context=context)["challengeId"]
    otp = person.received()
    assert "Pay 250 CHF to Bob" in world.receiver.messages(person.phone)[0]["text"]
    other = {**context, "text": "Pay 9999 CHF to Eve"}
    assert person.verify(otp, "approval", challengeId=challenge, context=other).code == "context_mismatch"
    shuffled = {"fields": {"a": 2.5, "b": 1}, "text": context["text"], "reference": context["reference"]}
    verified = person.verify(otp, "approval", challengeId=challenge, context=shuffled).result
    assert verified["boundTo"] == "order-4711"


@pytest.mark.parametrize("text", ["see https://example.org", "www.example.org", "{{otp}}", "a\u202eb", "x" * 161,
                                  "${jndi}", "a\nb"])
def test_a_context_that_could_mislead_is_not_allowed(world, text):
    person = world.person("context")
    token = person.enroll("sms")["tokenId"]
    reply = person.ask("otp.request", {"tokenId": token, "purpose": "approval",
                                       "context": {"reference": "r", "text": text}})
    assert reply.code == "context_not_allowed"


def test_totp_activates_logs_in_and_is_never_accepted_twice(world):
    person = world.person("totp")
    token, secret = person.enroll_totp("on-first-otp")
    assert person.verify(person.totp(secret), tokenId=token).code == "wrong_status"
    first, second = person.totp(secret), person.totp(secret, 1)
    command = person.send("otp.verify", {"otp": first, "purpose": "enrollment", "tokenId": token})
    assert world.client.reply(command).status == "ok"
    assert world.client.events(command, "token.activated")
    assert person.view(token)["status"] == "ACTIVE"
    replayed = person.verify(first, tokenId=token)
    assert (replayed.code, replayed.data["publicCode"]) == ("otp_replayed", "otp_mismatch")
    assert person.verify(second, tokenId=token).status == "ok"
    assert person.verify(second, tokenId=token).code == "otp_replayed"


def test_hotp_looks_ahead_and_never_back(world):
    person = world.person("hotp")
    token, secret = person.enroll_hotp()
    values = person.hotp(secret, 0, 30)
    assert person.verify(values[10], tokenId=token).status == "ok"
    assert person.verify(values[10], tokenId=token).code == "otp_replayed"
    assert person.verify(values[9], tokenId=token).code == "otp_mismatch"
    assert person.verify(values[22], tokenId=token).code == "otp_mismatch"
    assert person.verify(values[21]).result["tokenId"] == token


def test_an_otp_can_be_brought_sealed(world):
    person = world.person("sealed")
    token, secret = person.enroll_hotp()
    content = {"tenant": "default", "userId": person.id, "use": "submission", "exp": 4102444800,
               "otp": person.hotp(secret, 0)[0]}
    assert person.verify(world.keys.seal({**content, "userId": "eve"}), tokenId=token).code == "invalid_ciphertext"
    assert person.verify(world.keys.seal(content, ring="notification"), tokenId=token).code == "invalid_ciphertext"
    assert person.verify(world.keys.seal({**content, "exp": 1}), tokenId=token).code == "invalid_ciphertext"
    assert person.verify(world.keys.seal(content), tokenId=token).status == "ok"


def test_five_wrong_values_lock_a_token_until_it_is_unlocked(world):
    person = world.person("locked")
    token, secret = person.enroll_hotp()
    right = person.hotp(secret, 0)[0]
    commands = [person.send("otp.verify", {"otp": wrong(right), "purpose": "login", "tokenId": token}) for _ in range(5)]
    replies = [world.client.reply(command) for command in commands]
    assert [reply.details["attemptsLeft"] for reply in replies] == [4, 3, 2, 1, 0]
    assert replies[4].details["lockedUntil"] and replies[3].details.get("lockedUntil") is None
    assert world.client.events(commands[4], "token.locked")
    refused = person.verify(right, tokenId=token)
    assert (refused.code, refused.data["publicCode"]) == ("locked", "locked")
    assert 0 < refused.details["retryAfter"] <= 60 and refused.details["lockedUntil"]
    assert person.view(token)["lockedUntil"] and "unlock" in person.view(token)["actions"]
    unlock = person.send("token.unlock", {"tokenId": token, "reason": "help desk"})
    assert world.client.reply(unlock).result["token"]["lockedUntil"] is None
    assert world.client.events(unlock, "token.unlocked")
    assert person.verify(right, tokenId=token).status == "ok"


def test_guesses_that_arrive_together_are_counted_one_by_one(world):
    person = world.person("burst")
    token, secret = person.enroll_hotp()
    right = person.hotp(secret, 0)[0]
    guesses = [wrong(right)] * 8 + [right]
    commands = [person.send("otp.verify", {"otp": guess, "purpose": "login", "tokenId": token}) for guess in guesses]
    codes = [world.client.reply(command).code for command in commands]
    assert codes == ["otp_mismatch"] * 5 + ["locked"] * 4


def test_ten_wrong_values_lock_the_user(world):
    person = world.person("userlock")
    tokens = [person.enroll_hotp() for _ in range(3)]
    rights = [person.hotp(secret, 0)[0] for _, secret in tokens]
    for index in range(10):
        which = index % 3
        last = person.verify(wrong(rights[which]), tokenId=tokens[which][0])
        assert last.code == "otp_mismatch"
    assert person.verify(rights[0], tokenId=tokens[0][0]).code == "locked"
    command = person.send("user.unlock", {"reason": "help desk"})
    assert world.client.reply(command).result["userId"] == person.id
    assert world.client.events(command, "user.unlocked")
    assert person.verify(rights[0], tokenId=tokens[0][0]).status == "ok"


def test_five_wrong_values_exhaust_a_challenge(world):
    person = world.person("exhaust")
    challenge = person.request(person.enroll("sms")["tokenId"])["challengeId"]
    otp = person.received()
    for left in (4, 3, 2, 1, 0):
        reply = person.verify(wrong(otp), challengeId=challenge)
        assert (reply.code, reply.details["attemptsLeft"]) == ("otp_mismatch", left)
    assert person.verify(otp, challengeId=challenge).code == "challenge_exhausted"
    assert person.ask("otp.status", {"challengeId": challenge}).result["state"] == "exhausted"


def test_a_reset_takes_two_values_in_their_order(world):
    person = world.person("reset")
    token, secret = person.enroll_hotp()
    far = person.hotp(secret, 300, 2)
    backwards = person.ask("token.reset", {"tokenId": token, "otp1": far[1], "otp2": far[0]})
    assert backwards.code == "otp_wrong_order"
    assert person.ask("token.reset", {"tokenId": token, "otp1": far[0], "otp2": far[0]}).status == "rejected"
    command = person.send("token.reset", {"tokenId": token, "otp1": far[0], "otp2": far[1]})
    assert world.client.reply(command).result["token"]["tokenId"] == token
    assert world.client.events(command, "token.reset")
    assert person.verify(far[1], tokenId=token).code in ("otp_replayed", "otp_mismatch")
    assert person.verify(person.hotp(secret, 302)[0], tokenId=token).status == "ok"


def test_disabling_voids_an_open_challenge(world):
    person = world.person("void")
    token = person.enroll("sms")["tokenId"]
    challenge = person.request(token)["challengeId"]
    otp = person.received()
    person.ask("token.disable", {"tokenId": token})
    person.ask("token.enable", {"tokenId": token})
    assert person.verify(otp, challengeId=challenge).code == "challenge_void"


def test_what_a_stranger_learns_is_the_same_for_all(world):
    """A10: an unknown user and one without a token are not told apart from each other."""
    nobody, empty = world.person("nobody"), world.person("empty")
    token = empty.enroll("sms")["tokenId"]
    empty.ask("token.delete", {"tokenId": token})
    first, second = nobody.verify("123456"), empty.verify("123456")
    assert first.value == second.value
    assert (first.code, first.data["publicCode"]) == ("no_active_token", "otp_mismatch")


@pytest.mark.parametrize("type, data, code, field", [
    ("otp.verify", {"purpose": "login"}, "malformed", "/otp"),
    ("otp.verify", {"otp": "1" * 65, "purpose": "login"}, "malformed", "/otp"),
    ("otp.verify", {"otp": 123456, "purpose": "login"}, "malformed", "/otp"),
    ("otp.verify", {"otp": "123456"}, "malformed", "/purpose"),
    ("otp.verify", {"otp": "123456", "purpose": "fun"}, "malformed", "/purpose"),
    ("otp.verify", {"otp": "123456", "purpose": "login", "tokenId": NOBODY}, "token_not_found", None),
    ("otp.verify", {"otp": "123456", "purpose": "login", "challengeId": NOBODY}, "challenge_not_found", None),
    ("otp.request", {"purpose": "login"}, "no_active_token", None),
    ("otp.request", {"purpose": "login", "tokenId": NOBODY}, "token_not_found", None),
    ("otp.request", {}, "malformed", "/purpose"),
    ("otp.status", {"challengeId": NOBODY}, "challenge_not_found", None),
    ("otp.cancel", {"challengeId": NOBODY}, "challenge_not_found", None),
    ("token.reset", {"tokenId": NOBODY, "otp1": "123456"}, "malformed", "/otp2"),
    ("token.unlock", {"tokenId": NOBODY}, "token_not_found", None),
    ("otp.guess", {}, "unknown_type", None),
])
def test_verification_refuses(world, type, data, code, field):
    reply = world.person("refused").ask(type, data)
    assert (reply.code, reply.details.get("field")) == (code, field)


def test_a_token_that_gets_no_messages_is_not_deliverable_and_two_are_ambiguous(world):
    person = world.person("which")
    token, _ = person.enroll_hotp()
    assert person.ask("otp.request", {"tokenId": token, "purpose": "login"}).code == "not_deliverable"
    for type in ("sms", "email"):
        person.enroll(type)
    assert person.ask("otp.request", {"purpose": "login"}).code == "ambiguous_token"


def test_what_cannot_be_delivered_is_told(world):
    person = world.person("failed")
    token = person.enroll("sms")["tokenId"]
    world.receiver.misbehave(http="400", times=1)
    challenge = person.request(token)["challengeId"]
    failed = world.client.event("notification.failed", challengeId=challenge)
    assert failed.data["code"] == "rejected_by_provider"
    assert person.ask("otp.status", {"challengeId": challenge}).result["delivery"] == "failed"


def test_the_language_of_a_message_can_be_asked_for(world):
    person = world.person("locale")
    person.request(person.enroll("sms")["tokenId"], locale="de-CH")
    assert otp_in(world.receiver.wait_for(person.phone)["text"])
