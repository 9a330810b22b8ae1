"""Worlds for the system tests; the tests read like the contract."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy/demo"))
sys.dont_write_bytecode = True

from system import WORKERS  # noqa: E402
from world import Canaries, World  # noqa: E402


@pytest.fixture(scope="session")
def binaries() -> Path:
    """The built executables; Tests/run has built them."""
    given = os.environ.get("USER_TOKENS_BINARIES")
    if given:
        return Path(given)
    command = ["swift", "build", "--package-path", str(ROOT), "--show-bin-path"]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


@pytest.fixture(scope="session")
def canaries() -> Canaries:
    """Secrets that the tests have used, and everything that was written: see test_secrecy.py."""
    return Canaries()


def make_world(binaries: Path, canaries: Canaries, **options):
    with tempfile.TemporaryDirectory(prefix="ut-") as directory:
        world = World(Path(directory), binaries, canaries, **options)
        try:
            yield world
        finally:
            canaries.collect(world)
            world.close()


@pytest.fixture(scope="session")
def world(binaries, canaries):
    """One worker of each kind, shared by all tests that break nothing: each brings users of its own."""
    settings = {"SCAN_INTERVAL": "1s", "LOG_LEVEL": "debug", "SMS_COUNTRIES": "+41,+49"}
    yield from make_world(binaries, canaries, durable=False, settings=settings)


@pytest.fixture(scope="module")
def frail(binaries, canaries):
    """A durable world whose broker makes faults, for one module alone. Its workers are started by the tests."""
    if os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or os.environ.get("POSTGRES_URL"):
        pytest.skip("breaks its servers: only with private ones")
    yield from make_world(binaries, canaries, durable=True, faults=True, workers=(), settings={"SCAN_INTERVAL": "1s"})


@pytest.fixture(scope="module")
def crowd(binaries, canaries):
    """Two workers of each kind that shares work, for one module alone."""
    kinds = (*WORKERS, "enrollment", "expiry-scanner")
    yield from make_world(binaries, canaries, durable=False, workers=kinds, settings={"SCAN_INTERVAL": "1s"})


@pytest.fixture(autouse=True)
def no_limping(request):
    """A worker of the shared world that has ended fails the test that sees it first."""
    yield
    if "world" in request.fixturenames:
        for worker in request.getfixturevalue("world").system.workers:
            assert worker.child.is_running, f"{worker.kind} has ended:\n{worker.child.log_tail(40)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """With a failure goes what the workers had to say: their world is gone when somebody reads of it."""
    report = yield
    if report.failed:
        for world in {world for world in item.funcargs.values() if isinstance(world, World)}:
            for worker in world.system.workers:
                state = "" if worker.child.is_running else f", ended with {worker.child.process.returncode}"
                report.sections.append((f"{worker.child.log.name}{state}", worker.child.log_tail(15)))
    return report


LAST = ["test_acls.py", "test_catalogue.py", "test_secrecy.py", "test_asyncapi.py"]


def pytest_configure(config):
    config.is_partial = False


def pytest_deselected(items):
    items[0].config.is_partial = True


def pytest_collection_modifyitems(config, items):
    # What is searched, for secrets and for codes, is everything that the other tests have made.
    items.sort(key=lambda item: LAST.index(item.path.name) + 1 if item.path.name in LAST else 0)
    config.is_partial = {item.path.name for item in items} != {path.name for path in Path(__file__).parent.glob("test_*.py")}
