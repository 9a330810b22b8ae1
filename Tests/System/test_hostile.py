"""Hostile records: each is answered or a dead letter, nothing happens twice, and the workers go on."""

import time
import uuid
from collections import Counter, defaultdict

import pytest
from confluent_kafka import Consumer, TopicPartition

from conftest import make_world
from mutation import MARK, Mutator, Record
from processes import wait_until
from world import base32_secret

COUNT = 10_000
DIRECTORY_COUNT = 2_000
SEED = 20_260_731


@pytest.fixture(scope="module")
def hostile(binaries, canaries):
    """A world of its own: what all this makes would be in the way of other tests."""
    settings = {"SCAN_INTERVAL": "1s", "SMS_COUNTRIES": "+41,+49"}
    yield from make_world(binaries, canaries, durable=False, settings=settings)


def valid_commands(world) -> dict[str, list[tuple[str, str, dict]]]:
    """Commands that would be executed, by topic."""
    commands = defaultdict(list)

    def add(type, user, data):
        topic = world.client.topic_of(type).removeprefix(world.system.prefix)
        commands[topic].append((f"usertokens.{type}.v1", f"default/{user}", data))

    for _ in range(20):
        person = world.person("hostile")
        sms, (hotp, secret) = person.enroll("sms")["tokenId"], person.enroll_hotp()
        challenge = person.request(sms)["challengeId"]
        values = person.hotp(secret, 0, 2)
        context = {"reference": "r-1", "text": "Pay 1 CHF", "fields": {"amount": 1}}
        for type, data in [
            ("token.enroll", {"tokenType": "email", "email": person.email, "description": "more"}),
            ("token.enroll", {"tokenType": "totp", "activate": "now", "expiresAt": "2126-01-01T00:00:00Z"}),
            ("token.enroll", {"tokenType": "recovery", "count": 3}),
            ("token.provision", {"tokenId": hotp}), ("token.edit", {"tokenId": sms, "description": "x", "ifVersion": 1}),
            ("token.disable", {"tokenId": hotp, "reason": "test"}), ("token.enable", {"tokenId": hotp}),
            ("token.delete", {"tokenId": str(uuid.uuid4())}), ("token.unassign", {"tokenId": hotp}),
            ("token.compromise", {"tokenId": hotp}), ("token.view", {"tokenId": sms}),
            ("token.list", {"status": "ACTIVE", "limit": 5, "expiresBefore": "2027-01-01T00:00:00Z"}),
            ("otp.request", {"purpose": "login", "tokenId": sms, "locale": "de"}),
            ("otp.request", {"purpose": "approval", "tokenId": sms, "context": context}),
            ("otp.verify", {"purpose": "login", "otp": values[0], "tokenId": hotp}),
            ("otp.verify", {"purpose": "login", "otp": "000000", "challengeId": challenge}),
            ("otp.verify", {"purpose": "approval", "otp": "000000", "context": context}),
            ("otp.cancel", {"challengeId": challenge}), ("otp.status", {"challengeId": challenge}),
            ("token.reset", {"tokenId": hotp, "otp1": values[0], "otp2": values[1]}),
            ("token.unlock", {"tokenId": hotp, "reason": "test"}), ("user.unlock", {"reason": "test"}),
        ]:
            add(type, person.id, data)
    for _ in range(20):
        serial = f"H{uuid.uuid4().hex[:12]}"
        device = {"serial": serial, "secret": base32_secret(), "counter": 3, "digits": 6, "userId": "x1"}
        add("token.import", "~stock", {"tokenType": "hotp-hardware", "tokens": [device]})
        add("token.list", "~stock", {"serial": serial, "limit": 3})
        add("token.compromise", "~stock", {"serial": serial, "reason": "test"})
        type = f"t-{serial.lower()}"
        policy = {"digits": 8, "lockSeconds": [1, 2], "notices": ["locked"], "lifetime": 3600}
        add("tokentype.define", "~types", {"tokenType": type, "kind": "sms", "names": {"en": "T"}, "policy": policy})
        add("tokentype.edit", "~types", {"tokenType": type, "policy": {"digits": None}, "names": {"en": None}})
        add("tokentype.retire", "~types", {"tokenType": type})
        add("tokentype.list", "~types", {})
    return commands


