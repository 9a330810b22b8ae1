"""Retention nests: what is kept where, for how long, and what comes of a command when one of them has forgotten it
(contract section 2; the limits of each store are in Tests/Model/README.md)."""

import hashlib
import json
import signal
from datetime import datetime, timedelta, timezone

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from accounting import answers
from conftest import make_world
from load import Edits, Verifications
from processes import wait_until

HOUR = 3600
# All that commands, records of the directory and deliveries change.
TABLES = ("token", "token_secret", "user_state", "user_contact", "challenge", "audit_log", "otp_send")
SERVICES = {"enrollment": ("commands.enrollment", "users"), "verifier": ("commands.verification",),
            "notifier": ("notifications",)}


@pytest.fixture
def kept(binaries, canaries):
    """A world of the test's own; it starts the workers."""
    yield from make_world(binaries, canaries, durable=False, faults=True, workers=())


def on_embedded(world, reason: str) -> None:
    if not world.broker.is_embedded:
        pytest.skip(reason)


def on_kafka(world, reason: str) -> None:
    if world.broker.is_embedded:
        pytest.skip(f"the embedded broker {reason}: set KAFKA_BOOTSTRAP_SERVERS")


def start(world, *kinds, **settings) -> None:
    for worker in [world.system.start(kind, **settings) for kind in kinds]:
        worker.wait_ready()


def stop(world) -> None:
    """Stops all workers; what they were doing is settled."""
    for worker in world.system.workers:
        worker.child.send(signal.SIGTERM)
    for worker in list(world.system.workers):
        assert worker.child.stop(timeout=30) == 0, worker.child.log_tail()
        world.canaries.logs[f"{world.system.directory.name}/{worker.child.log.name}"] = worker.child.log.read_text()
    world.system.workers.clear()


def digest(world, *tables) -> dict[str, str]:
    """What the tables hold."""
    return {table: world.database.query(f"SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), ''))"
                                        f" FROM {table} t")[0][0] for table in tables or TABLES}


def count(world, table: str) -> int:
    return int(world.database.query(f"SELECT count(*) FROM {table}")[0][0])


def partitions(world, topic: str) -> list[TopicPartition]:
    name = world.topic(topic)
    known = AdminClient(world.broker.client_properties).list_topics(topic=name, timeout=20).topics[name].partitions
    return [TopicPartition(name, number) for number in sorted(known)]


def group_offsets(world, service: str) -> list[TopicPartition]:
    """Of each partition that a service reads, the offset that its group has committed."""
    with_group = {**world.broker.client_properties, "group.id": world.topic(service)}
    consumer = Consumer(with_group)
    try:
        return consumer.committed([part for topic in SERVICES[service] for part in partitions(world, topic)], timeout=20)
    finally:
        consumer.close()


def put_back(world, service: str, offsets: list[TopicPartition]) -> None:
    """Commits offsets for a group that has no member."""
    consumer = Consumer({**world.broker.client_properties, "group.id": world.topic(service)})
    try:
        consumer.commit(offsets=offsets, asynchronous=False)
    finally:
        consumer.close()


def lose_offsets(world, way: str, *services) -> None:
    """Everything is read again: the group is deleted, or its offsets are set back to the beginning."""
    admin = AdminClient(world.broker.client_properties)
    for service in services:
        if way == "group deleted":
            for future in admin.delete_consumer_groups([world.topic(service)]).values():
                future.result(timeout=30)
        else:
            back = [TopicPartition(part.topic, part.partition, 0) for topic in SERVICES[service]
                    for part in partitions(world, topic)]
            put_back(world, service, back)


WAYS = pytest.mark.parametrize("way", ["group deleted", "set back to 0"])


def forget(world) -> None:
    """The inbox's rows are dropped as they are two days later; nobody is owed an answer."""
    kept = world.database.query("SELECT inbox_partitions_retire(now() + interval '2 days')")
    assert kept == [["0"]] and count(world, "inbox") == 0


