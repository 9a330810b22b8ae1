"""Logs of the embedded broker: who reads sees all that was written, in its order, and as soon as it is there."""

import asyncio
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy/broker"))

from log_protocol import Fetch, Produce, deleted  # noqa: E402
from logs import Logs, Writing  # noqa: E402
from processes import wait_until  # noqa: E402
from servers import Broker  # noqa: E402
from wire import DELETE_TOPICS, FETCH, PRODUCE, SPOKEN, Reader, Request, array, blob, text  # noqa: E402

PATIENCE = 30.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    broker = Broker(tmp_path_factory.mktemp("logs"), faults=True)
    if not broker.is_embedded:
        broker.close()
        pytest.skip("about the embedded broker")
    try:
        yield broker
    finally:
        broker.close()


@pytest.fixture
def topic(broker, request):
    """A topic; the tests write into its first partition."""
    create(broker, request.node.name)
    return request.node.name


def create(broker: Broker, topic: str) -> None:
    admin = AdminClient(quiet(broker))
    admin.create_topics([NewTopic(topic, 2, 1)])[topic].result(PATIENCE)


def quiet(broker: Broker) -> dict:
    return {"bootstrap.servers": broker.servers, "log_level": 0}


def write(broker: Broker, topic: str, values, **properties) -> None:
    producer = Producer({**quiet(broker), "linger.ms": 0, **properties})
    failures = []
    for value in values:
        producer.produce(topic, str(value).encode(), partition=0,
                         on_delivery=lambda error, _: failures.append(error) if error else None)
        producer.poll(0)
    assert producer.flush(PATIENCE) == 0 and not failures


class Tail:
    """Reads a topic's first partition from its beginning."""

    def __init__(self, broker: Broker, topic: str, **properties):
        self.consumer = Consumer({**quiet(broker), "group.id": "tail", "enable.auto.commit": False, **properties})
        self.consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
        self.next = 0

    def read(self, count: int) -> list[str]:
        """The next records, which have to be the log's next."""
        values = []
        while len(values) < count:
            record = self.consumer.poll(PATIENCE)
            assert record is not None, f"nothing after offset {self.next - 1}"
            assert record.error() is None and record.offset() == self.next
            self.next += 1
            values.append(record.value().decode())
        return values


def batch(count: int) -> bytes:
    """A record batch's head."""
    head = struct.pack(">iBIhi", 0, 2, 0, 0, count - 1)
    return struct.pack(">qi", 0, len(head) + 30) + head + bytes(30)


def produce(version: int = 8, acknowledgements: int = -1, **counts: int) -> tuple[Request, bytes]:
    """A request that writes so many records, each topic's in two batches, into partition 3."""
    frame = struct.pack(">hhi", PRODUCE, version, 7) + text("client") + text(None) + struct.pack(">hi", acknowledgements, 1_000)
    frame += array([text(name) + array([struct.pack(">i", 3) + blob(batch(1) + batch(count - 1))])
                    for name, count in counts.items()])
    return Request.of(frame), frame


def produced(version: int, error: int = 0, **bases: int) -> bytes:
    """The broker's answer: where the records of each topic begin."""
    more = struct.pack(">q", 0) if version >= 5 else b""
    more += array([]) + text(None) if version >= 8 else b""
    return struct.pack(">i", 7) + array([
        text(name) + array([struct.pack(">ihqq", 3, error, base, -1) + more]) for name, base in bases.items()
    ]) + struct.pack(">i", 0)


def fetch(version: int, **offsets: int) -> tuple[Request, bytes]:
    frame = struct.pack(">hhi", FETCH, version, 9) + text("client") + struct.pack(">iiiib", -1, 250, 1, 1_000, 0)
    frame += struct.pack(">ii", 0, -1) if version >= 7 else b""

    def log(offset: int) -> bytes:
        epoch = struct.pack(">i", -1) if version >= 9 else b""
        start = struct.pack(">q", -1) if version >= 5 else b""
        return struct.pack(">i", 3) + epoch + struct.pack(">q", offset) + start + struct.pack(">i", 500)

    frame += array([text(name) + array([log(offset)]) for name, offset in offsets.items()])
    return Request.of(frame), frame


def played(play):
    """A test of logs without a broker, on an event loop of its own."""

    def test():
        asyncio.run(asyncio.wait_for(play(Logs()), PATIENCE))

    return test


def writing(logs: Logs, writer: str, **counts: int) -> Writing:
    return Writing(logs, Produce.of(produce(**counts)[0]), writer)


