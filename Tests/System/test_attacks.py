"""Attacks that were real elsewhere, played from outside. deploy/SECURITY.md says where, and names all tests of each."""

import base64
import json
import random
import time
import uuid

import pytest

from client import hotp
from test_enrollment import wait_for_contact, write_contact
from test_hardware import Device, ask, assign, deliver, stocked
from test_rules import define
from world import base32_secret, in_seconds, wrong

NOBODY = "01930000-0000-7000-8000-000000000000"
SPENT = ("otp_replayed", "otp_mismatch")


def row(world, columns: str, token: str) -> list[str]:
    return world.database.query(f"SELECT {columns} FROM token WHERE token_id = '{token}'")[0]


def failures(person) -> list[list[str]]:
    """Of the user, and of his tokens."""
    where = f"user_id = '{person.id}'"
    query = person.world.database.query
    return query(f"SELECT failures, consecutive_failures FROM user_state WHERE {where}") + query(
        f"SELECT failures, consecutive_failures FROM token WHERE {where} ORDER BY token_id")


# A2


def test_a_step_once_used_stays_used_whatever_moves_the_device(world):
    device, first, second = Device(world), world.person("worn"), world.person("next")
    deliver(world, device, type="totp-hardware")
    token = assign(first, device, tokenType="totp-hardware")["tokenId"]
    used = first.totp(device.secret, 1)
    before, after = first.totp(device.secret, 0), first.totp(device.secret, 2)
    assert first.verify(used, tokenId=token).status == "ok"
    mark = row(world, "moving_factor, drift", token)

    def nothing_old_is_taken(person):
        for value in (used, before):
            assert person.verify(value, tokenId=token).code in SPENT
        person.ask("user.unlock")
        person.ask("token.unlock", {"tokenId": token})
        assert int(row(world, "moving_factor", token)[0]) == int(mark[0])

    nothing_old_is_taken(first)
    for otps in ((before, used), (used, after)):
        reset = first.ask("token.reset", {"tokenId": token, "otp1": otps[0], "otp2": otps[1]})
        assert reset.code == "otp_replayed"
    for entry in ({"counter": 0}, {"counter": int(mark[0]) - 1, "drift": -7}, {"drift": 9}):
        device.entry.update(entry)
        assert deliver(world, device, type="totp-hardware")["skipped"][0]["code"] == "unchanged"
    assert row(world, "moving_factor, drift", token) == mark
    nothing_old_is_taken(first)
    for change in ("token.disable", "token.enable", "token.unassign"):
        assert first.ask(change, {"tokenId": token}).status == "ok"
    assign(second, device, tokenType="totp-hardware")
    nothing_old_is_taken(second)


# A4


def test_guesses_between_dead_letters_are_counted_to_the_digit(world):
    person, poisoner = world.person("counted"), world.person("counted")
    token, secret = person.enroll_hotp()
    guess = {"otp": wrong(person.hotp(secret, 0)[0]), "purpose": "login", "tokenId": token}
    commands = []
    for _ in range(4):
        commands.append(person.send("otp.verify", guess))
        for key, value in ((f"default/{person.id}", b'{"otp":'), (f"default/{poisoner.id}", b"\xff")):
            command = world.client.command("otp.verify", person.id, {})
            world.client.produce(command.topic, key, value, command.headers)
    replies = [world.client.reply(command) for command in commands]
    assert [reply.details["attemptsLeft"] for reply in replies] == [4, 3, 2, 1]
    assert failures(person) == [["4", "4"], ["4", "4"]]
    # A refusal for another reason counts nothing.
    assert person.ask("otp.verify", {**guess, "purpose": "fun"}).code == "malformed"
    assert failures(person) == [["4", "4"], ["4", "4"]]


# A7


def test_a_lock_holds_for_what_was_sent_before_it_and_sends_no_more(world):
    person = world.person("early")
    token = person.enroll("sms")["tokenId"]
    challenge = person.request(token)["challengeId"]
    otp = person.received()
    for _ in range(5):
        assert person.verify(wrong(otp), tokenId=token).code == "otp_mismatch"
    for named in ({"challengeId": challenge}, {"tokenId": token}, {}):
        assert person.verify(otp, **named).code == "locked"
    for purpose in ("login", "helpdesk"):
        assert person.ask("otp.request", {"tokenId": token, "purpose": purpose}).code == "locked"
    assert len(world.receiver.messages(person.phone)) == 1
    assert person.ask("token.unlock", {"tokenId": token}).status == "ok"
    assert person.verify(otp, challengeId=challenge).status == "ok"