def copies_of(world, commands) -> int:
    ids = {command.id for command in commands}
    return sum(message.cause in ids for message in world.client.find(topic="replies"))


def wait_for_copies(world, commands, copies: int) -> None:
    """Each record of the commands was answered so many times."""
    world.client.wait(lambda: copies_of(world, commands) >= copies, 90, f"{copies} answers")


def test_a_command_older_than_the_inbox_keeps_is_expired(kept):
    on_embedded(kept, "a topic with LogAppendTime keeps no producer's timestamp")
    start(kept, "enrollment", "verifier")
    person = kept.person("old")
    long_ago = (datetime.now(timezone.utc) - timedelta(days=9)).isoformat().replace("+00:00", "Z")
    just_now = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
    email = {"tokenType": "email", "email": person.email}
    # `ce_time` is the sender's word and counts for nothing; the record's timestamp counts.
    old = kept.client.command("token.enroll", person.id, email, attributes={"time": just_now})
    young = kept.client.command("token.enroll", person.id, email, attributes={"time": long_ago})
    nearly = kept.client.command("token.enroll", person.id, email)
    kept.client.write(old, age=24 * HOUR + 60)
    kept.client.write(young)
    kept.client.write(nearly, age=23 * HOUR)
    replies = answers(kept.client, [old, young, nearly])
    assert (replies[old.id].code, replies[young.id].status, replies[nearly.id].status) == ("expired", "ok", "ok")
    assert len(person.ask("token.list").result["tokens"]) == 2
    assert not kept.client.find(topic="events", cause=old.id)

    # A command that a person waits for is too old much sooner; the value that it brings is not spent.
    token, secret = person.enroll_hotp()
    [value] = person.hotp(secret, 0)
    login = {"otp": value, "purpose": "login", "tokenId": token}
    late = kept.client.write(kept.client.command("otp.verify", person.id, login), age=90)
    assert kept.client.reply(late).code == "expired"
    assert person.verify(value, tokenId=token).status == "ok"

    # Refused for good: the same command written again, now with a timestamp of now, gets the same answer.
    kept.client.write(old)
    first, again = kept.client.replies(old, 2)
    assert (first.id, first.value) == (again.id, again.value)
    assert len(person.ask("token.list", {"tokenType": "email"}).result["tokens"]) == 2


def test_age_is_counted_from_the_brokers_append_time(kept):
    on_kafka(kept, "does not honour LogAppendTime")
    start(kept, "enrollment")
    person = kept.person("append")
    command = kept.client.command("token.enroll", person.id, {"tokenType": "email", "email": person.email})
    kept.client.write(command, age=48 * HOUR)
    assert kept.client.reply(command).status == "ok"


@WAYS
def test_lost_offsets_execute_nothing_again_and_lose_nothing(kept, way):
    start(kept, "enrollment", "verifier")
    verifications, edits = Verifications(kept, users=4, rounds=12), Edits(kept, users=4, rounds=12)
    verifications.write(range(6))
    edits.write(range(6))
    verifications.check()
    edits.check()
    stop(kept)
    before = digest(kept)
    rows = count(kept, "inbox")
    old = verifications.commands + edits.commands
    copies = copies_of(kept, old)
    lose_offsets(kept, way, "enrollment", "verifier")

    start(kept, "enrollment", "verifier")
    wait_for_copies(kept, old, 2 * copies)
    # Equal bytes, in the order of before; nothing moved.
    answers(kept.client, old)
    assert digest(kept) == before and count(kept, "inbox") == rows
    verifications.write(range(6, 12))
    edits.write(range(6, 12))
    verifications.check()
    edits.check()


