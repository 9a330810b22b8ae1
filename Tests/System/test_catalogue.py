"""Every rejection code, every command and every event of the contract was seen from outside. Runs after all others."""

from pathlib import Path

import pytest

CATALOGUES = Path(__file__).resolve().parents[1] / "ArchitectureTests"


def catalogue(name: str) -> set[str]:
    return set((CATALOGUES / name).read_text().split())


@pytest.fixture(scope="module")
def messages(request, world, canaries):
    if request.config.is_partial:
        pytest.skip("tells something only after all the other tests")
    canaries.collect(world)
    return canaries.messages


def test_every_rejection_code_was_answered(messages):
    codes = {message.code for message in messages if message.type.endswith(".reply") and message.status == "rejected"}
    assert catalogue("rejection-codes.txt") - codes == set()
    assert codes - catalogue("rejection-codes.txt") == set(), "a code that is in no catalogue"