# A8


def test_guesses_at_messages_end_that_token_and_no_other(world):
    person = world.person("spared")
    policy = {"maxConsecutiveFailures": 10, "maxAttempts": 10, "userMaxFailures": 50}
    sms = person.enroll(define(world, "sms", **policy), phone=person.phone)["tokenId"]
    token, secret = person.enroll_hotp()
    challenge = person.request(sms)["challengeId"]
    otp = person.received()
    for left in reversed(range(10)):
        last = person.send("otp.verify", {"otp": wrong(otp), "purpose": "login", "challengeId": challenge})
        assert world.client.reply(last).details["attemptsLeft"] == left
    [event] = world.client.events(last, "token.locked")
    assert event.data["token"]["tokenId"] == sms and event.data["lockedUntil"].startswith("9999-12-31")
    assert person.ask("otp.request", {"tokenId": sms, "purpose": "login"}).code == "locked"
    assert person.view(token)["failures"] == 0 and person.view(token)["lockedUntil"] is None
    assert person.verify(person.hotp(secret, 0)[0], tokenId=token).status == "ok"
    unlock = person.send("token.unlock", {"tokenId": sms, "reason": "help desk"})
    assert world.client.reply(unlock).status == "ok" and world.client.events(unlock, "token.unlocked")
    assert person.request(sms)["channel"] == "sms"


# A9


def test_odd_spellings_of_a_user_move_nobodys_counter(world):
    person = world.person("Victim")
    token, secret = person.enroll_hotp()
    otp = wrong(person.hotp(secret, 0)[0])
    before = failures(person)
    users = world.database.query("SELECT count(*) FROM user_state WHERE user_id ILIKE '%victim%'")
    for user in (person.id.lower(), person.id.upper(), f" {person.id}", f"{person.id} ", f"{person.id}/", "victim",
                 "v" * 255):
        assert world.client.ask("otp.verify", user, {"otp": otp, "purpose": "login"}).code == "no_active_token"
        named = world.client.ask("otp.verify", user, {"otp": otp, "purpose": "login", "tokenId": token})
        assert named.code == "token_not_found"
    for user in ("", f"{person.id}\0", f"\0{person.id}", "v" * 256, f"{person.id}\r\n", "~victim"):
        reply = world.client.ask("otp.verify", user, {"otp": otp, "purpose": "login"})
        assert (reply.code, reply.details["field"]) == ("malformed", "key")
    assert failures(person) == before == [["0", "0"], ["0", "0"]]
    assert world.database.query("SELECT count(*) FROM user_state WHERE user_id ILIKE '%victim%'") == users


# A10


@pytest.fixture(scope="module")
def strangers(world):
    """Ways to be wrong, by what there is: each sends one wrong value and gives back the command."""
    unknown, empty, off, app, phone = (world.person("stranger") for _ in range(5))
    empty.ask("token.delete", {"tokenId": empty.enroll("sms")["tokenId"]})
    off.ask("token.disable", {"tokenId": off.enroll("sms")["tokenId"]})
    # A type that does not lock within these tests.
    patient = {"maxFailures": 20, "userMaxFailures": 50, "activate": "now"}
    app.enroll(define(world, "totp", **patient))
    phone.enroll(define(world, "sms", **patient), phone=phone.phone)
    challenge = phone.request()["challengeId"]
    data = {"otp": "abcdef", "purpose": "login"}
    return {
        "no such user": lambda: unknown.send("otp.verify", data),
        "no token any more": lambda: empty.send("otp.verify", data),
        "a token that is off": lambda: off.send("otp.verify", data),
        "a wrong value": lambda: app.send("otp.verify", data),
        "no such token": lambda: app.send("otp.verify", {**data, "tokenId": NOBODY}),
        "no such user, a token": lambda: unknown.send("otp.verify", {**data, "tokenId": NOBODY}),
        "no such challenge": lambda: unknown.send("otp.verify", {**data, "challengeId": NOBODY}),
        "another's challenge": lambda: app.send("otp.verify", {**data, "challengeId": challenge}),
    }