@WAYS
def test_beyond_the_horizon_lost_offsets_are_met_with_silence(kept, way):
    on_embedded(kept, "a topic with LogAppendTime keeps no producer's timestamp")
    # What is executed within the longer window is too old for the shorter one.
    start(kept, "enrollment", INBOX_RETENTION="48h")
    people = [kept.person("horizon") for _ in range(6)]

    def enroll(person):
        command = kept.client.command("token.enroll", person.id, {"tokenType": "email", "email": person.email})
        return kept.client.write(command, age=25 * HOUR)

    done = [enroll(person) for person in people for _ in range(3)]
    assert all(reply.status == "ok" for reply in answers(kept.client, done).values())
    stop(kept)
    forget(kept)
    before = digest(kept)
    never_read = [enroll(person) for person in people]
    kept.client.flush()
    lose_offsets(kept, way, "enrollment")

    start(kept, "enrollment", INBOX_RETENTION="24h")
    replies = answers(kept.client, never_read)
    assert {reply.code for reply in replies.values()} == {"expired"}
    worker = kept.worker("enrollment")
    wait_until(lambda: worker.metric("usertokens_silent_skips_total") == len(done), 30, "the silence to be counted")
    assert copies_of(kept, done) == len(done)
    assert digest(kept, "token", "token_secret", "user_state") == {
        table: before[table] for table in ("token", "token_secret", "user_state")}
    assert count(kept, "inbox") == len(never_read)
    stop(kept)

    # What was refused is remembered, what was done is still met with silence.
    before = digest(kept)
    lose_offsets(kept, way, "enrollment")
    start(kept, "enrollment", INBOX_RETENTION="24h")
    wait_for_copies(kept, never_read, 2 * len(never_read))
    answers(kept.client, never_read)
    assert copies_of(kept, done) == len(done)
    assert digest(kept) == before
    after = [person.enroll("sms") for person in people]
    assert all(token["status"] == "ACTIVE" for token in after)


def test_what_kafka_has_removed_is_answered_all_the_same(kept):
    on_kafka(kept, "can't delete records")
    start(kept, "enrollment")
    edits = Edits(kept, users=4, rounds=8)
    edits.write(range(4))
    edits.check()
    stop(kept)
    offsets = group_offsets(kept, "enrollment")
    removed = [part for part in offsets if part.topic == kept.topic("commands.enrollment") and part.offset > 0]
    for future in AdminClient(kept.broker.client_properties).delete_records(removed).values():
        future.result(timeout=30)
    lose_offsets(kept, "group deleted", "enrollment")
    before = digest(kept)
    start(kept, "enrollment")
    assert digest(kept) == before
    edits.write(range(4, 8))
    edits.check()


@pytest.mark.parametrize("offsets", ["gone with it", "put back"])
def test_a_topic_created_anew_is_read_from_its_beginning(kept, offsets):
    """Deleted and made again while no worker runs. Where the group's offsets survive, they may lie within the new log,
    at its end or beyond it."""
    topic = kept.topic("commands.enrollment")
    start(kept, "enrollment", "verifier")
    edits = Edits(kept, users=6, rounds=8)
    edits.write(range(5))
    edits.check()
    stop(kept)
    known = [part for part in group_offsets(kept, "enrollment") if part.topic == topic and part.offset > 0]
    assert len(known) > 1
    before = digest(kept)

    admin = AdminClient(kept.broker.client_properties)
    admin.delete_topics([topic])[topic].result(timeout=30)
    wait_until(lambda: topic not in admin.list_topics(timeout=10).topics, 30, "the topic to be gone")
    kept.system.tokenctl("topics", "create", "--partitions", "4")
    wait_until(lambda: topic in admin.list_topics(timeout=10).topics, 30, "the topic to be back")
    edits.write(range(5, 6))
    kept.client.flush()
    if offsets == "put back":
        put_back(kept, "enrollment", known)
    assert digest(kept) == before

    start(kept, "enrollment", "verifier")
    edits.check()
    edits.write(range(6, 8))
    edits.check()


def is_stored(world, command) -> bool:
    """Whether the inbox has the command: by the first 16 bytes of SHA-256 over tenant, source and id."""
    key = hashlib.sha256(b"\0".join([b"default", command.source.encode(), command.id.encode()])).hexdigest()[:32]
    return world.database.query(f"SELECT count(*) FROM inbox WHERE key = '{key}'") == [["1"]]


