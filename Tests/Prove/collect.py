"""Waits until everything is answered, and takes the history down."""

import json
import signal
import subprocess
import time
from collections import Counter

from arena import PASSWORD, Arena
from client import Client, Message
from history import COMMAND_TOPICS, NEVER, History, Record
from load import Load
from processes import Failure
from rules.messages import ENDS
from servers import postgres_program

TABLES = {
    "inbox": """SELECT i.key::text, l.topic, l.partition, i.lane_id, i.batch_seq, i.position,
                       i.xmin::text::bigint AS transaction,
                       (extract(epoch FROM i.received_at) * 1000000)::bigint AS at FROM inbox i JOIN lane l USING (lane_id)""",
    "audit": "SELECT lane_id, seq, user_id, command, command_key::text AS key, outcome, token_ids::text[] AS tokens FROM audit_log",
    "user": """SELECT tenant || '/' || user_id AS name, failures, consecutive_failures AS consecutive, lock_level AS level,
                      (extract(epoch FROM locked_until) * 1000000)::bigint AS locked_until FROM user_state""",
    "token": """SELECT token_id::text AS id, tenant, user_id, type_name AS type, kind, status, failures, reset_failures,
                       consecutive_failures AS consecutive, lock_level AS level, serial, description, moving_factor, drift, digits,
                       (extract(epoch FROM locked_until) * 1000000)::bigint AS locked_until,
                       length(recovery_digests) AS codes, version FROM token""",
    "challenge": """SELECT challenge_id::text AS id, token_id::text AS token, purpose, state, sends, attempts,
                           (extract(epoch FROM expires_at) * 1000000)::bigint AS expires FROM challenge""",
    "lane": "SELECT lane_id, topic, partition, batch_seq, answered_through FROM lane",
}


def wait_for_the_end(arena: Arena, load: Load, timeout: float) -> tuple[Client, list[str]]:
    """Returns when each command has a reply, each unreadable record a letter and each notification an end, and nothing is said any more; gives back a
    reader that no fault has touched, and whose answer did not come in time."""
    arena.client.flush(60)
    reader = Client(arena.broker.client_properties, arena.client.prefix)
    for topic in (*COMMAND_TOPICS, "users"):
        reader.follow(arena.client.prefix + topic)
    deadline = time.monotonic() + timeout
    quiet, before = 0, -1
    while True:
        # Everything that was written has to be in what is read, or it may look answered too early.
        missing = _unanswered(reader) if len(reader.messages) >= len(arena.client.messages) else ["what our client read"]
        quiet = quiet + 1 if not missing and len(reader.messages) == before else 0
        before = len(reader.messages)
        if quiet >= 4 or time.monotonic() > deadline:
            load.learn()
            return reader, missing
        time.sleep(0.5)


def _unanswered(reader: Client) -> list[str]:
    """Ids of commands without a reply, of unreadable records without a letter, of notifications without an end."""
    prefix = reader.prefix
    messages = reader.messages[: len(reader.messages)]
    replied = {message.cause for message in messages if message.topic == prefix + "replies"}
    letters = {message.header("poison") for message in messages if message.topic.endswith(".dlq")}
    ended = {message.data.get("notificationId") for message in messages if message.type in ENDS}
    missing = []
    for message in messages:
        if message.topic == prefix + "notifications" and message.data["notificationId"] not in ended:
            missing.append(message.data["notificationId"])
        if message.topic.removeprefix(prefix) not in COMMAND_TOPICS:
            continue
        if message.header("poison"):
            if message.header("poison") not in letters:
                missing.append(message.header("poison"))
            continue
        id = message.id or json.loads(message.value)["id"]
        if id not in replied:
            missing.append(id)
    return missing


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="backslashreplace")


def record_of(message: Message, place: int) -> Record:
    headers = [[name, _text(value)] for name, value in message.headers]
    return Record(message.topic, message.partition, message.offset, _text(message.key), headers, _text(message.value),
                  place, message.timestamp)


def rows(arena: Arena, sql: str) -> list[dict]:
    [[text]] = arena.database.query(f"SELECT coalesce(jsonb_agg(t), '[]')::text FROM ({sql}) AS t".replace("\n", " "))
    return json.loads(text)


