"""deploy/systemd: the unit is well formed, and its sandbox is a tight one (README, "Run it")."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from system import WORKERS

UNIT = Path(__file__).resolve().parents[2] / "deploy/systemd/usertokens@.service"
pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture(params=WORKERS)
def unit(request, world, tmp_path) -> Path:
    """The unit of a worker, with the executable that was built."""
    text = UNIT.read_text()
    assert text.count("/usr/lib/usertokens/%i\n") == 1
    file = tmp_path / f"usertokens@{request.param}.service"
    file.write_text(text.replace("/usr/lib/usertokens/%i\n", world.system.program(request.param) + "\n"))
    return file


def analyze(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(["systemd-analyze", "--no-pager", *arguments], capture_output=True, text=True)


def test_the_unit_is_well_formed(unit):
    done = analyze("verify", str(unit))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_its_exposure_is_small(unit):
    """In tenths, of 100: 1.1 as it is, for what a worker cannot do without: the network, and the group of its keys."""
    done = analyze("security", "--offline=true", "--threshold=12", str(unit))
    assert done.returncode == 0, done.stdout[-400:]
    assert re.search(r"Overall exposure level for .*: 1\.[01] OK", done.stdout)
