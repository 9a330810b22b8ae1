"""Signed commands and privileges (contract section 9; attacks A15, A18, A22, A26, A28). Their world is their own."""

import hmac
import json
import re
import signal
import subprocess
import time
import warnings

import pytest
from conftest import make_world
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import KeySet
from processes import wait_until
from signing import ISSUER, KINDS, Signer, base64url, bearing, compact, digest
from world import in_seconds

pytestmark = pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")


class Office:
    """A world whose commands are signed, and the keys that are known there."""

    def __init__(self, world, jwks):
        self.world = world
        self.jwks = jwks
        self.signers = {algorithm: Signer(algorithm) for algorithm in KINDS}
        self.stranger = Signer("RS256", kid="rs256")
        self.publish(*self.signers.values())

    def publish(self, *signers):
        """Replaces the file in one step, as every tool does."""
        draft = self.jwks.with_suffix(".new")
        draft.write_text(json.dumps({"keys": [signer.public for signer in signers]}))
        draft.rename(self.jwks)

    def ask(self, type, user, data=None, *, by="ES256", header=None, claims=None, **options):
        """Writes a signed command and waits for its reply."""
        command = self.world.client.command(type, user, data, **options)
        return self.answer(self.signers[by].sign(command, header, **(claims or {})))

    def answer(self, command):
        return self.world.client.reply(self.world.client.write(command))

    def enroll(self, person, **claims):
        data = {"tokenType": "sms", "phone": person.phone}
        return self.ask("token.enroll", person.id, data, claims=claims).result["token"]["tokenId"]


@pytest.fixture(scope="module")
def jwks(tmp_path_factory):
    return tmp_path_factory.mktemp("signed") / "jwks.json"


@pytest.fixture(scope="module")
def office(binaries, canaries, jwks):
    jwks.write_text('{"keys": []}')
    settings = {"COMMAND_JWKS_FILE": str(jwks), "COMMAND_JWT_ISSUER": ISSUER,
                "COMMAND_JWT_ALGORITHMS": "EdDSA, ES256, RS256", "LOG_LEVEL": "debug"}
    workers = ("enrollment", "verifier", "notifier")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        for world in make_world(binaries, canaries, durable=False, workers=workers, settings=settings):
            yield Office(world, jwks)


FORBIDDEN = {"status": "rejected", "code": "forbidden"}


def refused(reply):
    """Forbidden, and nothing said of why."""
    data = reply.data
    assert {name: data.get(name) for name in FORBIDDEN} == FORBIDDEN, data
    assert set(data) <= {*FORBIDDEN, "message", "details"} and not data.get("details"), data
    return data["message"]


@pytest.mark.parametrize("by", KINDS)
@pytest.mark.parametrize("structured", [False, True])
def test_a_signed_command_is_executed(office, by, structured):
    person = office.world.person("signed")
    data = {"tokenType": "sms", "phone": person.phone, "description": "zwölf"}
    reply = office.ask("token.enroll", person.id, data, by=by, structured=structured)
    token = reply.result["token"]
    event = office.world.client.event("token.enrolled", tokenId=token["tokenId"])
    assert event.header("ce_authid") == "operator-1"
    rows = office.world.database.query(f"select auth_id from audit_log where user_id = '{person.id}'")
    assert rows == [["operator-1"]]


def test_otps_are_requested_and_verified_signed(office):
    person = office.world.person("signed")
    token = office.enroll(person)
    office.ask("otp.request", person.id, {"tokenId": token, "purpose": "login"}, by="EdDSA").result
    otp = person.received()
    data = {"tokenId": token, "purpose": "login", "otp": otp}
    assert office.ask("otp.verify", person.id, data, by="RS256").result["tokenId"] == token
    assert office.ask("otp.verify", person.id, data, by="RS256").code == "challenge_used"


