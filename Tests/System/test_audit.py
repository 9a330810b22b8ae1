"""The audit trail: append-only, chained, checked against published heads (contract sections 8, 11)."""

import base64
import json
import subprocess
import warnings

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from conftest import make_world
from servers import postgres_program
from world import wrong


@pytest.fixture(scope="module")
def audited(binaries, canaries):
    settings = {"SCAN_INTERVAL": "1s", "AUDIT_CHECKPOINT_INTERVAL": "1s"}
    yield from make_world(binaries, canaries, durable=False, settings=settings)


def audit(world, *arguments, input: str | None = None):
    command = [world.system.program("tokenctl"), "audit", *arguments]
    return subprocess.run(command, env=world.system.environment(), input=input, capture_output=True, text=True,
                          timeout=60)


def checkpoints(world) -> list:
    return world.client.find(topic="events", type="audit.checkpoint")


def lines(messages) -> str:
    """Events as `tokenctl watch events` prints them."""
    return "".join(json.dumps({"type": message.header("ce_type"), "data": message.data}) + "\n" for message in messages)


@pytest.fixture(scope="module")
def history(audited):
    """Some commands, good and bad, and a checkpoint that has seen them."""
    person = audited.person("audited")
    before = len(checkpoints(audited))
    token, secret = person.enroll_hotp()
    person.verify(wrong(person.hotp(secret, 0)[0]), tokenId=token)
    person.verify(person.hotp(secret, 0)[0], tokenId=token)
    person.ask("token.edit", {"tokenId": token, "description": "blue"})
    person.ask("token.disable", {"tokenId": token, "reason": "lost"}, attributes={"authid": "operator-7"})
    person.ask("token.view", {"tokenId": token})
    rows = int(audited.database.query("SELECT sum(audit_seq) FROM lane")[0][0])
    audited.client.wait(
        lambda: [c for c in checkpoints(audited)[before:] if sum(h["sequence"] for h in c.data["heads"]) >= rows],
        20, "a checkpoint after the commands")
    return person, token


def test_each_command_that_changes_or_tries_leaves_a_row(audited, history):
    person, token = history
    done = audit(audited, "export", "--tenant", "default")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    mine = [row for row in rows if row["userId"] == person.id]
    assert [(row["command"], row["outcome"]) for row in mine] == [
        ("token.enroll", "ok"), ("otp.verify", "otp_mismatch"), ("otp.verify", "ok"), ("token.edit", "ok"),
        ("token.disable", "ok")]
    assert mine[-1]["reason"] == "lost" and mine[-1]["authId"] == "operator-7" and mine[-1]["tokenIds"] == [token]
    assert sorted(rows, key=lambda row: row["at"]) == rows
    later = audit(audited, "export", "--since", mine[-1]["at"])
    assert json.loads(later.stdout.splitlines()[0])["at"] >= mine[-1]["at"]
    assert audit(audited, "export", "--until", rows[0]["at"]).stdout == ""
    assert audit(audited, "export", "--tenant", "nobody").stdout == ""
    assert audit(audited, "export", "--since", "yesterday").returncode == 64


def test_a_checkpoint_is_signed_so_that_any_jose_library_verifies_it(audited, history):
    [*_, last] = checkpoints(audited)
    assert last.key == b"default/~audit"
    key = next(key for key in audited.keys.keys if key["ring"] == "audit")
    public = OKPKey.import_key({name: key[name] for name in ("kty", "crv", "x")})
    with warnings.catch_warnings():
        # RFC 9864 would call it Ed25519; RFC 8037's name is what libraries of today know.
        warnings.simplefilter("ignore")
        opened = jws.deserialize_compact(last.data["jws"], public, algorithms=["EdDSA"])
    assert opened.headers() == {"alg": "EdDSA", "kid": key["kid"]}
    assert json.loads(opened.payload) == {"time": last.data["time"], "heads": last.data["heads"]}
    head = last.data["heads"][0]
    row = audited.database.query("SELECT encode(hash, 'base64') FROM audit_log "
                                 f"WHERE lane_id = {head['lane']} AND seq = {head['sequence']}")
    assert base64.b64decode(row[0][0]) == base64.urlsafe_b64decode(head["hash"] + "=")


def test_a_whole_trail_is_whole(audited, history):
    done = audit(audited, "verify")
    assert (done.returncode, done.stdout.split(":")[0]) == (0, "whole"), done.stdout + done.stderr
    done = audit(audited, "verify", "--events", "-", input=lines(checkpoints(audited)))
    assert done.returncode == 0 and "checkpoints" in done.stdout


def test_rows_are_neither_changed_nor_removed_by_anybody(audited, history):
    for statement in ("UPDATE audit_log SET outcome = 'ok'", "DELETE FROM audit_log"):
        with pytest.raises(Exception, match="neither changed nor removed"):
            audited.database.query(statement)


@pytest.mark.parametrize("statement", [
    "UPDATE audit_log SET outcome = 'ok'", "DELETE FROM audit_log", "TRUNCATE audit_log",
    "UPDATE audit_log_default SET outcome = 'ok'", "SELECT audit_partitions_retire(now())",
    "INSERT INTO audit_anchor VALUES (1, 1, now(), '')", "ALTER TABLE audit_log DISABLE TRIGGER ALL",
    "DROP TABLE audit_log", "CREATE TABLE mine (x int)", "DELETE FROM schema_migration"])
