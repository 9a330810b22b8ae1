"""No secret, no OTP and no unmasked contact where it must not be (A11). Runs after all other tests."""

import base64
import json
import re
import subprocess
from pathlib import Path

import pytest

from marks import Marks
from servers import postgres_program

JWE = re.compile(rb"eyJ[\w-]+(\.[\w-]*){4}")
WORD = re.compile(r"[0-9A-Za-z+@._-]+")


@pytest.fixture(scope="module")
def marks(world) -> Marks:
    """At the end of the session there is something to find, in every command."""
    marks = Marks(world)
    marks.drive()
    return marks


@pytest.fixture(scope="module")
def printed(marks) -> dict[str, str]:
    return marks.tool()


@pytest.fixture(scope="module")
def seen(world, canaries, marks, printed):
    canaries.collect(world)
    dump = [postgres_program("pg_dump"), "--data-only", "-d", world.database.url]
    canaries.tables = subprocess.run(dump, capture_output=True, text=True, check=True).stdout
    return canaries


@pytest.fixture(scope="module")
def keys(world) -> set[str]:
    """Key material, as the key file has it and as hexadecimal digits."""
    found = {key.get("k") or key["d"] for key in json.loads(Path(world.system.settings["KEYS_FILE"]).read_text())["keys"]}
    return found | {base64.urlsafe_b64decode(key + "==").hex() for key in found}


def written(messages, world, *topics) -> str:
    """The clear text of all messages on some topics, headers included; equal parts once. A JWE is not searched: what its
    ciphertext spells is chance."""
    wanted = {world.topic(topic) for topic in topics}
    parts = {part for message in messages if message.topic in wanted
             for part in (message.key, message.value, *(value for _, value in message.headers)) if part}
    assert parts
    return "\n".join(part.decode(errors="replace") for part in parts if not JWE.fullmatch(part))


def shown(needles, text: str, otps=()) -> set[str]:
    """Which of the needles a text shows; an OTP has to stand by itself: digits inside of a longer number or an id are
    none."""
    found = {needle for needle in needles if needle in text}
    return found | (set(otps) & set(WORD.findall(text)) if otps else set())


def test_logs_hold_no_secret(seen, marks, keys):
    assert seen.logs and seen.seeds and seen.otps and seen.contacts
    needles = seen.seeds | seen.contacts | marks.hidden | marks.spoken | keys
    for name, text in seen.logs.items():
        assert text, name
        assert not shown(needles, text, seen.otps), name


def test_replies_and_events_hold_no_secret(seen, world, marks, keys):
    text = written(seen.messages, world, "replies", "events")
    assert len(text) > 100_000
    assert not shown(seen.seeds | seen.contacts | marks.hidden | keys, text, seen.otps)
    assert {marks.description, marks.reason} <= shown(marks.spoken, text), "then nothing was searched"
    assert marks.display not in text


def test_notifications_hold_no_address_and_no_otp_in_clear(seen, world, marks, keys):
    text = written(seen.messages, world, "notifications")
    assert not shown(seen.seeds | seen.contacts | marks.hidden | marks.spoken | keys, text, seen.otps)


def test_dead_letters_are_sealed(seen, world, marks, keys):
    topics = ("commands.enrollment.dlq", "commands.verification.dlq", "users.dlq")
    sealed = [message.value for message in seen.messages if message.topic in {world.topic(topic) for topic in topics}]
    assert sealed and all(JWE.fullmatch(value) for value in sealed)
    text = written(seen.messages, world, *topics)
    assert not shown(seen.seeds | seen.contacts | marks.hidden | marks.spoken | keys, text, seen.otps)


def test_metrics_name_nobody(seen, marks, keys):
    for name, text in seen.metrics.items():
        assert not shown(seen.seeds | seen.contacts | marks.hidden | marks.spoken | keys | {marks.person.id}, text), name


def test_the_tool_prints_no_secret(seen, marks, printed, keys):
    assert all(printed.values()), "then nothing was searched"
    for name, text in printed.items():
        assert not shown(seen.seeds | seen.contacts | marks.hidden | keys, text, seen.otps), name


def test_processes_show_no_key(world, marks, keys):
    for worker in world.system.workers:
        for page in ("cmdline", "environ"):
            text = Path(f"/proc/{worker.child.pid}/{page}").read_bytes().decode(errors="replace")
            assert len(text) > 5
            assert not shown(keys | marks.hidden | marks.spoken, text), (worker.kind, page)


def test_tables_hold_no_seed_and_no_otp(seen, marks, keys):
    assert marks.description in seen.tables and marks.reason in seen.tables, "then nothing was searched"
    needles = seen.seeds | keys | marks.hidden
    # As text, as the raw bytes of a seed, and as text within a bytea, as pg_dump writes one.
    seeds = {base64.b32decode(seed).hex() for seed in seen.seeds}
    assert not shown(needles | seeds | {needle.encode().hex() for needle in needles}, seen.tables)
    # An OTP in a column of its own.
    cells = {cell for line in seen.tables.splitlines() for cell in line.split("\t")}
    assert not seen.otps & cells