def header_attacks(command, office):
    """Headers that no key of ours, or no key at all, stands behind."""
    signer = office.signers["RS256"]
    claims = signer.claims(command)
    modulus = signer.public["n"].encode()
    pem = signer.key.as_pem(private=False)

    def hs256(secret):
        text = compact({"alg": "HS256", "kid": signer.kid, "typ": "JWT"}, claims).rsplit(".", 1)[0]
        return f"{text}.{base64url(hmac.digest(secret, text.encode(), 'sha256'))}"

    def resigned(**header):
        return signer.token(claims, **header)

    stranger = office.stranger
    good = resigned()
    head, body, tail = good.split(".")
    yield "alg none", compact({"alg": "none"}, claims)
    yield "alg none with kid", compact({"alg": "none", "kid": signer.kid}, claims)
    yield "alg NONE, signature kept", compact({"alg": "NONE", "kid": signer.kid}, claims) + tail
    yield "HS256 with the public key (PEM)", hs256(pem)
    yield "HS256 with the public key (modulus)", hs256(modulus)
    yield "HS256 with nothing", hs256(b"")
    yield "signature stripped", f"{head}.{body}."
    yield "signature and its dot stripped", f"{head}.{body}"
    yield "signature of zeros", f"{head}.{body}.{base64url(bytes(256))}"
    yield "a stranger's signature under our kid", stranger.token(claims)
    yield "another of our keys named", resigned(kid=office.signers["ES256"].kid)
    yield "kid unknown", resigned(kid="nobody")
    yield "kid absent", resigned(kid=None)
    yield "kid a path", resigned(kid="../../dev/null")
    yield "kid SQL", resigned(kid="' OR '1'='1")
    yield "crit", compact({"alg": "RS256", "kid": signer.kid, "crit": ["exp"]}, claims, bytes(256))
    for name, value in {"jku": "https://evil.example.org/k", "jwk": stranger.public, "x5u": "https://evil.example.org",
                        "x5c": ["AAAA"], "zip": "DEF", "typ": "JWE"}.items():
        try:
            yield f"header {name}", resigned(**{name: value})
        except Exception:
            # joserfc checks members that it knows: then a bare token of the same shape.
            yield f"header {name}", compact({"alg": "RS256", "kid": signer.kid, name: value}, claims, bytes(256))
    yield "header member twice", compact('{"alg":"none","alg":"RS256","kid":"rs256"}', claims, bytes(256))
    yield "four parts", good + ".e30"
    yield "padding", good + "="
    yield "blank behind", good + " "
    yield "line end behind", good + "\n"
    yield "standard base64", f"{head}.{body}.{tail[:-1]}+"
    yield "bits of the last character", f"{head}.{body}.{tail[:-1]}{chr(ord(tail[-1]) ^ 1)}"
    yield "claims changed", f"{head}.{base64url(json.dumps({**claims, 'sub': 'admin'}).encode())}.{tail}"
    yield "a JWE", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA"
    yield "over-long", signer.token({**claims, "x": "y" * 9_000})
    yield "empty", ""
    yield "not a token", "token"


def claim_attacks(command, office):
    """Signed by a known key, and not for this."""
    signer = office.signers["ES256"]
    now = int(time.time())
    for name, value in [
        ("iss", "https://evil.example.org"), ("iss", None), ("aud", "other"), ("aud", None), ("sub", None),
        ("aud", ["usertokens", "other"]), ("tenant", "other"), ("tenant", None), ("scope", ""), ("scope", "token.view"),
        ("scope", f"{command.type}:self"), ("scope", None), ("cid", "another"), ("cid", None),
        ("dig", digest(b"{}")), ("dig", None), ("exp", None), ("exp", now - 1), ("exp", now + 3_600),
        ("exp", 10**17), ("nbf", now + 3_600), ("iat", now + 3_600), ("key", "default/somebody-else"),
        ("src", "/elsewhere"), ("cmd", "usertokens.token.view.v1"),
    ]:
        claims = signer.claims(command)
        claims.pop(name, None)
        if value is not None:
            claims[name] = value
        # The same name whenever it is made.
        said = f"in {value - now:.0e} s" if isinstance(value, int) else value if value is not None else "absent"
        yield f"{name} {said}", signer.token(claims)


@pytest.mark.parametrize("attacks", [header_attacks, claim_attacks])
def test_forged_and_wrong_tokens_are_forbidden_and_nothing_changes(office, attacks):
    """A15."""
    person = office.world.person("victim")
    token = office.enroll(person)

    def command():
        return office.world.client.command("token.disable", person.id, {"tokenId": token})

    messages = set()
    for name in dict(attacks(command(), office)):
        forged = command()
        reply = office.answer(bearing(forged, dict(attacks(forged, office))[name]))
        messages.add(refused(reply))
        print(f"{attacks.__name__}: {name}: {reply.value.decode()}")
    assert len(messages) == 1, "the text tells which check it was"
    view = office.ask("token.view", person.id, {"tokenId": token}).result["token"]
    assert view["status"] == "ACTIVE" and view["version"] == 1
    # The control: the same command with a good token.
    assert office.answer(office.signers["ES256"].sign(command())).status == "ok"