@pytest.mark.parametrize("version", range(SPOKEN[PRODUCE][0], SPOKEN[PRODUCE][1] + 1))
def test_requests_to_write_are_read(version):
    request, frame = produce(version, acknowledgements=0, a=5, b=3)
    read = Produce.of(request)
    assert (read.wants_answer, read.counts) == (False, {("a", 3): 5, ("b", 3): 3})
    answered = read.with_acknowledgement(frame)
    assert len(answered) == len(frame) and Produce.of(Request.of(answered)).wants_answer
    assert read.ends(produced(version, a=100, b=0)) == {("a", 3): 105, ("b", 3): 3}
    assert read.ends(produced(version, error=-1, a=100)) == {}


@pytest.mark.parametrize("version", range(SPOKEN[FETCH][0], SPOKEN[FETCH][1] + 1))
def test_requests_to_read_are_read(version):
    request, frame = fetch(version, a=5, b=6)
    read = Fetch.of(request)
    assert (read.wait_seconds, read.offsets) == (0.25, {("a", 3): 5, ("b", 3): 6})
    patient = Fetch.of(Request.of(read.with_long_wait(frame)))
    assert patient.wait_seconds > read.wait_seconds and patient.offsets == read.offsets


@pytest.mark.parametrize("version", range(SPOKEN[FETCH][0], SPOKEN[FETCH][1] + 1))
def test_an_empty_answer_is_one_of_the_version(version):
    request, _ = fetch(version, b=6, a=5)
    answer = Reader(Fetch.of(request).empty_answer(request, {("a", 3): 50, ("b", 3): 60}))
    assert (answer.number("i"), answer.number("i")) == (9, 0)
    if version >= 7:
        assert (answer.number("h"), answer.number("i")) == (0, 0)

    def log() -> tuple[int, ...]:
        head = tuple(answer.number(form) for form in "ihqq")
        if version >= 5:
            answer.number("q")
        assert answer.array(lambda: pytest.fail("no transaction was aborted")) == []
        if version >= 11:
            assert answer.number("i") == -1
        assert answer.blob() == b""
        return head

    topics = answer.array(lambda: (answer.text(), answer.array(log)))
    assert topics == [("a", [(3, 0, 50, 50)]), ("b", [(3, 0, 60, 60)])]
    assert answer.position == len(answer.frame)


@pytest.mark.parametrize("version", range(SPOKEN[DELETE_TOPICS][0], SPOKEN[DELETE_TOPICS][1] + 1))
def test_requests_to_delete_are_read(version):
    frame = struct.pack(">hhi", DELETE_TOPICS, version, 5) + text("client") + array([text("a"), text("b")]) + struct.pack(">i", 10)
    assert deleted(Request.of(frame)) == ["a", "b"]


def test_a_version_that_nobody_was_told_of_is_refused():
    for key, (first, last) in SPOKEN.items():
        for version in {first - 1, last + 1} - {-1}:
            with pytest.raises(ValueError):
                Request.of(struct.pack(">hhi", key, version, 5) + text("client"))


@played
async def test_a_log_has_one_writer_at_a_time(logs):
    first, second, other = writing(logs, "one", a=3, b=2), writing(logs, "two", b=4, a=2), writing(logs, "three", c=2)
    await first.take_turns()
    waiting = asyncio.create_task(second.take_turns())
    await other.take_turns()
    done, _ = await asyncio.wait([waiting], timeout=0.05)
    assert not done
    first.finish(produced(8, a=0, b=10))
    await waiting
    assert logs.ends([("a", 3), ("b", 3)]) == {("a", 3): 3, ("b", 3): 12}


@played
async def test_a_writer_goes_on_until_somebody_waits(logs):
    first, next, late, other = (writing(logs, name, a=2) for name in ("one", "one", "one", "two"))
    await first.take_turns()
    await next.take_turns()
    waiting = [asyncio.create_task(one.take_turns()) for one in (other, late)]
    first.finish(produced(8, a=0))
    done, _ = await asyncio.wait(waiting, timeout=0.05)
    assert not done
    next.finish(produced(8, a=2))
    await waiting[0]
    assert not waiting[1].done()
    other.finish(produced(8, a=4))
    await waiting[1]


@played
async def test_an_answer_that_cannot_be_read_leaves_the_turn_to_be_given_up(logs):
    first, second = writing(logs, "one", a=2), writing(logs, "two", a=2)
    await first.take_turns()
    first.is_sent = True
    with pytest.raises(struct.error):
        first.finish(produced(8, a=0)[:12])
    first.give_up()
    await second.take_turns()


@played
async def test_who_is_cancelled_in_the_queue_leaves_it(logs):
    first, second, third = (writing(logs, name, a=2, b=2) for name in ("one", "two", "three"))
    await first.take_turns()
    waiting = asyncio.create_task(second.take_turns())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    second.give_up()
    first.finish(produced(8, a=0, b=0))
    await third.take_turns()
    assert logs.ends([("a", 3)]) == {("a", 3): 2}


