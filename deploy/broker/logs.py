"""What the relay knows of the broker's logs: who writes to each just now, and where it ends.

Tansu 0.6.0 gives each writer its offsets before it stores the records: a reader that comes in between gets the later
writer's and goes on behind them; the earlier ones it never sees. So one request at a time writes to a log. And it looks for
new records a few times in a fetch's wait, each time through the whole log, which ends empty-handed where the wait is short
or the log long. So it is asked only when there is something to read, and a write wakes who waits for it.
"""

import asyncio
from dataclasses import dataclass, field

from log_protocol import Partition


@dataclass
class Log:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Of the request that writes; in the order in which they came."""
    end: int = 0
    """The offset after the last record; a log is empty when the broker starts, and all that is written comes through here."""
    readers: set[asyncio.Future] = field(default_factory=set)


class Logs:
    def __init__(self) -> None:
        self._logs: dict[Partition, Log] = {}

    def __getitem__(self, partition: Partition) -> Log:
        return self._logs.setdefault(partition, Log())

    def end(self, partition: Partition) -> int:
        return self[partition].end

    def grow(self, partition: Partition, end: int) -> None:
        log = self[partition]
        log.end = end
        for reader in log.readers:
            if not reader.done():
                reader.set_result(None)

    async def has_more(self, offsets: dict[Partition, int], seconds: float) -> bool:
        """Whether there is anything at or behind these offsets, or comes within a time."""
        # A log that is one's own start (below 0) or beyond its end is for the broker to judge.
        if any(offset < self.end(partition) for partition, offset in offsets.items()):
            return True
        grown = asyncio.get_running_loop().create_future()
        logs = [self[partition] for partition in offsets]
        for log in logs:
            log.readers.add(grown)
        try:
            async with asyncio.timeout(seconds):
                await grown
            return True
        except TimeoutError:
            return False
        finally:
            for log in logs:
                log.readers.discard(grown)


class Writing:
    """A request's turns at the logs that it writes to."""

    def __init__(self, logs: Logs, produce, version: int) -> None:
        self.logs = logs
        self.produce = produce
        self.version = version
        self.is_sent = False
        self._held: list[Log] = []

    async def take_turns(self) -> None:
        # All in one order: nobody waits for who waits for him.
        for partition in sorted(self.produce.counts):
            log = self.logs[partition]
            await log.turn.acquire()
            self._held.append(log)

    def end(self, answer: bytes) -> None:
        for partition, end in self.produce.ends(answer, self.version).items():
            self.logs.grow(partition, end)
        self._release()

    def give_up(self) -> None:
        """No answer comes. What may have been written is looked for until another write tells where the log ends."""
        if self.is_sent:
            for partition, count in self.produce.counts.items():
                self.logs.grow(partition, self.logs.end(partition) + count)
        self._release()

    def _release(self) -> None:
        while self._held:
            self._held.pop().turn.release()