def test_the_services_role_can_do_their_work_and_not_this(audited, history, statement):
    command = [postgres_program("psql"), "-Xq", "-v", "ON_ERROR_STOP=1", "-d", audited.system.databases["verifier"]]
    done = subprocess.run([*command, "-c", f"BEGIN; {statement}; ROLLBACK"], capture_output=True, text=True)
    assert done.returncode != 0 and ("permission denied" in done.stderr or "must be owner" in done.stderr), done.stderr


FORGERIES = {
    "changed": ("UPDATE {table} SET outcome = 'forbidden' WHERE lane_id = {lane} AND seq = {last}", "was changed"),
    "who": ("UPDATE {table} SET auth_id = 'somebody' WHERE lane_id = {lane} AND seq = {last}", "was changed"),
    "removed": ("DELETE FROM {table} WHERE lane_id = {lane} AND seq = {last} - 1", "is missing"),
    "cut off": ("DELETE FROM {table} WHERE lane_id = {lane} AND seq = {last}", "is missing at the end"),
    "re-ordered": ("UPDATE {table} SET seq = CASE seq WHEN {last} THEN {last} - 1 ELSE {last} END "
                   "WHERE lane_id = {lane} AND seq IN ({last} - 1, {last})", "was changed"),
    "doubled": ("INSERT INTO {table} SELECT * FROM {table} WHERE lane_id = {lane} AND seq = {last}", "is there twice"),
}


def forged(world, statement: str, check) -> None:
    """Does to the trail what the owner of the database can do, looks, and takes it back."""
    [[lane, last, table]] = world.database.query(
        "SELECT lane_id, max(seq), max(tableoid::regclass::text) FROM audit_log GROUP BY lane_id "
        "HAVING count(*) > 2 ORDER BY lane_id LIMIT 1")
    world.database.query(f"CREATE TABLE kept AS SELECT * FROM {table} WHERE lane_id = {lane}; "
                         f"CREATE TABLE kept_lane AS SELECT * FROM lane WHERE lane_id = {lane}")
    off, on = (f"ALTER TABLE {table} {word} TRIGGER audit_log_append_only" for word in ("DISABLE", "ENABLE"))
    try:
        world.database.query(f"{off}; {statement.format(table=table, lane=lane, last=last)}; {on}")
        check(lane)
    finally:
        world.database.query(
            f"{off}; DELETE FROM {table} WHERE lane_id = {lane}; INSERT INTO {table} SELECT * FROM kept; {on}; "
            "UPDATE lane SET audit_seq = k.audit_seq, audit_hash = k.audit_hash FROM kept_lane k "
            "WHERE lane.lane_id = k.lane_id; DROP TABLE kept, kept_lane")


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_found_and_its_row_named(audited, history, forgery):
    statement, words = FORGERIES[forgery]

    def check(lane):
        done = audit(audited, "verify")
        assert done.returncode == 1 and f"lane {lane} " in done.stdout and words in done.stdout, done.stdout

    forged(audited, statement, check)
    assert audit(audited, "verify").returncode == 0


def test_a_chain_that_was_computed_anew_is_found_by_a_kept_checkpoint(audited, history):
    kept = lines(checkpoints(audited))
    # The forger cuts the tail off and moves the lane's head back: the chain alone is whole then.
    statement = ("DELETE FROM {table} WHERE lane_id = {lane} AND seq = {last}; UPDATE lane SET audit_seq = {last} - 1, "
                 "audit_hash = (SELECT hash FROM {table} WHERE lane_id = {lane} AND seq = {last} - 1) "
                 "WHERE lane_id = {lane}")

    def check(lane):
        assert audit(audited, "verify").returncode == 0
        done = audit(audited, "verify", "--events", "-", input=kept)
        assert done.returncode == 1 and f"lane {lane} " in done.stdout and "missing at the end" in done.stdout

    forged(audited, statement, check)


def test_only_signed_checkpoints_are_believed(audited, history):
    [*_, last] = checkpoints(audited)
    event = {"type": last.header("ce_type"), "data": {**last.data, "jws": last.data["jws"][:-4] + "AAAA"}}
    done = audit(audited, "verify", "--events", "-", input=json.dumps(event))
    assert done.returncode == 65 and "line 1" in done.stderr
    assert audit(audited, "verify", "--events", "-", input="nonsense").returncode == 65


def test_old_months_go_whole_and_the_rest_stays_verifiable(audited, history):
    """Two months of another lane, made as the workers make them, then the first is retired."""
    assert audit(audited, "retire", "--before", "2020-01-01T00:00:00Z").stdout == "removed 0 months\n"
    assert audit(audited, "verify").returncode == 0
    rows = len(audit(audited, "export").stdout.splitlines())
    assert rows > 0
    # Everything up to now lies in months that have ended by then: all goes, and what comes next goes on from there.
    done = audit(audited, "retire", "--before", "2100-01-01T00:00:00Z")
    assert done.returncode == 0 and done.stdout != "removed 0 months\n", done.stderr
    assert audit(audited, "export").stdout == ""
    person = audited.person("after")
    person.enroll("sms")
    assert len(audit(audited, "export").stdout.splitlines()) == 1
    done = audit(audited, "verify", "--events", "-", input=lines(checkpoints(audited)))
    assert done.returncode == 0, done.stdout + done.stderr