@played
async def test_what_a_lost_answer_leaves_is_looked_for(logs):
    logs.grow(("a", 3), 5)
    sent, unsent = writing(logs, "one", a=3), writing(logs, "two", a=3)
    await sent.take_turns()
    sent.is_sent = True
    waiting = asyncio.create_task(unsent.take_turns())
    sent.give_up()
    await waiting
    assert await logs.wait_for_more({("a", 3): 7}, 0.01) and not await logs.wait_for_more({("a", 3): 8}, 0.01)
    unsent.give_up()
    assert logs[("a", 3)].end == 8


@played
async def test_a_reader_waits_for_what_is_to_come(logs):
    logs.grow(("a", 3), 5)
    assert await logs.wait_for_more({("a", 3): 4}, 0.01)
    assert not await logs.wait_for_more({("a", 3): 5}, 0.01)
    waiting = asyncio.create_task(logs.wait_for_more({("a", 3): 6, ("b", 3): 0}, PATIENCE))
    await asyncio.sleep(0)
    # Not yet what it waits for.
    logs.grow(("a", 3), 6)
    await asyncio.sleep(0)
    assert not waiting.done()
    logs.grow(("b", 3), 1)
    assert await waiting
    logs.empty("b")
    assert not await logs.wait_for_more({("b", 3): 0}, 0.01)


def test_a_write_wakes_who_reads(broker, topic):
    """The wait is longer than the test's patience."""
    tail = Tail(broker, topic, **{"fetch.wait.max.ms": 120_000, "socket.timeout.ms": 150_000})
    assert tail.consumer.poll(1.0) is None
    for value in ("1", "2", "3"):
        write(broker, topic, [value])
        assert tail.read(1) == [value]


def test_many_writers_leave_no_gap(broker, topic):
    tail, writers, each = Tail(broker, topic), 6, 2_000
    with ThreadPoolExecutor(writers) as pool:
        written = [pool.submit(write, broker, topic, [f"{writer}-{number}" for number in range(each)],
                               **{"batch.num.messages": 3}) for writer in range(writers)]
        values = tail.read(writers * each)
        for one in written:
            one.result()
    for writer in range(writers):
        own = [value for value in values if value.startswith(f"{writer}-")]
        assert own == [f"{writer}-{number}" for number in range(each)]


def test_a_long_log_is_read_with_a_short_wait(broker, topic):
    count = 4_000
    write(broker, topic, range(count), **{"batch.num.messages": 1})
    assert Tail(broker, topic, **{"fetch.wait.max.ms": 1}).read(count) == [str(number) for number in range(count)]


def test_who_wants_no_acknowledgement_writes_as_well(broker, topic):
    write(broker, topic, range(100), acks=0)
    assert len(Tail(broker, topic).read(100)) == 100


def test_a_writer_that_dies_holds_nobody_up(broker, topic):
    """Killed while it writes as fast as it can: others write on, and there is no hole."""
    script = ("import sys; from confluent_kafka import Producer\n"
              "producer = Producer({'bootstrap.servers': sys.argv[1], 'linger.ms': 0, 'batch.num.messages': 1})\n"
              "while True:\n"
              "    producer.produce(sys.argv[2], b'doomed', partition=0); producer.poll(0)\n"
              "    if len(producer) > 100: producer.flush()\n")
    tail, seen = Tail(broker, topic), []
    for round in range(5):
        child = subprocess.Popen([sys.executable, "-c", script, broker.servers, topic])
        try:
            while "doomed" not in seen[-1:]:
                seen += tail.read(1)
        finally:
            child.kill()
            child.wait()
        write(broker, topic, [f"survivor {round}"])
        while seen[-1] != f"survivor {round}":
            seen += tail.read(1)


def test_connections_that_are_cut_hold_nobody_up(broker, topic):
    tail, numbers = Tail(broker, topic), [str(number) for number in range(3_000)]
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(write, broker, topic, numbers, **{"batch.num.messages": 1})
        seen = []
        while "2999" not in seen[-1:]:
            seen += tail.read(1)
            if len(seen) % 500 == 0:
                broker.tell("cut")
        written.result()
    # What was under way at a cut is written again.
    assert sorted(set(seen), key=int) == numbers


def test_a_topic_made_anew_is_read_from_its_beginning(broker, topic):
    admin = AdminClient(quiet(broker))
    write(broker, topic, range(10))
    admin.delete_topics([topic])[topic].result(PATIENCE)
    wait_until(lambda: topic not in admin.list_topics(timeout=10).topics, PATIENCE, "the topic to be gone")
    create(broker, topic)
    write(broker, topic, ["new"])
    assert Tail(broker, topic).read(1) == ["new"]