def resident(worker) -> int:
    """Memory of a worker in MB."""
    with open(f"/proc/{worker.child.pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))


def write(world, topic: str, records: list[Record]) -> None:
    for record in records:
        world.client.produce(topic, record.key, record.value, record.headers)


def partitions(consumer: Consumer, topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for number in consumer.list_topics(topic).topics[topic].partitions]


def done(world, service: str, topic: str) -> int:
    """How many records of a topic a service has committed."""
    consumer = Consumer({**world.client.properties, "group.id": world.topic(service), "enable.auto.commit": False})
    try:
        committed = consumer.committed(partitions(consumer, world.topic(topic)), timeout=20)
        return sum(max(part.offset, 0) for part in committed)
    finally:
        consumer.close()


def wait_until_passed(world, topic: str, timeout: float) -> None:
    """Until commands that were written after all others are answered, in every partition."""
    deadline = time.monotonic() + timeout
    type = "token.list" if topic == "commands.enrollment" else "user.unlock"
    for command in [world.person("after").send(type) for _ in range(24)]:
        # Looked at twice a second: each look goes through all that was read.
        wait_until(lambda: world.client.find(topic="replies", cause=command.id), max(1, deadline - time.monotonic()),
                   f"what comes after the records of {topic}", every=0.5)


@pytest.mark.parametrize("topic", ["commands.enrollment", "commands.verification"])
def test_ten_thousand_records_are_answered_or_dead_letters(hostile, topic):
    world = hostile
    commands = valid_commands(world)[topic]
    replies = [world.topic("replies"), world.topic("replies.absent"), world.topic("commands.enrollment"), "", "/etc", "é",
               world.topic("events"), "x" * 300, world.topic("replies.dlq")]
    records = Mutator(f"{SEED} {topic}", commands, replies).records(COUNT)
    before = {worker.kind: resident(worker) for worker in world.system.workers}
    started = time.monotonic()
    write(world, world.topic(topic), records)
    world.client.flush(120)
    wait_until_passed(world, topic, 240)
    seconds = time.monotonic() - started

    dead = Counter(message.header(MARK) for message in world.client.find(topic=f"{topic}.dlq"))
    answers = defaultdict(set)
    for message in world.client.find(topic="replies"):
        answers[message.cause].add((message.id, message.value))
    lost = [number for number, record in enumerate(records)
            if str(number) not in dead and not any(id in answers for id in record.ids)]
    assert not lost, f"{len(lost)} neither answered nor dead, such as {records[lost[0]]}"
    reasons = Counter(message.header("dlq_reason") for message in world.client.find(topic=f"{topic}.dlq"))
    assert "data_rejected" not in reasons, "a command that could be decoded got no answer: the database refused it"
    copies = defaultdict(set)
    for message in world.client.find(topic=f"{topic}.dlq"):
        copies[message.header(MARK)].add((message.value, message.headers))
    assert all(len(equal) == 1 for equal in copies.values()), "two dead letters of one record"
    check_effects(world)
    after = {worker.kind: resident(worker) for worker in world.system.workers}
    statuses = Counter(m.code or "ok" for m in world.client.find(topic="replies"))
    print(f"\n{topic}: {COUNT} records in {seconds:.1f} s, {len(dead)} dead letters, "
          f"answers {dict(statuses.most_common(6))}, MB {before} -> {after}")
    for kind, megabytes in after.items():
        assert megabytes < before[kind] + 150, f"{kind} grew from {before[kind]} to {megabytes} MB"
    assert all(worker.child.is_running for worker in world.system.workers)
    person = world.person("well")
    assert person.verify("123456").code == "no_active_token"
    assert person.enroll("sms")["status"] == "ACTIVE"


def check_effects(world) -> None:
    """Of each command at most one answer that tells of an execution, and each event once."""
    executed = defaultdict(set)
    for message in world.client.find(topic="replies"):
        if message.code not in ("id_reused", "malformed"):
            executed[message.cause, message.header("ce_tenant")].add((message.id, message.value))
    twice = [key for key, answers in executed.items() if len(answers) > 1]
    assert not twice, twice[:3]
    events = defaultdict(set)
    for message in world.client.find(topic="events"):
        events[message.id].add(message.value)
    assert all(len(values) == 1 for values in events.values())


def test_two_thousand_directory_records_stop_nobody(hostile):
    world = hostile
    people = [world.person("directory") for _ in range(20)]
    valid = [("user", f"default/{person.id}", {"phone": person.phone, "email": person.email, "locale": "de",
                                               "displayName": "D", "revision": number})
             for number, person in enumerate(people)]
    write(world, world.topic("users"), Mutator(SEED, valid, ["x"]).records(DIRECTORY_COUNT))
    for person in people:
        # A tombstone forgets whatever revision the records before it brought.
        world.client.produce(world.topic("users"), f"default/{person.id}", None)
        world.client.produce(world.topic("users"), f"default/{person.id}", b'{"phone":"+41790000042","revision":1}')
    world.client.flush(60)
    wait_until(lambda: done(world, "enrollment", "users") == DIRECTORY_COUNT + 2 * len(people), 60, "the directory",
               every=0.2)
    for person in people:
        reply = person.ask("token.enroll", {"tokenType": "virtual", "channel": "sms"})
        assert reply.result["token"]["device"] == "+41*******42"
    dead = Counter(message.header(MARK) for message in world.client.find(topic="users.dlq"))
    assert len(dead) > DIRECTORY_COUNT // 10 and max(dead.values()) == 1
    assert all(worker.child.is_running for worker in world.system.workers)


@pytest.mark.parametrize("service, topic", [("enrollment", "commands.enrollment"), ("verifier", "commands.verification"),
                                            ("enrollment", "users")])
def test_nothing_is_left_behind(hostile, service, topic):
    # Nobody else writes to these topics; a broker's own count of a compacted one may leave out what was replaced.
    written = hostile.client.produced[hostile.topic(topic)]
    assert written > DIRECTORY_COUNT
    wait_until(lambda: done(hostile, service, topic) == written, 20, f"{service} to be done with {topic}", every=0.1)