@pytest.mark.parametrize("headers", [[], [("authorization", b"")], [("authorization", b"Basic YTpi")]])
def test_unsigned_commands_are_forbidden_before_anything_is_told(office, headers):
    person = office.world.person("unsigned")
    ask = office.world.client.ask
    for type, data, options in [
        ("token.list", {}, {}), ("token.list", {"limit": "x"}, {}),
        ("token.dance", {}, {"topic": office.world.topic("commands.enrollment")}),
        ("token.list", {}, {"attributes": {"expirytime": in_seconds(-60)}}),
        ("otp.verify", {"otp": "123456", "purpose": "login"}, {}),
        ("token.list", {}, {"tenant": "no-such-tenant"}),
    ]:
        refused(ask(type, person.id, data, headers=headers, **options))
    # What comes before the signature is as without signatures.
    bad = ask("token.list", person.id, {}, attributes={"replyto": "elsewhere"}, headers=headers)
    assert bad.code == "reply_topic_not_allowed"
    rows = office.world.database.query(
        f"select distinct auth_id is null, outcome from audit_log where user_id = '{person.id}'")
    assert rows == [["t", "forbidden"]]


def test_signed_commands_get_the_other_answers(office):
    person = office.world.person("signed")
    topic = office.world.topic("commands.enrollment")
    assert office.ask("token.dance", person.id, topic=topic).code == "unknown_type"
    assert office.ask("token.list", person.id, attributes={"expirytime": in_seconds(-60)}).code == "expired"
    assert office.ask("token.list", person.id, {"limit": "x"}).code == "malformed"
    assert office.ask("token.list", person.id, tenant="no-such-tenant").code == "tenant_not_found"


def test_a_token_lifted_off_one_command_fits_no_other(office):
    """A18."""
    person, other = office.world.person("lifted"), office.world.person("thief")
    token = office.enroll(person)
    client = office.world.client
    first = office.signers["EdDSA"].sign(client.command("token.disable", person.id, {"tokenId": token}))
    lifted = dict(first.headers)["authorization"].decode().removeprefix("Bearer ")
    second = office.enroll(other)
    for stolen in [
        client.command("token.disable", person.id, {"tokenId": token}, source="/thief/0"),
        client.command("token.disable", other.id, {"tokenId": second}, id=first.id, source="/thief/1"),
        client.command("token.delete", person.id, {"tokenId": token}, id=first.id, source="/thief/2"),
        client.command("token.disable", person.id, {"tokenId": token}, id=first.id, source="/thief/3", tenant="second"),
    ]:
        count = len(client.find(topic="replies", cause=stolen.id))
        client.write(bearing(stolen, lifted))
        reply = client.replies(stolen, count + 1)[count]
        refused(reply)
        print(f"lifted: {stolen.type} of {stolen.key} as {stolen.source}: {reply.value.decode()}")
    count = len(client.find(topic="replies", cause=first.id))
    client.write(first)
    assert client.replies(first, count + 1)[count].status == "ok"
    assert office.ask("token.view", other.id, {"tokenId": second}).result["token"]["status"] == "ACTIVE"


def test_a_token_that_names_key_type_and_source_fits_no_copy_elsewhere(office):
    """A18, for data that mean something on any key: what `cid` and `dig` leave open."""
    person, other = office.world.person("bound"), office.world.person("thief")
    client = office.world.client
    data = {"tokenType": "sms", "phone": person.phone}
    command = client.command("token.enroll", person.id, data)
    bound = {"key": command.key, "src": command.source, "cmd": "usertokens.token.enroll.v1"}
    signed = office.signers["ES256"].sign(command, **bound)
    lifted = dict(signed.headers)["authorization"].decode().removeprefix("Bearer ")
    stolen = client.command("token.enroll", other.id, data, id=command.id, source="/thief")
    client.write(bearing(stolen, lifted))
    refused(client.reply(stolen))
    client.write(signed)
    assert client.replies(signed, 2)[1].status == "ok"
    assert office.ask("token.list", other.id).result["tokens"] == []