def test_what_may_be_shown_of_a_wrong_value_is_the_same_for_all(world, strangers):
    shapes = set()
    for name, send in strangers.items():
        command = send()
        reply = world.client.reply(command)
        world.client.events(command, "otp.rejected")
        caused = sorted(message.type for message in world.client.messages if message.cause == command.id)
        assert caused == ["otp.rejected", "otp.verify.reply"], name
        shapes.add((reply.data["publicCode"], tuple(sorted(reply.data.keys() - {"details"}))))
    assert shapes == {("otp_mismatch", ("code", "message", "publicCode", "status"))}


def test_the_time_of_an_answer_does_not_tell_whether_there_is_a_user(world, strangers):
    """Interleaved, and judged by rank alone: a slow machine makes all of them slow. A value of one kind must not always be
    slower than one of the other; where there is nothing to tell, half of the pairs are."""
    ways = {name: strangers[name] for name in ("no such user", "no token any more", "a wrong value")}
    times = {name: [] for name in ways}
    order = random.Random(1)
    # Fewer wrong values than lock.
    for _ in range(40):
        for way in order.sample(sorted(ways), len(ways)):
            started = time.perf_counter()
            command = ways[way]()
            world.client.flush()
            world.client.reply(command)
            times[way].append(time.perf_counter() - started)
    for name in ("no token any more", "a wrong value"):
        slower = sum(other > one for other in times[name] for one in times["no such user"]) / 40**2
        print(f"\n{name}: slower than no such user in {slower:.0%} of pairs")
        assert 0.05 < slower < 0.95, name


# A12, A19, A21


@pytest.mark.parametrize("number", [
    "+41 79 123 45 67", "0041791234567", "41791234567", "+41-791234567", "+41(0)791234567", "+41791234567 ",
    "+4179123456\u0037\u200b", "+４１791234567", "+41791234567\r\n", "+41791234567;ext=1", "tel:+41791234567",
    "+41791234567,+41791234568", "\u202a+41791234567", "+41791234567\0"])
def test_a_number_has_one_spelling(world, number):
    person = world.person("spelled")
    reply = person.ask("token.enroll", {"tokenType": "sms", "phone": number})
    assert reply.code in ("invalid_phone", "malformed")
    assert person.ask("token.list").result["tokens"] == []


@pytest.mark.parametrize("address", [
    "mıke@example.org", "mike@exämple.org", "ｍike@example.org", "mike@example.org\u2028", "mi\rke@example.org",
    "mike@example.org\r\nBcc: eve@example.org", "mike@example.org>\r\nRCPT TO:<eve@example.org", "mike @example.org",
    "mike@example.org, eve@example.org", "mike@example.org\0", "<mike@example.org>", '"mike"@example.org',
    "mike@[127.0.0.1]"])
def test_an_address_that_could_be_another_is_refused(world, address):
    person = world.person("lookalike")
    assert person.ask("token.enroll", {"tokenType": "email", "email": address}).code in ("invalid_email", "malformed")
    write_contact(world, person, {"email": address, "revision": 1})
    wait_for_contact(world, person, "contact.rejected")
    assert person.ask("token.enroll", {"tokenType": "virtual", "channel": "email"}).code == "no_contact"


def test_a_message_goes_to_the_bytes_that_were_stored(world):
    person = world.person("folded")
    address = f"Mike.{uuid.uuid4().hex[:8].upper()}+x@EXAMPLE.org"
    world.canaries.contacts.add(address)
    token = person.enroll("email", email=address)["tokenId"]
    person.request(token)
    message = world.receiver.wait_for(address)
    assert message["recipients"] == [address]
    assert world.receiver.messages(address.lower()) == []


@pytest.mark.parametrize("text", ["a\r\nb", "a\rb", "a\0b", "a\u2028b", "a\u0085b"])
def test_no_text_of_an_operator_begins_a_line(world, text):
    person = world.person("lines")
    assert person.ask("token.enroll", {"tokenType": "hotp", "description": text}).details["field"] == "/description"
    assert person.ask("user.unlock", {"reason": text}).details["field"] == "/reason"
    type = {"tokenType": f"t-{uuid.uuid4().hex[:8]}", "kind": "sms", "names": {"en": text}}
    assert ask(world, "tokentype.define", type).code == "malformed"
    approval = {"tokenId": person.enroll("sms")["tokenId"], "purpose": "approval"}
    for context in ({"reference": text, "text": "x"}, {"reference": "x", "text": text}):
        assert person.ask("otp.request", {**approval, "context": context}).code in ("malformed", "context_not_allowed")
    assert world.receiver.messages(person.phone) == []


