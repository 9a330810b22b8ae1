"""What the relay knows of the broker's logs: who writes to each just now, and where it ends.

Tansu 0.6.0 gives each writer its offsets before it stores the records: a reader that comes in between gets the later
writer's and goes on behind them; the earlier ones it never sees. So one connection at a time writes to a log; one after the
other is how the broker takes a connection's requests itself. And it looks for new records a few times in a fetch's wait,
each time through the whole log, which ends empty-handed where the wait is short or the log long. So it is asked only when
there is something to read, and a write wakes who waits for it.
"""

import asyncio
from dataclasses import dataclass, field

from log_protocol import Partition, Produce


@dataclass
class Log:
    end: int = 0
    """The offset after the last record, or more where that is not known: a reader then waits in the broker, for longer than
    it has to. A log is empty when the broker starts, and all that is written comes through here."""
    readers: set[asyncio.Future] = field(default_factory=set)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    writer: object = None
    """The connection whose turn it is."""
    under_way: int = 0
    """Its requests that have no answer yet."""
    waiting: int = 0

    async def take_turn(self, writer: object) -> None:
        if self.writer is writer and not self.waiting:
            self.under_way += 1
            return
        self.waiting += 1
        try:
            await self.turn.acquire()
        finally:
            self.waiting -= 1
        self.writer, self.under_way = writer, 1

    def give_turn(self) -> None:
        self.under_way -= 1
        if not self.under_way:
            self.writer = None
            self.turn.release()


class Logs:
    def __init__(self) -> None:
        self._logs: dict[Partition, Log] = {}

    def __getitem__(self, partition: Partition) -> Log:
        return self._logs.setdefault(partition, Log())

    def ends(self, partitions) -> dict[Partition, int]:
        return {partition: self[partition].end for partition in partitions}

    def grow(self, partition: Partition, end: int) -> None:
        log = self[partition]
        log.end = end
        for reader in log.readers:
            if not reader.done():
                reader.set_result(None)

    def empty(self, topic: str) -> None:
        """The topic was deleted: one of its name begins anew."""
        for (name, _), log in self._logs.items():
            if name == topic:
                log.end = 0

    async def wait_for_more(self, offsets: dict[Partition, int], seconds: float) -> bool:
        """Whether there is a record at one of these offsets, or comes within a time.

        One beyond a log's end is waited for; what comes of that on Apache Kafka (OFFSET_OUT_OF_RANGE) the broker can't tell
        either.
        """
        logs = [self[partition] for partition in offsets]
        try:
            async with asyncio.timeout(seconds):
                while not any(offset < log.end for offset, log in zip(offsets.values(), logs)):
                    grown = asyncio.get_running_loop().create_future()
                    for log in logs:
                        log.readers.add(grown)
                    try:
                        await grown
                    finally:
                        for log in logs:
                            log.readers.discard(grown)
            return True
        except TimeoutError:
            return False


class Writing:
    """A request's turns at the logs that it writes to."""

    def __init__(self, logs: Logs, produce: Produce, writer: object) -> None:
        self.logs = logs
        self.produce = produce
        self.writer = writer
        self.is_sent = False
        self._held: list[Log] = []

    async def take_turns(self) -> None:
        # All in one order, so that no two wait for each other.
        for partition in sorted(self.produce.counts):
            log = self.logs[partition]
            await log.take_turn(self.writer)
            self._held.append(log)

    def finish(self, answer: bytes) -> None:
        for partition, end in self.produce.ends(answer).items():
            self.logs.grow(partition, end)
        self._give_turns()

    def give_up(self) -> None:
        """No answer comes. What may have been written is looked for until another write tells where the log ends."""
        if self.is_sent:
            for partition, count in self.produce.counts.items():
                self.logs.grow(partition, self.logs[partition].end + count)
        self._give_turns()

    def _give_turns(self) -> None:
        while self._held:
            self._held.pop().give_turn()