def test_key_tenant_and_asker_agree_with_the_token(office):
    """A22."""
    person = office.world.person("mine")
    token = office.enroll(person)
    other = office.world.person("theirs")
    foreign = office.ask("token.view", other.id, {"tokenId": token})
    never = office.ask("token.view", other.id, {"tokenId": "01900000-0000-7000-8000-000000000000"})
    assert foreign.code == "token_not_found" and foreign.data == never.data
    refused(office.ask("token.view", person.id, {"tokenId": token}, claims={"tenant": "second"}))
    assert office.ask("token.view", person.id, {"tokenId": token, "userId": "x"}).code == "malformed"
    for attributes in ({"authid": "operator-2"}, {"authid": "Operator-1"}, {"authtype": "unauthenticated"}):
        refused(office.ask("token.view", person.id, {"tokenId": token}, attributes=attributes))
    agreed = {"authid": "operator-1", "authtype": "user"}
    assert office.ask("token.view", person.id, {"tokenId": token}, attributes=agreed).status == "ok"


def test_copies_get_the_stored_reply_and_other_content_does_not(office):
    """A26; a known id is answered before the signature is looked at."""
    person = office.world.person("copy")
    token = office.enroll(person)
    client = office.world.client
    command = office.signers["ES256"].sign(client.command("token.disable", person.id, {"tokenId": token}))
    first = office.answer(command)
    assert first.status == "ok"
    client.write(bearing(command, "rubbish"))
    again = client.replies(command, 2)[1]
    assert again.value == first.value and again.id == first.id
    other = office.signers["ES256"].sign(
        client.command("token.disable", person.id, {"tokenId": token, "reason": "more"}, id=command.id))
    client.write(other)
    reused = client.replies(command, 3)[2]
    assert reused.code == "id_reused" and "token" not in json.dumps(reused.data.get("details", {}))


def test_masks_and_actions_follow_the_privileges(office):
    """Section 6."""
    person = office.world.person("view")
    # This number is asked for by those who may see it: no canary.
    office.world.canaries.contacts.discard(person.phone)
    token = office.enroll(person)

    def view(scope, sub="operator-1"):
        claims = {"scope": scope, "sub": sub}
        return office.ask("token.view", person.id, {"tokenId": token}, claims=claims).result["token"]

    # Whoever holds token.view.contact is answered with it in clear: it is no canary in replies.
    office.world.canaries.contacts.discard(person.phone)
    masked = view("token.view")
    assert masked["device"] == person.phone[:3] + "*" * (len(person.phone) - 5) + person.phone[-2:]
    assert masked["actions"] == []
    assert view("token.view token.view.contact")["device"] == person.phone
    assert view("token.view token.view.contact:self")["device"] == masked["device"]
    assert view("token.view token.view.contact:self", sub=person.id)["device"] == person.phone
    assert view("token.view token.edit token.delete otp.verify")["actions"] == ["edit", "delete"]
    assert view("token.view otp.request otp.verify")["actions"] == ["test"]
    assert view("token.view token.disable:self")["actions"] == []
    assert view("token.view:self token.disable:self", sub=person.id)["actions"] == ["disable"]
    # Their readers are not the asker: events stay masked.
    for event in office.world.client.find(topic="events"):
        assert person.phone not in event.value.decode()


def test_a_privilege_of_ones_own_ends_at_ones_own_key(office):
    person, other = office.world.person("self"), office.world.person("self")
    mine = {"sub": person.id, "scope": "token.list:self token.enroll:self otp.verify:self"}
    data = {"tokenType": "sms", "phone": person.phone}
    assert office.ask("token.enroll", person.id, data, claims=mine).status == "ok"
    refused(office.ask("token.enroll", other.id, data, claims=mine))
    refused(office.ask("token.list", "~", claims=mine))
    refused(office.ask("token.list", "~all", claims={"sub": "~all", "scope": "token.list:self"}))
    assert office.ask("token.list", "~", claims={"scope": "token.list"}).status == "ok"
    assert office.ask("token.list", other.id, claims=mine | {"sub": other.id}).result["tokens"] == []


