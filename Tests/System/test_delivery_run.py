"""Messages to providers that fail at random, by notifiers that are killed: see also Tests/deliver."""

import os
import tempfile
from pathlib import Path

import pytest

from delivery_run import DeliveryRun


def test_nothing_is_lost_or_late_and_only_a_kill_doubles(binaries):
    if os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or os.environ.get("POSTGRES_URL"):
        pytest.skip("kills its workers: only with private servers")
    with tempfile.TemporaryDirectory(prefix="ut-") as directory:
        run = DeliveryRun(Path(directory), binaries, count=400, seed=1)
        try:
            run.run(rate=40, every=4)
            figures = run.check()
        finally:
            run.close()
    assert figures["kills"] >= 2 and figures["received"] > 300, figures
