"""How executables start, and refuse to (contract sections 11 and 12)."""

import json
import os
import subprocess

import pytest

from processes import free_port, wait_until
from servers import postgres_program
from system import WORKERS

PROGRAMS = (*WORKERS, "tokenctl")


def run(world, program, *arguments, settings=None):
    environment = {"PATH": os.environ["PATH"], "HOME": "/", **(settings or {})}
    return subprocess.run([world.system.program(program), *arguments], env=environment, capture_output=True, text=True,
                          timeout=30)


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_and_version(world, program):
    for option in ("--help", "--version"):
        done = run(world, program, option)
        assert done.returncode == 0 and done.stdout.strip()
    assert run(world, program, "--nonsense").returncode == 64


@pytest.mark.parametrize("program", WORKERS)
def test_every_mistake_is_told_in_a_line_of_its_own(world, program):
    done = run(world, program)
    assert done.returncode == 78
    lines = done.stderr.splitlines()
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "POSTGRES_URL", "KEYS_FILE"):
        assert len([line for line in lines if line.startswith(name)]) == 1, done.stderr
    wrong = {**world.system.settings, "LOG_LEVEL": "loud", "INBOX_RETENTION": "soon", "TOPIC_PREFIX": "a b",
             "KAFKA_PROPERTY_FRESH_COFFEE": "yes", "KAFKA_PROPERTY_GROUP_ID": "mine"}
    done = run(world, program, settings=wrong)
    assert done.returncode == 78
    lines = done.stderr.splitlines()
    for name in wrong.keys() - world.system.settings.keys() | {"TOPIC_PREFIX"}:
        assert len([line for line in lines if line.startswith(name)]) == 1, done.stderr
    assert "soon" not in done.stderr and "loud" not in done.stderr


def test_settings_of_one_worker_only(world):
    wrong = {**world.system.settings, "SCAN_INTERVAL": "never"}
    assert "SCAN_INTERVAL" in run(world, "expiry-scanner", settings=wrong).stderr
    wrong = {**world.system.settings, "NOTIFIER_CONFIG": "/nowhere.yaml"}
    done = run(world, "notifier", settings=wrong)
    assert done.returncode == 78 and done.stderr.strip()


def test_a_key_file_that_others_may_read_or_that_lacks_a_ring_is_refused(world, tmp_path):
    with open(world.system.settings["KEYS_FILE"]) as file:
        keys = json.load(file)
    readable = tmp_path / "readable.json"
    readable.write_text(json.dumps(keys))
    readable.chmod(0o644)
    poor = tmp_path / "poor.json"
    poor.write_text(json.dumps({"keys": [key for key in keys["keys"] if key.get("ring") != "kek"]}))
    poor.chmod(0o600)
    for file in (readable, poor, tmp_path / "absent.json"):
        done = run(world, "verifier", settings={**world.system.settings, "KEYS_FILE": str(file)})
        assert done.returncode == 78 and done.stderr.strip(), file
        assert not any(key.get("k", "?") in done.stderr for key in keys["keys"])


def test_a_database_without_schema_is_refused(world):
    if not world.database.is_private:
        pytest.skip("makes a database beside the one that was given")
    psql = [postgres_program("psql"), "-Xq", "-d", world.database.url, "-c"]
    subprocess.run([*psql, "create database empty"], check=True)
    url = world.database.url.replace("/postgres?", "/empty?")
    done = run(world, "enrollment", settings={**world.system.settings, "POSTGRES_URL": url})
    assert done.returncode == 78 and done.stderr.strip()


def test_the_admin_port_tells_health_and_counts(world):
    person = world.person("metrics")
    token = person.enroll("email")["tokenId"]
    challenge = person.request(token)["challengeId"]
    assert world.client.event("notification.sent", challengeId=challenge)
    worker = world.worker("enrollment")
    assert worker.get("/health/live")[0] == 200 and worker.get("/health/ready")[0] == 200
    text = worker.get("/metrics")[1]
    for name in ("usertokens_commands_total", "usertokens_command_seconds_bucket", "usertokens_queue_age_seconds"):
        assert name in text
    assert "usertokens_notifications_total" in world.worker("notifier").get("/metrics")[1]
    assert person.id not in text


def test_topics_that_are_missing_are_waited_for(world):
    worker = world.system.start("verifier", TOPIC_PREFIX=f"later-{free_port()}.")
    try:
        wait_until(lambda: worker.get("/health/live")[0] == 200, 20, "the admin port")
        assert worker.get("/health/ready")[0] == 503
        assert worker.child.is_running
    finally:
        assert worker.child.stop() == 0
        world.system.workers.remove(worker)