def test_who_enrols_for_another_stands_in_events_and_audit(office):
    """A28: the insider's own name is what is recorded, whatever the headers say, and `test` is no login."""
    person = office.world.person("insider")
    data = {"tokenType": "email", "email": person.email}
    refused(office.ask("token.enroll", person.id, data, claims={"sub": "insider"}, attributes={"authid": "innocent"}))
    token = office.ask("token.enroll", person.id, data, claims={"sub": "insider"}).result["token"]["tokenId"]
    assert office.world.client.event("token.enrolled", tokenId=token).header("ce_authid") == "insider"
    by = {"sub": "insider", "scope": "otp.request otp.verify token.delete"}
    office.ask("otp.request", person.id, {"tokenId": token, "purpose": "test"}, claims=by).result
    otp = person.received(address=person.email)
    login = office.ask("otp.verify", person.id, {"tokenId": token, "otp": otp, "purpose": "login"}, claims=by)
    assert login.code in ("purpose_mismatch", "challenge_not_found"), login.data
    deleted = office.ask("token.delete", person.id, {"tokenId": token, "reason": "mine, sorry"}, claims=by)
    assert deleted.status == "ok"
    rows = office.world.database.query(
        f"select command, outcome, auth_id, reason from audit_log where user_id = '{person.id}' order by seq")
    assert ["token.enroll", "forbidden", "", ""] in rows
    assert ["token.enroll", "ok", "insider", ""] in rows
    assert ["token.delete", "ok", "insider", "mine, sorry"] in rows
    assert not any("innocent" in row for row in rows)


def test_keys_come_and_go_without_a_restart(office):
    person = office.world.person("keys")
    new = Signer("EdDSA", kid="new")
    office.signers["new"] = new
    refused(office.ask("token.list", person.id, by="new"))
    office.publish(*office.signers.values())
    # An unknown kid has the file read at once.
    assert office.ask("token.list", person.id, by="new").status == "ok"
    office.publish(office.signers["ES256"], office.signers["RS256"], office.signers["EdDSA"])
    worker = office.world.worker("enrollment")
    worker.child.send(signal.SIGHUP)
    wait_until(lambda: office.ask("token.list", person.id, by="new").code == "forbidden", 10, "the key to be gone")
    # A file that is broken, or holds a secret, changes nothing but the log.
    before = office.jwks.read_text()
    for text in ("{", json.dumps({"keys": [office.signers["ES256"].key.as_dict(private=True)]})):
        office.jwks.write_text(text)
        worker.child.send(signal.SIGHUP)
        assert office.ask("token.list", person.id).status == "ok"
    wait_until(lambda: "holds a secret" in worker.child.log.read_text(), 10, "the mistake in the log")
    office.jwks.write_text(before)
    # Without a signal too: every two seconds.
    office.publish()
    wait_until(lambda: office.ask("token.list", person.id).code == "forbidden", 10, "all keys to be gone")
    office.publish(*(office.signers[name] for name in KINDS))
    assert office.ask("token.list", person.id).status == "ok"


def tokenctl(office, *arguments, **more):
    return subprocess.run([office.world.system.program("tokenctl"), *arguments], capture_output=True, text=True,
                          timeout=60, env=office.world.system.environment(**more))