# A16, A17


def raw_jwe(header: dict) -> str:
    """Of the right shape, under a header that nobody sealed anything for."""
    parts = [json.dumps(header).encode(), b"k" * 40, b"n" * 12, b"c" * 32, b"t" * 16]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@pytest.mark.parametrize("change", [
    {"alg": "PBES2-HS512+A256KW", "p2s": "AAAAAAAA", "p2c": 2**31 - 1}, {"alg": "RSA1_5"}, {"alg": "RSA-OAEP"},
    {"alg": "none"}, {"enc": "A128CBC-HS256"}, {"jku": "http://127.0.0.1:1/"}, {"x5u": "http://127.0.0.1:1/"},
    {"alg": "ECDH-ES", "epk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}, {"zip": "DEF"}, {"crit": ["exp"]},
    {"jwk": {"kty": "oct", "k": "AA"}},
    {"kid": "../../etc/passwd"}, {"kid": "nobody"}, {"kid": None}])
def test_a_jwe_of_another_form_is_refused_at_once(world, change):
    person = world.person("form")
    key = next(key for key in world.keys.keys if key["ring"] == "submission")
    token = raw_jwe({"alg": "A256KW", "enc": "A256GCM", "kid": key["kid"], **change})
    for type, data in (("token.enroll", {"tokenType": "hotp", "secret": token}),
                       ("otp.verify", {"otp": token, "purpose": "login"})):
        assert person.ask(type, data).code == "invalid_ciphertext"
    assert world.database.query(f"SELECT count(*) FROM user_state WHERE user_id = '{person.id}'") == [["0"]]


def test_a_sealed_secret_serves_nobody_else_and_nothing_else(world):
    owner, thief = world.person("sealed"), world.person("cutter")
    secret = base32_secret()
    world.canaries.seeds.add(secret)
    bound = {"tenant": "default", "userId": owner.id, "use": "submission", "exp": 4102444800, "secret": secret}
    good = world.keys.seal(bound)
    # Cut from a reply: of another ring, whoever brings it.
    shown = owner.ask("token.enroll", {"tokenType": "totp"}).result["provisioning"]["uri"]
    for person, token in [
        (thief, good), (thief, shown), (owner, shown), (owner, world.keys.seal({**bound, "tenant": "other"})),
        (owner, world.keys.seal({**bound, "use": "provisioning"})),
        (owner, world.keys.seal({**bound, "userId": owner.id.upper()})),
        (owner, world.keys.seal({**bound, "userId": None, "serial": owner.id})),
        (owner, world.keys.seal({**bound, "exp": 1})), (owner, world.keys.seal(bound, ring="notification")),
        (owner, world.keys.seal({**bound, "secret": None, "otp": secret})),
    ]:
        assert person.ask("token.enroll", {"tokenType": "hotp", "secret": token}).code == "invalid_ciphertext"
    entry = {"serial": f"S-{uuid.uuid4().hex[:8]}", "secret": good}
    skipped = ask(world, "token.import", {"tokenType": "hotp-hardware", "tokens": [entry]}).result["skipped"]
    assert skipped == [{"serial": entry["serial"], "code": "invalid_ciphertext"}]
    assert thief.ask("token.list").result["tokens"] == []
    assert owner.enroll("hotp", secret=good)["status"] == "PENDING"


# A20


def test_a_long_approval_pushes_neither_the_otp_nor_our_words_out(world):
    person = world.person("pushed")
    token = person.enroll("sms")["tokenId"]
    data = {"tokenId": token, "purpose": "approval"}
    for text in ("x" * 10_240, "Pay \u2066250\u2069", "\u200fPay", "see HTTPS://evil.example", "{{otp}}", "{% raw %}",
                 "a\tb"):
        asked = person.ask("otp.request", {**data, "context": {"reference": "r", "text": text}})
        assert asked.code == "context_not_allowed"
    for text in ("W" * 160, "ж" * 160, "👋" * 160):
        person = world.person("pushed")
        person.ask("otp.request", {"tokenId": person.enroll("sms")["tokenId"], "purpose": "approval",
                                   "context": {"reference": "r", "text": text}}).result
        otp = person.received()
        message = world.receiver.messages(person.phone)[0]["text"]
        assert otp in message and text[0] * 20 in message and len(message.encode("utf-16-be")) // 2 <= 306
        assert message.replace(text[0], "").replace(otp, "").strip(" .:…\n"), "nothing of our own text is left"


# A23


@pytest.mark.parametrize("name", ["commands.enrollment", "commands.verification", "commands.other", "users", "events",
                                  "notifications", "replies.dlq", "users.dlq", "replies.", "replies/x", "REPLIES"])
@pytest.mark.parametrize("header", ["ce_replyto", "kafka_replyTopic"])
def test_no_reply_goes_to_an_internal_topic_or_in_a_circle(world, name, header):
    person = world.person("circle")
    command = person.send("token.enroll", {"tokenType": "hotp"}, headers=[(header, world.topic(name).encode())])
    assert world.client.reply(command).code == "reply_topic_not_allowed"
    assert person.ask("token.list").result["tokens"] == []


# A24, A25


def stamped(world, type, user, data, age, **options):
    """Writes a command with a timestamp of the past, as a mirror or a producer could; waits for its reply."""
    command = world.client.command(type, user, data, **options)
    stamp = int((time.time() - age) * 1000)
    world.client.producer.produce(command.topic, key=command.key, value=command.value, headers=list(command.headers),
                                  timestamp=stamp)
    return world.client.reply(command)


def test_an_old_segment_played_again_sends_and_changes_nothing(world):
    if not world.broker.is_embedded:
        pytest.skip("the topics of a real broker keep LogAppendTime")
    person = world.person("mirror")
    token = person.enroll("sms")["tokenId"]
    day = 25 * 3600
    for type in ("token.disable", "token.delete", "token.unlock", "user.unlock"):
        data = {} if type == "user.unlock" else {"tokenId": token}
        assert stamped(world, type, person.id, data, day).code == "expired"
    for age in (61, day):
        assert stamped(world, "otp.request", person.id, {"tokenId": token, "purpose": "login"}, age).code == "expired"
    view = person.view(token)
    assert (view["status"], view["version"]) == ("ACTIVE", 1)
    person.request(token)
    person.received()
    assert len(world.receiver.messages(person.phone)) == 1


def test_a_forged_time_brings_no_old_value_back(world):
    person = world.person("backdated")
    token, secret = person.enroll_totp("now")
    # Outside of the window now, inside of it at the time that is told.
    old = person.totp(secret, -2)
    data = {"otp": old, "purpose": "login", "tokenId": token}
    then = {"attributes": {"time": in_seconds(-45)}}
    assert person.ask("otp.verify", data, **then).code == "otp_mismatch"
    if world.broker.is_embedded:
        assert stamped(world, "otp.verify", person.id, data, 45, **then).code == "otp_mismatch"
        assert stamped(world, "otp.verify", person.id, data, 120, **then).code == "expired"
        ahead = stamped(world, "otp.verify", person.id, {**data, "otp": person.totp(secret, 120)}, -3600)
        assert (ahead.code, ahead.details["field"]) == ("malformed", "timestamp")
    assert person.verify(person.totp(secret), tokenId=token).status == "ok"


# A27


@pytest.mark.parametrize("policy", ["immediate", "verify"])
def test_a_new_contact_makes_what_was_sent_to_the_old_one_worthless(world, policy):
    person, new = world.person("swapped"), world.person("swapped").phone
    token = person.enroll(define(world, "sms", contactChange=policy), phone=person.phone)["tokenId"]
    challenge = person.request(token)["challengeId"]
    otp = person.received()
    person.ask("token.edit", {"tokenId": token, "phone": new}).result
    # The old number hears of it, and gets no OTP with it.
    notice = world.receiver.wait_for(person.phone, 2)["text"]
    assert otp not in notice
    if policy == "verify":
        person.request(token, "contact-change")
        proof = person.received(address=new)
        assert person.verify(proof, "contact-change", tokenId=token).status == "ok"
    assert person.verify(otp, challengeId=challenge).code == "challenge_void"
    assert person.verify(otp, tokenId=token).code in ("challenge_void", "challenge_not_found")
    person.request(token)
    fresh = person.received(2 if policy == "verify" else 1, address=new)
    assert person.verify(fresh, tokenId=token).status == "ok"


# A28


def test_who_enrols_himself_on_anothers_account_is_told_of_and_named(world):
    person, insider = world.person("account"), world.person("insider")
    write_contact(world, person, {"email": person.email, "revision": 1})
    wait_for_contact(world, person)
    type = define(world, "sms", notices=["enrolled", "disabled"])
    by = {"attributes": {"authid": "insider@desk", "authtype": "user"}}
    command = person.send("token.enroll", {"tokenType": type, "phone": insider.phone}, **by)
    token = world.client.reply(command).result["token"]["tokenId"]
    assert world.receiver.wait_for(person.email)["text"], "the owner of the account hears of it elsewhere"
    assert world.client.events(command, "token.enrolled")[0].header("ce_authid") == "insider@desk"
    challenge = person.request(token, "test")["challengeId"]
    otp = person.received(address=insider.phone)
    assert person.verify(otp, "login", challengeId=challenge).code == "purpose_mismatch"
    assert person.verify(otp, "login", tokenId=token).code == "challenge_not_found"
    assert person.verify(otp, "test", challengeId=challenge).result["purpose"] == "test"
    assert person.view(token)["lastUsedAt"] is None
    disable = person.send("token.disable", {"tokenId": token, "reason": "caught"}, **by)
    assert world.client.events(disable, "token.disabled")[0].data["reason"] == "caught"
    rows = world.database.query(f"SELECT command, auth_id, reason FROM audit_log WHERE user_id = '{person.id}'")
    assert ["token.enroll", "insider@desk", ""] in rows and ["token.disable", "insider@desk", "caught"] in rows


# A29


def test_a_pending_token_logs_nobody_in_and_is_activated_once(world):
    person = world.person("pending")
    token, secret = person.enroll_hotp("on-first-otp")
    values = person.hotp(secret, 0, 4)
    for purpose in ("login", "test", "helpdesk"):
        assert person.verify(values[0], purpose, tokenId=token).code == "wrong_status"
        assert person.verify(values[0], purpose).code == "no_active_token"
    assert person.verify(values[0], "enrollment", tokenId=token).status == "ok"
    for otp in values[:2]:
        assert person.verify(otp, "enrollment", tokenId=token).code == "wrong_status"
    assert person.ask("token.provision", {"tokenId": token}).code == "wrong_status"
    for type, data in (("token.view", {"tokenId": token}), ("token.list", {}), ("token.disable", {"tokenId": token})):
        assert "provisioning" not in person.ask(type, data).value.decode()
    assert person.ask("token.enable", {"tokenId": token}).status == "ok"
    assert person.verify(hotp(secret, 1)[0], tokenId=token).status == "ok"


# The database's rows


def test_a_row_copied_to_another_user_opens_nothing_there(world):
    """Who can write to the database and has no key moves no seed and no OTP to another account."""
    victim, eve = world.person("row"), world.person("row")
    (token, _), (other, secret) = victim.enroll_hotp(), eve.enroll_hotp()
    challenges, otps = [], []
    for person in (victim, eve):
        challenges.append(person.request(person.enroll("sms")["tokenId"])["challengeId"])
        otps.append(person.received())
    value = eve.hotp(secret, 0)[0]
    # One secret serves one token: the digest that says so is no part of what opens.
    world.database.query(f"UPDATE token_secret SET sealed = (SELECT sealed FROM token_secret WHERE token_id = '{other}') "
                         f"WHERE token_id = '{token}'")
    world.database.query("UPDATE challenge SET current_digest = "
                         f"(SELECT current_digest FROM challenge WHERE challenge_id = '{challenges[1]}') "
                         f"WHERE challenge_id = '{challenges[0]}'")
    assert victim.verify(value, tokenId=token).code == "otp_mismatch"
    assert victim.verify(otps[1], challengeId=challenges[0]).code == "otp_mismatch"
    assert eve.verify(value, tokenId=other).status == "ok"
    assert eve.verify(otps[1], challengeId=challenges[1]).status == "ok"