def test_the_embedded_brokers_restart_loses_and_repeats_nothing(kept):
    """An empty broker: the topics are made anew and the workers started again; the database keeps its lanes, and what
    they owed."""
    on_embedded(kept, "restarts a broker: only a private one")
    start(kept, "enrollment", "verifier")
    verifications, edits = Verifications(kept, users=4, rounds=9), Edits(kept, users=4, rounds=9)
    for load in (verifications, edits):
        load.write(range(3))
        load.check()
    # All at once before a worker that wakes up: it commits no more than two batches ahead of the acknowledgements. And our
    # own are not held back, or our client would write again what it does not know to be written.
    for worker in kept.system.workers:
        worker.child.send(signal.SIGSTOP)
    owed = verifications.write(range(3, 4))
    kept.client.flush()
    kept.broker.tell("hold produce")
    for worker in kept.system.workers:
        worker.child.send(signal.SIGCONT)
    wait_until(lambda: all(is_stored(kept, command) for command in owed), 30, "commits without acknowledgement")
    for worker in kept.system.workers:
        worker.child.kill()
    kept.system.workers.clear()
    before = digest(kept)
    kept.broker.stop()
    mark = len(kept.client.messages)
    kept.broker.start()
    kept.system.tokenctl("topics", "create", "--partitions", "4")
    kept.client.read_anew()

    start(kept, "enrollment", "verifier")
    # Nobody has written these commands to this broker.
    kept.client.wait(lambda: {command.id for command in owed} <= {message.cause for message in kept.client.messages[mark:]},
                     30, "the answers that were owed")
    assert digest(kept) == before
    # Written again, each has one effect in all.
    for command in owed:
        kept.client.write(command)
    verifications.write(range(4, 9))
    edits.write(range(3, 9))
    verifications.check()
    edits.check()


def test_what_is_owed_outlives_the_inboxs_keep_time(kept):
    """Interleaving 9: nobody acknowledges an answer until its row's time is over. It is kept, which is told, and sent."""
    on_embedded(kept, "holds acknowledgements back: only those of a broker with a relay")
    start(kept, "enrollment")
    person = kept.person("owed")
    kept.broker.tell("hold produce")
    command = person.send("token.enroll", {"tokenType": "email", "email": person.email})
    wait_until(lambda: is_stored(kept, command), 30, "the commit")
    kept.worker("enrollment").child.kill()
    kept.system.workers.clear()
    kept.database.query("""
        CREATE TABLE inbox_20200101 PARTITION OF inbox FOR VALUES FROM ('2020-01-01Z') TO ('2020-01-02Z');
        UPDATE inbox SET received_at = '2020-01-01 12:00Z';
        UPDATE lane SET unanswered_since = '2020-01-01 12:00Z' WHERE batch_seq > answered_through""")
    kept.broker.tell("hold off")
    start(kept, "expiry-scanner")
    log = kept.worker("expiry-scanner").child.log
    wait_until(lambda: "inbox partitions past their time still hold answers" in log.read_text(), 30, "the alert")
    assert is_stored(kept, command)

    copies = copies_of(kept, [command])
    start(kept, "enrollment")
    wait_for_copies(kept, [command], copies + 1)
    assert answers(kept.client, [command])[command.id].status == "ok"
    stop(kept)
    start(kept, "expiry-scanner")
    wait_until(lambda: not is_stored(kept, command), 30, "the partition to be dropped")


def all_delivered(world) -> bool:
    """Whether the notifier's group is at the end of what was written."""
    offsets = {part.partition: part.offset for part in group_offsets(world, "notifier")}
    return all(offsets[message.partition] > message.offset for message in world.client.find(topic="notifications"))


