"""Two versions side by side: a newer schema is no obstacle; the version before works beside this one."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT, make_world

sys.path.append(str(ROOT / "Tests/Upgrade"))

import version  # noqa: E402

TOMORROW = (ROOT / "Tests/Upgrade/tomorrow.sql").read_text()


@pytest.fixture
def tomorrow(binaries, canaries):
    """A world whose schema is newer than its workers; none runs yet."""
    for world in make_world(binaries, canaries, durable=False, workers=()):
        world.database.query(TOMORROW)
        yield world


def test_workers_start_and_work_beside_a_newer_schema(tomorrow):
    tomorrow.system.start_all()
    person = tomorrow.person("early")
    token = person.enroll("sms")["tokenId"]
    challenge = person.request(token)["challengeId"]
    assert person.verify(person.received(), challengeId=challenge).status == "ok"
    tomorrow.system.tokenctl("audit", "verify")


def test_a_schema_that_took_away_what_a_worker_needs_is_refused(tomorrow):
    tomorrow.database.query("UPDATE schema_migration SET needs = 999 WHERE number = 999")
    for kind in ("enrollment", "verifier", "notifier", "expiry-scanner"):
        worker = tomorrow.system.start(kind)
        assert worker.child.process.wait(20) == 78
        assert "migration 999 took away what this program uses" in worker.child.log_tail()
        tomorrow.system.workers.remove(worker)


def test_the_version_before_works_beside_this_one_under_load(binaries, tmp_path):
    try:
        commit = version.before_the_newest_migration()
    except version.NoHistory as reason:
        pytest.skip(f"this clone lacks the version before: {reason}")
    if not version.is_built(commit):
        pytest.skip("the version before is not built here: Tests/upgrade builds it, which takes minutes")
    log = tmp_path / "upgrade.log"
    with open(log, "w") as output:
        command = [sys.executable, str(ROOT / "Tests/Upgrade"), "--rows", "1000"]
        environment = {**os.environ, "USER_TOKENS_BINARIES": str(binaries)}
        code = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, env=environment, timeout=900).returncode
    assert code == 0, log.read_text()
