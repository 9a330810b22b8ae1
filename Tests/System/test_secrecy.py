"""No secret, no OTP and no unmasked contact where it must not be (A11). Runs after all other tests."""

import base64
import re
import subprocess

import pytest

from servers import postgres_program


@pytest.fixture(scope="module")
def seen(world, canaries):
    canaries.collect(world)
    # At the end of the session there is something to find.
    person = world.person("canary")
    token, secret = person.enroll_hotp()
    person.verify(person.hotp(secret, 0)[0], tokenId=token)
    person.request(person.enroll("sms")["tokenId"])
    person.received()
    canaries.collect(world)
    dump = [postgres_program("pg_dump"), "--data-only", "-d", world.database.url]
    canaries.tables = subprocess.run(dump, capture_output=True, text=True, check=True).stdout
    return canaries


def written(messages, world, *topics):
    """The clear text of all messages on some topics, headers included."""
    for message in messages:
        if message.topic in {world.topic(topic) for topic in topics}:
            head = " ".join(f"{name}={value!r}" for name, value in message.headers)
            yield f"{head} {(message.value or b'').decode(errors='replace')}"


def finds(needles, text):
    """Those needles that stand in a text by themselves: digits inside of a longer number or an id are no OTP."""
    words = set(re.split(r"[^0-9A-Za-z+@._-]+", text)) if needles else set()
    return {needle for needle in needles if needle in words}


def test_logs_hold_no_secret(seen):
    assert seen.logs and seen.seeds and seen.otps and seen.contacts
    for name, text in seen.logs.items():
        assert text, name
        for needle in seen.seeds | seen.contacts:
            assert needle not in text, f"{name} shows a seed or a contact"
        assert not finds(seen.otps, text), f"{name} shows an OTP"


def test_replies_and_events_hold_no_secret(seen, world):
    texts = list(written(seen.messages, world, "replies", "events"))
    assert len(texts) > 20
    for text in texts:
        for needle in seen.seeds | seen.contacts:
            assert needle not in text, text
        assert not finds(seen.otps, text), text


def test_notifications_hold_no_address_and_no_otp_in_clear(seen, world):
    texts = list(written(seen.messages, world, "notifications"))
    assert texts
    for text in texts:
        for needle in seen.contacts:
            assert needle not in text, text
        assert not finds(seen.otps, text), text


def test_dead_letters_are_sealed(seen, world):
    for text in written(seen.messages, world, "commands.enrollment.dlq", "commands.verification.dlq", "users.dlq"):
        for needle in seen.seeds | seen.contacts | seen.otps:
            assert needle not in text, text


def test_metrics_name_nobody(seen):
    for name, text in seen.metrics.items():
        for needle in seen.seeds | seen.contacts:
            assert needle not in text, f"{name} shows a seed or a contact"


def test_tables_hold_no_seed_and_no_otp(seen):
    for needle in seen.seeds:
        assert needle not in seen.tables
        # The raw bytes, as pg_dump writes a bytea.
        assert base64.b32decode(needle).hex() not in seen.tables
    # An OTP in a column of its own.
    cells = {cell for line in seen.tables.splitlines() for cell in line.split("\t")}
    assert not seen.otps & cells
