"""tokenctl (contract section 11)."""

import json
import os
import pathlib
import stat
import subprocess

from processes import Child


def tokenctl(world, *arguments):
    return subprocess.run([world.system.program("tokenctl"), *arguments], env=world.system.environment(),
                          capture_output=True, text=True, timeout=60)


def test_send_prints_the_replys_data_and_tells_by_its_exit_code(world):
    person = world.person("ctl")
    data = json.dumps({"tokenType": "sms", "phone": person.phone})
    done = tokenctl(world, "send", "token.enroll", "--user", person.id, "--data", data)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"]["token"]["userId"] == person.id
    refused = tokenctl(world, "send", "token.enroll", "--user", person.id, "--data", '{"tokenType": "none"}')
    assert refused.returncode == 1 and json.loads(refused.stdout)["code"] == "unknown_token_type"
    by_key = tokenctl(world, "send", "token.list", "--key", f"default/{person.id}", "--data", "{}")
    assert len(json.loads(by_key.stdout)["result"]["tokens"]) == 1


def test_usage_errors_exit_64(world):
    assert tokenctl(world, "send").returncode == 64
    assert tokenctl(world, "dance").returncode == 64
    assert tokenctl(world, "send", "token.list", "--user", "a", "--data", "{nonsense").returncode == 64


def test_keys_are_never_overwritten(world):
    path = world.system.settings["KEYS_FILE"]
    before = pathlib.Path(path).read_text()
    assert tokenctl(world, "keys", "init").returncode != 0
    assert pathlib.Path(path).read_text() == before
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_setting_up_again_changes_nothing(world):
    for arguments in (("migrate",), ("topics", "create", "--partitions", "4")):
        done = tokenctl(world, *arguments)
        assert done.returncode == 0, done.stderr


def test_tenants_are_added_and_listed(world):
    assert tokenctl(world, "tenant", "add", "second").returncode == 0
    assert {"default", "second"} <= set(tokenctl(world, "tenant", "list").stdout.split())
    person = world.person("tenant")
    assert world.client.ask("token.list", person.id, tenant="second").status == "ok"
    token = person.enroll("sms")["tokenId"]
    assert world.client.ask("token.view", person.id, {"tokenId": token}, tenant="second").code == "token_not_found"


def test_the_configuration_can_be_checked(world):
    done = tokenctl(world, "check-configuration")
    assert done.returncode == 0, done.stdout + done.stderr


def test_watch_prints_each_event_as_a_line(world, tmp_path):
    command = [world.system.program("tokenctl"), "watch", "events", "--from-beginning"]
    watcher = Child("tokenctl watch", command, tmp_path / "watch.log", world.system.environment())
    try:
        person = world.person("watch")
        person.enroll("sms")
        assert json.loads(watcher.first_line(30))
    finally:
        watcher.kill()