def _records(arena: Arena, reader: Client) -> list[Record]:
    """All records, with the place at which our client had read them under faults; what it did not read it read never."""
    places = {(m.topic, m.partition, m.offset): m.place for m in arena.client.messages}
    return [record_of(message, places.get((message.topic, message.partition, message.offset), NEVER))
            for message in reader.messages]


# What a fault of the database comes to, by what it writes into its log; a full disk has no room for all of that.
SAID = {"deadlocks": "deadlock detected", "statements timed out": "canceling statement due to statement timeout",
        "refused for want of space": "No space left on device", "ended sessions": "terminating connection due to administrator command",
        "crashes": "database system was not properly shut down"}


def server_said(arena: Arena) -> Counter[str]:
    """How often the faults reached somebody: a lock that nobody waited for is none."""
    text = (arena.database.directory / "server.log").read_text(errors="replace")
    return Counter({name: text.count(words) for name, words in SAID.items()})


def collect(arena: Arena, load: Load, reader: Client) -> History:
    history = History(_records(arena, reader), load.written, opened=load.opened)
    read = {(r.topic, r.partition, r.offset): r.value for r in history.records}
    history.facts["unlike"] = [f"{m.topic}/{m.partition}/{m.offset}" for m in arena.client.messages
                               if read.get((m.topic, m.partition, m.offset), m) != _text(m.value)]
    history.tables = {name: rows(arena, sql) for name, sql in TABLES.items()}
    arena.commits.read()
    for row in history.tables["inbox"]:
        row["commit"] = arena.commits.places[row["transaction"]]
    _open_what_is_sealed(arena, history)
    history.facts["audit verify"] = _tool(arena, "audit", "verify")
    history.facts["prefix"] = arena.client.prefix
    history.facts["taken"] = arena.system.receiver.counts()
    ended = [worker.child.process.returncode for worker in arena.system.workers if worker.kind == "notifier"]
    history.facts["notifiers killed"] = ended.count(-signal.SIGKILL)
    history.canaries = {"secrets": sorted(load.seeds | set(history.secrets.values()) | _keys(arena) | {PASSWORD}),
                        "otps": sorted(load.otps | set(history.otps.values())
                                       | {code for codes in history.codes.values() for code in codes}),
                        "contacts": sorted(load.contacts), "spoken": sorted(load.spoken)}
    for worker in arena.system.workers:
        history.outputs[worker.child.log.name] = worker.child.log.read_text(errors="replace")
        if worker.child.is_running:
            history.outputs[f"{worker.child.log.stem}.metrics"] = worker.get("/metrics")[1]
    dump = [postgres_program("pg_dump"), "--data-only", "-d", arena.database.url]
    history.outputs["database.sql"] = subprocess.run(dump, capture_output=True, text=True, check=True).stdout
    history.outputs["tool.txt"] = "\n".join(_tool(arena, *arguments)[1] for arguments in
                                            (("dlq", "list"), ("audit", "export"), ("keys", "status"), ("tenant", "list")))
    return history


def _open_what_is_sealed(arena: Arena, history: History) -> None:
    from client import secret_of

    opened = set()
    for record in history.records:
        topic = record.topic.removeprefix(arena.client.prefix)
        if topic == "notifications":
            data = record.data
            content = json.loads(arena.keys.open(data["sealed"], "notification"))
            if "otp" in content:
                history.otps[data["notificationId"]] = content["otp"]
        elif topic.endswith(".dlq"):
            history.letters[record.where] = _text(arena.keys.open(record.value, "dlq"))
        elif topic == "replies" and record.data.get("status") == "ok":
            for name, sealed in record.data["result"].get("provisioning", {}).items():
                if sealed in opened:
                    continue
                opened.add(sealed)
                content = json.loads(arena.keys.open(sealed, "provisioning"))
                if name == "uri":
                    history.secrets[sealed] = secret_of(content["uri"])
                else:
                    history.codes[sealed] = content["codes"]


def _keys(arena: Arena) -> set[str]:
    return {key.get("k") or key["d"] for key in arena.keys.keys}


def _tool(arena: Arena, *arguments: str) -> list:
    command = [arena.system.program("tokenctl"), *arguments]
    try:
        done = subprocess.run(command, env=arena.system.environment(), capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"tokenctl {' '.join(arguments)} did not end") from error
    return [done.returncode, done.stdout + done.stderr]
