"""deploy/kafka-acls: what the executables may do on Kafka is what they do. Runs after all others.

The embedded broker has no ACLs: that they suffice on a cluster that has them can't be tried here."""

import collections
import os
import subprocess
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from system import WORKERS

SCRIPT = Path(__file__).resolve().parents[2] / "deploy/kafka-acls"


class Lists:
    """What the list allows: names by principal, operation and kind of resource."""

    def __init__(self, prefix: str):
        environment = {**os.environ, "TOPIC_PREFIX": prefix}
        out = subprocess.run([str(SCRIPT)], env=environment, capture_output=True, text=True, check=True).stdout
        self.lines = out.splitlines()
        self.literal, self.prefixed = collections.defaultdict(set), collections.defaultdict(set)
        for words in (line.split() for line in self.lines):
            assert words[:2] == ["--add", "--allow-principal"] and words[3] == "--operation", words
            place = (words[2].removeprefix("User:usertokens-"), words[4], words[5].removeprefix("--"))
            if words[5] != "--cluster":
                {"literal": self.literal, "prefixed": self.prefixed}[words[8]][place].add(words[6])

    def allows(self, principal: str, operation: str, topic: str) -> bool:
        place = (principal, operation, "topic")
        return topic in self.literal[place] or any(topic.startswith(name) for name in self.prefixed[place])


@pytest.fixture(scope="module")
def lists(world) -> Lists:
    return Lists(world.system.prefix)


@pytest.fixture(scope="module")
def topics(world) -> set[str]:
    """Those that `tokenctl topics create` makes."""
    lines = world.system.tokenctl("topics", "create").splitlines()
    return {line.split()[0] for line in lines}


def test_every_topic_is_known_and_has_a_reader_and_a_writer(lists, topics):
    for operation in ("Read", "Write"):
        named = set().union(*(names for (_, given, kind), names in lists.literal.items()
                              if (given, kind) == (operation, "topic")))
        assert named == topics


def test_nobody_may_do_more_than_read_write_and_look(lists):
    operations = {(principal, operation) for principal, operation, _ in (*lists.literal, *lists.prefixed)}
    assert {operation for principal, operation in operations if principal != "operator"} == {"Read", "Write"}
    assert {operation for principal, operation in operations if principal == "operator"} == {
        "Read", "Write", "Create", "Describe"}
    for line in lists.lines:
        assert line.endswith(("--cluster", "literal", "prefixed")) and "*" not in line


def test_no_service_may_write_what_it_answers_to(lists):
    for worker in WORKERS:
        for topic in lists.literal[worker, "Read", "topic"]:
            assert not lists.allows(worker, "Write", topic), (worker, topic)


def test_the_services_read_what_they_may(world, lists, topics, request):
    """Each group has offsets of the topics that it reads."""
    for worker in WORKERS:
        group = world.system.prefix + worker
        reads = lists.literal[worker, "Read", "topic"]
        assert lists.literal[worker, "Read", "group"] == ({group} if reads else set())
        if not reads:
            continue
        consumer = Consumer({**world.broker.client_properties, "group.id": group, "enable.auto.commit": False})
        try:
            places = [TopicPartition(topic, partition) for topic in topics if not topic.endswith(".dlq")
                      for partition in range(4)]
            found = {place.topic for place in consumer.committed(places, timeout=20) if place.offset >= 0}
        finally:
            consumer.close()
        assert found <= reads, worker
        assert found == reads or request.config.is_partial, worker


@pytest.fixture(scope="module")
def written(request, world, canaries) -> dict[str, set[str]]:
    """Topics by the service that wrote there, over all worlds; their prefixes are alike."""
    canaries.collect(world)
    found = collections.defaultdict(set)
    for message in canaries.messages:
        writer = message.header("dlq_service") or (message.header("ce_source") or "").removeprefix("/usertokens/")
        if writer in WORKERS:
            found[writer].add(message.topic)
    return found


def test_the_services_write_what_they_may(written, lists, request):
    for worker in WORKERS:
        for topic in written[worker]:
            assert lists.allows(worker, "Write", topic), (worker, topic)
        if not request.config.is_partial:
            allowed = {topic for topic in lists.literal[worker, "Write", "topic"] if not topic.endswith(".dlq")}
            assert allowed <= written[worker], worker
