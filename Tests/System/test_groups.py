"""Consumer groups of the embedded broker: what the tests of lanes rest on."""

import asyncio
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy/broker"))

from coordinator import (  # noqa: E402
    FENCED_INSTANCE_ID, ILLEGAL_GENERATION, MEMBER_ID_REQUIRED, REBALANCE_IN_PROGRESS, UNKNOWN_MEMBER_ID, Coordinator, Refused)
from servers import Broker  # noqa: E402

PROTOCOLS = {"range": b"subscription"}


class Group:
    """A group of a coordinator of its own, and its members' side."""

    def __init__(self):
        self.coordinator = Coordinator()
        self.group = self.coordinator.groups["g"]
        self.looking = asyncio.create_task(self.coordinator.look_after())

    async def join(self, member="", instance=None, session=10.0):
        return await self.group.join(member, instance, session, 10.0, PROTOCOLS, False, lambda: self.coordinator.new_id("t"))

    async def round(self, *joins):
        """Joins, and what the leader assigns: to each member its own id."""
        joined = await asyncio.gather(*joins)
        leader = next(one for one in joined if one.members)
        assignments = {id: id.encode() for id, _, _ in leader.members}
        got = await asyncio.gather(*(self.group.sync(one.member, None, one.generation, assignments if one is leader else {})
                                     for one in joined))
        assert got == [one.member.encode() for one in joined]
        return joined


def played(play):
    """A test of one group, on an event loop of its own."""

    def test():
        async def run():
            group = Group()
            try:
                await asyncio.wait_for(play(group), 20)
            finally:
                group.looking.cancel()

        asyncio.run(run())

    test.__doc__ = play.__doc__
    return test


@played
async def test_a_rejoin_is_a_new_generation(group):
    """What the broker's own groups get wrong: after a member has left the others get partitions by who is there now."""
    first, second = await group.round(group.join(), group.join())
    group.group.leave(second.member)
    with pytest.raises(Refused) as refused:
        group.group.heartbeat(first.member, None, first.generation)
    assert refused.value.code == REBALANCE_IN_PROGRESS
    [again] = await group.round(group.join(first.member))
    assert again.generation == first.generation + 1
    assert [id for id, _, _ in again.members] == [first.member]


@played
async def test_who_is_no_member_of_the_generation_is_refused(group):
    first, second = await group.round(group.join(), group.join())
    for member, generation, code in ((first.member, first.generation - 1, ILLEGAL_GENERATION),
                                     ("stranger", first.generation, UNKNOWN_MEMBER_ID)):
        with pytest.raises(Refused) as refused:
            group.group.check(member, None, generation)
        assert refused.value.code == code
    with pytest.raises(Refused) as refused:
        await group.join("stranger")
    assert refused.value.code == UNKNOWN_MEMBER_ID


@played
async def test_a_silent_member_is_missed_after_its_session(group):
    first, silent = await group.round(group.join(), group.join(session=0.5))
    while silent.member in group.group.members:
        group.group.check(first.member, None, first.generation)
        await asyncio.sleep(0.1)
    [again] = await group.round(group.join(first.member))
    assert [id for id, _, _ in again.members] == [first.member]


@played
async def test_a_static_member_takes_over_what_its_name_had(group):
    first, second = await group.round(group.join(instance="a"), group.join(instance="b"))
    again = await group.join(instance="a")
    assert again.generation == first.generation and again.member != first.member and not again.members
    assert await group.group.sync(again.member, "a", again.generation, {}) == first.member.encode()
    group.group.heartbeat(second.member, "b", second.generation)
    with pytest.raises(Refused) as refused:
        group.group.heartbeat(first.member, "a", first.generation)
    assert refused.value.code == FENCED_INSTANCE_ID


@played
async def test_a_new_member_is_told_its_id_first(group):
    with pytest.raises(Refused) as refused:
        await group.group.join("", None, 10, 10, PROTOCOLS, True, lambda: "named")
    assert (refused.value.code, refused.value.member) == (MEMBER_ID_REQUIRED, "named")
    [joined] = await group.round(group.join("named"))
    assert joined.member == "named"


class Reader(threading.Thread):
    """A member that commits what it reads, until it is told to leave."""

    def __init__(self, properties: dict, seen: Counter):
        super().__init__(daemon=True)
        self.properties = properties
        self.seen = seen
        self.leaves = False
        self.start()

    def run(self):
        consumer = Consumer({**self.properties, "group.id": "g", "auto.offset.reset": "earliest", "enable.auto.commit": False,
                             "log_level": 0})
        consumer.subscribe(["t"])
        while not self.leaves:
            record = consumer.poll(0.1)
            if record and not record.error():
                self.seen[record.value()] += 1
                try:
                    consumer.commit(record, asynchronous=False)
                except KafkaException:
                    # A rebalance took the partition away: its next owner reads the record again.
                    pass
        consumer.close()


def test_members_that_come_and_go_quickly_lose_nothing(tmp_path):
    broker = Broker(tmp_path, faults=False)
    if not broker.is_embedded:
        pytest.skip("about the embedded broker")
    try:
        client = {"bootstrap.servers": broker.servers, "log_level": 0}
        admin = AdminClient(client)
        admin.create_topics([NewTopic("t", 8, 1)])["t"].result()
        producer, seen, written = Producer(client), Counter(), 0
        readers = [Reader({**client, **broker.properties}, seen) for _ in range(2)]
        begin = time.monotonic()
        while time.monotonic() - begin < 10:
            for _ in range(10):
                producer.produce("t", str(written).encode())
                written += 1
            producer.flush()
            # One comes, then the longest there leaves, every second.
            if (time.monotonic() - begin) // 0.5 > len(readers) - 2:
                readers.append(Reader({**client, **broker.properties}, seen))
                readers[len(readers) - 3].leaves = True
            time.sleep(0.1)
        while len(seen) < written:
            assert time.monotonic() - begin < 50, f"{written - len(seen)} of {written} records were never read"
            time.sleep(0.1)
        for reader in readers:
            reader.leaves = True
        for reader in readers:
            reader.join(10)
    finally:
        broker.close()