@WAYS
def test_notifications_read_again_are_sent_to_nobody_again(kept, way):
    start(kept, "enrollment", "verifier", "notifier")
    people = [kept.person("again") for _ in range(5)]
    for person in people:
        challenge = person.request(person.enroll("sms")["tokenId"])["challengeId"]
        otp = person.received()
        kept.client.event("notification.sent", challengeId=challenge)
        assert person.verify(otp, challengeId=challenge).status == "ok"
    # One whose challenge ends after it was sent: read again, it is not told to be dropped.
    token = people[0].enroll("email")["tokenId"]
    voided = people[0].request(token)["challengeId"]
    kept.client.event("notification.sent", challengeId=voided)
    people[0].ask("token.delete", {"tokenId": token}).result
    wait_until(lambda: all_delivered(kept), 30, "the group's offsets")
    stop(kept)
    sent = len(kept.receiver.messages())

    def told() -> set:
        return {(event.type, event.id, event.value) for event in kept.client.find(topic="events")
                if event.type.startswith("notification.")}

    before, rows = told(), digest(kept, "delivery")
    lose_offsets(kept, way, "notifier")
    assert not all_delivered(kept)
    start(kept, "notifier")
    wait_until(lambda: all_delivered(kept), 30, "all notifications to be read again")
    assert len(kept.receiver.messages()) == sent
    assert told() == before and digest(kept, "delivery") == rows
    start(kept, "verifier", "enrollment")
    newcomer = kept.person("later")
    challenge = newcomer.request(newcomer.enroll("sms")["tokenId"])["challengeId"]
    assert newcomer.verify(newcomer.received(), challengeId=challenge).status == "ok"


@WAYS
@pytest.mark.parametrize("horizon", ["within", "beyond"])
def test_the_directory_read_again_changes_nothing_back(kept, way, horizon):
    age = 25 * HOUR if horizon == "beyond" else 0
    if age:
        on_embedded(kept, "a topic with LogAppendTime keeps no producer's timestamp")
    start(kept, "enrollment", INBOX_RETENTION="48h")
    moved, left, back = (kept.person("directory") for _ in range(3))

    def tell(person, data: dict | None, **options) -> None:
        value = None if data is None else json.dumps(data).encode()
        kept.client.produce(kept.topic("users"), f"default/{person.id}", value, **options)

    # A tombstone forgets the revision: what was before it would count as new.
    history = [(moved, {"revision": 1, "phone": moved.phone}), (moved, {"revision": 2, "email": moved.email}),
               (left, {"revision": 1, "phone": left.phone}), (left, {"revision": 7, "email": left.email}), (left, None),
               (back, {"revision": 5, "phone": back.phone}), (back, None), (back, {"revision": 1, "email": back.email})]
    for person, data in history:
        tell(person, data, age=age)
    wanted = sorted([["", moved.email, "2"], ["", back.email, "1"]])

    def contacts() -> list:
        return sorted(kept.database.query("SELECT phone, email, revision FROM user_contact WHERE display_name IS NULL"))

    def told() -> set:
        return {(event.id, event.value) for event in kept.client.find(topic="events")}

    wait_until(lambda: contacts() == wanted, 30, "the directory")
    stop(kept)
    if age:
        forget(kept)
    before, changes = digest(kept, "token", "challenge"), len(told())
    lose_offsets(kept, way, "enrollment")

    start(kept, "enrollment", INBOX_RETENTION="24h")
    # Behind the last record of each partition.
    for number in range(4):
        later = kept.person("later")
        tell(later, {"revision": 1, "email": later.email, "displayName": "later"}, partition=number)
    wait_until(lambda: count(kept, "user_contact WHERE display_name = 'later'") == 4, 60, "what came later")
    assert contacts() == wanted and digest(kept, "token", "challenge") == before
    silent = kept.worker("enrollment").metric("usertokens_silent_skips_total")
    assert silent == (len(history) if age else 0)
    kept.client.wait(lambda: len(told()) >= changes + 4, 20, "the events of what came later")
    assert len(told()) == changes + 4
