"""Keys are rotated under load: no command is refused, none is lost, and what retired keys made is made anew."""

import subprocess
import threading
import time
from pathlib import Path

import pytest

from conftest import make_world
from load import Verifications
from accounting import answers
from processes import wait_until

RINGS = ("kek", "otp", "notification", "provisioning", "submission", "dlq", "audit")
WORKERS = ("enrollment", "enrollment", "verifier", "verifier", "notifier", "expiry-scanner", "expiry-scanner")


@pytest.fixture(scope="module")
def rotating(binaries, canaries):
    """A world whose keys the tests change, with two workers of each kind that shares work."""
    yield from make_world(binaries, canaries, durable=False, workers=WORKERS, settings={"SCAN_INTERVAL": "1s"})


def status(world) -> dict[str, list[str]]:
    """By key: ring, state and, of retired keys, what needs it."""
    lines = world.system.tokenctl("keys", "status").splitlines()
    return {line.split("\t")[0]: line.split("\t")[1:] for line in lines}


def retired(world, ring: str) -> dict[str, str]:
    return {kid: row[2] for kid, row in status(world).items() if row[0] == ring and row[1] == "retired"}


def remove(world, *arguments: str) -> subprocess.CompletedProcess:
    command = [world.system.program("tokenctl"), "keys", "remove", *arguments]
    return subprocess.run(command, env=world.system.environment(), capture_output=True, text=True, timeout=60)


def scanners(world) -> list:
    return [worker for worker in world.system.workers if worker.kind == "expiry-scanner" and worker.child.is_running]


def wait_until_made_anew(world) -> None:
    """Nothing that a retired key made is left: by the database, then by the metric."""
    def is_done() -> bool:
        tables = "SELECT count(DISTINCT substring(seed_digest FOR 4)) FROM token_secret"
        return set(retired(world, "kek").values()) == {"unneeded"} and world.database.query(tables) == [["1"]]

    wait_until(is_done, 60, "data keys and digests made anew", every=0.5)
    wait_until(
        lambda: all(worker.metric("usertokens_keys_pending") == 0 for worker in scanners(world)),
        30, "nothing pending", every=0.5)


class Pressure(threading.Thread):
    """Writes verifications all the time, some rounds ahead of their answers, until it is told to end."""

    def __init__(self, load: Verifications):
        super().__init__()
        self.load = load
        self.rounds = 0
        self.end = threading.Event()

    def run(self) -> None:
        ahead = 4 * len(self.load.people)
        while not self.end.is_set() and self.rounds < self.load.rounds:
            self.load.write(range(self.rounds, self.rounds + 1))
            self.rounds += 1
            self.load.wait_for_some(max(0, len(self.load.commands) - ahead))


def recover(world) -> str:
    """A code that one service has made the digest of and another one judges; gives back the outcome."""
    person = world.person("code")
    result = person.ask("token.enroll", {"tokenType": "recovery", "count": 2}).result
    codes = world.open(result["provisioning"]["codes"], "provisioning")["codes"]
    world.canaries.otps.update(codes)
    return person.verify(codes[0]).status


def test_every_ring_is_rotated_under_load(rotating):
    world = rotating
    load = Verifications(world, users=6, rounds=400)
    newcomers = []
    pressure = Pressure(load)
    pressure.start()
    try:
        for ring in RINGS:
            person = world.person("keys")
            token = person.enroll("sms")["tokenId"]
            person.request(token)
            before = pressure.rounds
            world.system.tokenctl("keys", "rotate", ring)
            # At once, before the workers have had time to look at the file.
            newcomers += [world.person("new").send("token.enroll", {"tokenType": "totp"}) for _ in range(20)]
            # What was sent under one key is verified under whichever is active by now.
            assert person.verify(person.received(), tokenId=token).status == "ok"
            end = time.monotonic() + 1.5
            while ring == "otp" and time.monotonic() < end:
                # For some of this time one service has read the new file and another one has not.
                assert recover(world) == "ok"
            wait_until(lambda: pressure.rounds >= before + 10 or not pressure.is_alive(), 60, "load to go on")
        wait_until_made_anew(world)
    finally:
        pressure.end.set()
        pressure.join()
    load.check()
    assert {reply.status for reply in answers(world.client, newcomers).values()} == {"ok"}
    assert len(load.commands) >= 10 * len(RINGS) * len(load.people)
    print(f"{len(load.commands)} verifications, {len(newcomers)} enrolments, {len(RINGS)} rotations")


def test_a_retired_key_is_removed_when_nothing_needs_it(rotating):
    world = rotating
    load = Verifications(world, users=3, rounds=6)
    load.write(range(3))
    load.check()
    [old] = retired(world, "kek")
    wait_until_made_anew(world)
    refused = remove(world, next(kid for kid, row in status(world).items() if row[:2] == ["kek", "active"]))
    assert refused.returncode == 1 and "active" in refused.stderr
    [otp] = retired(world, "otp")
    refused = remove(world, otp)
    assert refused.returncode == 1 and "commands until" in refused.stderr, refused.stderr
    assert otp in status(world)

    done = remove(world, old)
    assert (done.returncode, done.stdout) == (0, f"removed {old}\n")
    assert old not in Path(world.system.settings["KEYS_FILE"]).read_text()
    # Who starts anew has only the keys that are left. Scanners alone: they join no group, and the embedded broker's
    # groups do not bear many comings and goings; test_key_token.py starts every kind anew.
    for scanner in scanners(world):
        scanner.child.stop()
    world.system.start_all(("expiry-scanner",))
    load.write(range(3, 6))
    load.check()
    [rows] = world.database.query("SELECT count(*), count(DISTINCT wrapping_kid) FROM data_key")
    assert rows == ["2", "1"]
