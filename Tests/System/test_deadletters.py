"""`tokenctl dlq`: what could not be handled is listed, shown and written again (contract sections 1, 11, 12)."""

import subprocess
import uuid

import pytest


def dlq(world, *arguments):
    command = [world.system.program("tokenctl"), "dlq", *map(str, arguments)]
    return subprocess.run(command, env=world.system.environment(), capture_output=True, timeout=60)


def letters(world, value: bytes) -> list:
    """The dead letters that hold a value, read by a client of our own."""
    found = world.client.find(topic="commands.verification.dlq")
    return [letter for letter in found if world.keys.open(letter.value, "dlq") == value]


@pytest.fixture
def dead(world):
    """A record that can't be decoded, in a tenant of its own, and its dead letter."""
    tenant = f"dead-{uuid.uuid4().hex[:8]}"
    value = b'{"broken": ' + uuid.uuid4().hex.encode()
    headers = [("ce_specversion", b"1.0"), ("ce_id", uuid.uuid4().hex.encode()), ("ce_source", b"/tests/dead"),
               ("ce_type", b"usertokens.otp.verify.v1"), ("ce_tenant", tenant.encode())]
    world.client.produce(world.topic("commands.verification"), f"{tenant}/x", value, headers)
    [letter] = world.client.wait(lambda: letters(world, value), 20, "the dead letter")
    return tenant, value, letter


def test_a_dead_letter_is_listed_shown_and_written_again(world, dead):
    tenant, value, letter = dead
    place = (letter.topic, letter.partition, letter.offset)
    line = "\t".join(map(str, (*place, letter.header("dlq_reason"))))
    listed = dlq(world, "list", "--tenant", tenant).stdout.decode()
    assert listed == line + "\n"
    assert dlq(world, "show", *place).stdout == value
    done = dlq(world, "replay", *place)
    assert done.returncode == 0, done.stderr
    world.client.wait(lambda: len(letters(world, value)) == 2, 20, "the record's second failure")
    again = letters(world, value)[1]
    assert again.key == letter.key and again.header("ce_id") == letter.header("ce_id")
    assert [name for name, _ in again.headers].count("dlq_reason") == 1
    assert dlq(world, "show", letter.topic, letter.partition, 10**9).returncode == 66


def test_a_filter_chooses_what_is_written_again(world, dead):
    tenant, value, letter = dead
    topic, reason = letter.topic, letter.header("dlq_reason")
    dry = dlq(world, "replay", topic, "--tenant", tenant, "--reason", reason, "--dry-run").stdout.decode()
    assert dry.splitlines() == [f"{topic}\t{letter.partition}\t{letter.offset}\t{reason}",
                                f"would replay 1 to {world.topic('commands.verification')}"]
    for nothing in (["--reason", "other"], ["--until", "2020-01-01T00:00:00Z"], ["--since", "2100-01-01T00:00:00Z"]):
        assert dlq(world, "replay", topic, "--tenant", tenant, *nothing).stdout.startswith(b"replayed 0 ")
    assert len(letters(world, value)) == 1
    done = dlq(world, "replay", topic, "--tenant", tenant, "--since", "2020-01-01T00:00:00Z")
    assert done.stdout.decode().splitlines()[-1].startswith("replayed 1 ")
    world.client.wait(lambda: len(letters(world, value)) == 2, 20, "the record's second failure")


def test_what_is_meant_has_to_be_said(world):
    topic = world.topic("commands.verification.dlq")
    for arguments in ([topic], [topic, 0], [topic, 0, 0, "--all"], []):
        assert dlq(world, "replay", *arguments).returncode == 64
    assert dlq(world, "replay", "elsewhere", "--all").returncode == 66