def test_tokenctl_signs_what_another_library_verifies(office, tmp_path):
    file = tmp_path / "signing.jwk"
    made = tokenctl(office, "keys", "signing", str(file))
    assert made.returncode == 0 and file.stat().st_mode & 0o777 == 0o600
    assert tokenctl(office, "keys", "signing", str(file)).returncode != 0, "never overwritten"
    published = json.loads(made.stdout)
    office.jwks.write_text(json.dumps({"keys": [*published["keys"], *(s.public for s in office.signers.values())]}))
    topic = office.world.topic("commands.enrollment")
    office.world.client.follow(topic)
    person = office.world.person("ctl")
    data = json.dumps({"tokenType": "sms", "phone": person.phone})
    send = ("send", "token.enroll", "--user", person.id, "--data", data)
    done = tokenctl(office, *send, "--id", "signed-1", "--jwt-key", str(file), "--authid", "root")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["result"]["token"]["device"].count("*") > 3
    refused = tokenctl(office, *send)
    assert refused.returncode == 1 and json.loads(refused.stdout)["code"] == "forbidden"
    wrong = tokenctl(office, *send, "--jwt-key", str(file), "--scope", "token.view")
    assert wrong.returncode == 1 and json.loads(wrong.stdout)["code"] == "forbidden"
    assert tokenctl(office, *send, "--jwt-key", str(file), COMMAND_JWT_ISSUER="").returncode == 78
    assert tokenctl(office, *send, "--jwt-key", "/nowhere").returncode == 78
    assert tokenctl(office, *send, "--scope", "token.view").returncode == 64
    record = office.world.client.wait(
        lambda: [m for m in office.world.client.messages if m.topic == topic and m.id == "signed-1"], 20, "the command")
    text = record[0].header("authorization").removeprefix("Bearer ")
    token = jwt.decode(text, KeySet.import_key_set(published), algorithms=["EdDSA"])
    assert token.header["kid"] == published["keys"][0]["kid"]
    claims = token.claims
    assert claims["dig"] == digest(record[0].value) and claims["cid"] == "signed-1" and claims["sub"] == "root"
    assert claims["key"] == f"default/{person.id}" and claims["scope"] == "token.enroll"
    # A key that another library made, of each kind.
    for signer in list(office.signers.values())[:3]:
        key = tmp_path / f"{signer.kid}.jwk"
        key.write_text(json.dumps(signer.key.as_dict(private=True)))
        key.chmod(0o600)
        done = tokenctl(office, "send", "token.list", "--user", person.id, "--jwt-key", str(key))
        assert done.returncode == 0, (signer.algorithm, done.stdout, done.stderr)


def test_settings_go_together_and_the_file_is_judged_at_start(office, tmp_path):
    system = office.world.system

    def start(jwks=None, **more):
        settings = {"COMMAND_JWKS_FILE": str(office.jwks), **more}
        if jwks is not None:
            file = tmp_path / "jwks.json"
            file.write_text(json.dumps(jwks))
            settings["COMMAND_JWKS_FILE"] = str(file)
        done = subprocess.run([system.program("verifier")], env=system.environment(**settings), capture_output=True,
                              text=True, timeout=30)
        assert done.returncode == 78, done.stderr
        return done.stderr.splitlines()

    secret = office.signers["ES256"].key.as_dict(private=True)
    good = office.signers["EdDSA"].public
    oct_key = {"kty": "oct", "k": base64url(b"a" * 32), "kid": "o"}
    lines = start({"keys": [good, secret, oct_key, {**good, "kid": None}]})
    assert [line.split(":")[1].strip() for line in lines] == ["keys[1]", "keys[2]", "keys[3]"], lines
    assert not any(secret["d"] in line or oct_key["k"] in line for line in lines)
    assert start({"keys": [good, good]})[0].startswith("COMMAND_JWKS_FILE: keys[1]")
    assert start(COMMAND_JWKS_FILE="/nowhere/jwks.json")[0].startswith("COMMAND_JWKS_FILE")
    assert start(COMMAND_JWKS_FILE="")[0].startswith("COMMAND_JWKS_FILE: required")
    assert start(COMMAND_JWT_ISSUER="")[0].startswith("COMMAND_JWT_ISSUER: required")
    for algorithms in ("none", "HS256", "EdDSA,HS256", "eddsa", "PS256", ","):
        assert start(COMMAND_JWT_ALGORITHMS=algorithms)[0].startswith("COMMAND_JWT_ALGORITHMS"), algorithms


def test_reasons_are_logged_as_codes_and_tokens_never(office):
    """Runs after the attacks of this file."""
    seen = set()
    for worker in office.world.system.workers:
        log = worker.child.log.read_text()
        assert not re.search(r"eyJ[A-Za-z0-9_-]{10}", log), "a token in a log"
        seen |= {entry["reason"] for entry in map(json.loads, filter(None, log.splitlines())) if "reason" in entry}
        if worker.kind == "enrollment":
            assert worker.metric("usertokens_forbidden_total") > 50
    assert {"unsigned", "malformed", "signature", "unknown_key", "algorithm", "header_not_allowed", "too_long",
            "issuer", "audience", "tenant", "subject", "other_command", "expired", "lifetime", "early", "privilege",
            "claims"} <= seen, seen
    for message in office.world.client.messages:
        if not message.topic.endswith("commands.enrollment"):
            assert message.header("authorization") is None, "a token that was passed on"
