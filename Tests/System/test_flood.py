"""What a stranger may write without end leaves the workers' memory, and the labels of their metrics, as they were."""

import uuid

import pytest

from conftest import make_world

LARGE = 250
SMALL = 20_000


@pytest.fixture(scope="module")
def flooded(binaries, canaries):
    """A world of its own: what all this makes would be in the way of other tests."""
    yield from make_world(binaries, canaries, durable=False, workers=("enrollment", "verifier"))


def peak(worker) -> int:
    """The most memory that a worker has ever had, in MB."""
    with open(f"/proc/{worker.child.pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))


def series(worker) -> int:
    return sum(1 for line in worker.get("/metrics")[1].splitlines() if not line.startswith("#"))


def headers(type: str, id: str, tenant: str, *more: tuple[str, bytes]) -> list[tuple[str, bytes]]:
    attributes = {"specversion": "1.0", "id": id, "source": f"/flood/{id}", "type": type, "tenant": tenant}
    return [(f"ce_{name}", value.encode()) for name, value in attributes.items()] + list(more)


def ask(world, topic: str) -> None:
    """Waits until each partition has come to what is written to it now."""
    type = "token.list" if topic == "commands.enrollment" else "user.unlock"
    for command in [world.person("after").send(type) for _ in range(16)]:
        world.client.reply(command, 120)


@pytest.mark.parametrize("kind, topic, type", [("verifier", "commands.verification", "otp.verify"),
                                               ("enrollment", "commands.enrollment", "token.import")])
def test_large_records_are_not_held(flooded, kind, topic, type):
    """Most are too large for a command; those of an import are read, and are of the wrong form."""
    world, worker = flooded, flooded.worker(kind)
    ask(world, topic)
    before = peak(worker)
    value = b'{"tokenType":"hotp-hardware","tokens":[' + b",".join([b"[]"] * 290_000) + b"]}"
    assert len(value) > 850_000
    for number in range(LARGE):
        world.client.produce(world.topic(topic), f"default/{number}", value,
                             headers(f"usertokens.{type}.v1", str(number), "default"), number % 2)
    world.client.flush(120)
    ask(world, topic)
    after = peak(worker)
    print(f"\n{kind}: {LARGE} records of {len(value) // 1000} kB, at most {before} -> {after} MB")
    assert after < before + 160


def test_names_are_not_remembered(flooded):
    """Tenants, users, ids, types, topics for replies and headers that are all different."""
    world, worker = flooded, flooded.worker("verifier")
    topic = "commands.verification"

    def flood(count: int) -> None:
        for _ in range(count):
            name = uuid.uuid4().hex
            tenant = "default" if int(name, 16) % 2 else f"t{name}"
            world.client.produce(
                world.topic(topic), f"{tenant}/{name}", f'{{"purpose":"{name}","otp":"{name}","{name}":"{name}"}}'.encode(),
                headers(f"usertokens.{name}.v1" if int(name, 16) % 3 else "usertokens.otp.verify.v1", name, tenant,
                        (f"ce_x{name}", name.encode()), (f"h-{name}", b"1"),
                        ("kafka_replyTopic", world.topic(f"replies.{name}" if int(name, 16) % 5 else "replies").encode())))
        world.client.flush(60)
        ask(world, topic)

    flood(SMALL // 4)
    before, names = peak(worker), series(worker)
    flood(SMALL)
    after, grown = peak(worker), series(worker)
    print(f"\n{SMALL} records of {before} -> {after} MB at most, {names} -> {grown} series")
    assert after < before + 40
    assert grown < names + 20
