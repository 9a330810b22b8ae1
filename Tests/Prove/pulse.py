"""Sees when a consumer group stands still, and gets it going again.

The embedded broker (Tansu 0.6) loses its way in a group whose members come and go quickly: then nobody is given a partition
for good, whoever joins. Its remedy is to let it have no member for a session time-out. That is no fault of the workers, and
is done here in the open: the report counts it.
"""

import contextlib
import signal
import time
from collections import Counter

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from arena import WORKERS, Arena
from client import VERIFICATION

PATIENCE = 25.0
"""Seconds without an answer; twice as long for those that were started just now."""
SESSION = 8.0


class Pulse:
    def __init__(self, arena: Arena, say):
        self.arena = arena
        self.say = say
        self.last = dict.fromkeys(("enrollment", "verifier"), time.monotonic())
        self.revived: Counter[str] = Counter()
        self.deleted = 0
        self._read = 0

    def rest(self) -> None:
        """Begins to wait anew."""
        self.still()
        self.last = dict.fromkeys(self.last, time.monotonic())

    def still(self) -> list[str]:
        """The kinds of which no answer was read for some time."""
        messages, now = self.arena.client.messages, time.monotonic()
        end = len(messages)
        for message in messages[self._read : end]:
            if message.topic.endswith(".replies"):
                self.last["verifier" if message.type.startswith(VERIFICATION) else "enrollment"] = now
        self._read = end
        return [kind for kind, last in self.last.items() if now - last > PATIENCE]

    def revive(self, kind: str):
        """A generator like those of the faults."""
        self.revived[kind] += 1
        self.say(f"the group of {kind} stands still: emptied for {SESSION:.0f} s")
        for worker in self.arena.running(kind):
            worker.child.send(signal.SIGCONT)
            worker.child.send(signal.SIGKILL)
        self.last[kind] = time.monotonic() + SESSION
        yield SESSION
        # Where the broker does it, the offsets are lost with the group: all is read anew, and answered as it was.
        admin = AdminClient({**self.arena.broker.client_properties, "log_level": "2"})
        with contextlib.suppress(KafkaException):
            admin.delete_consumer_groups([self.arena.client.prefix + kind], request_timeout=3)[
                self.arena.client.prefix + kind].result(4)
            self.deleted += 1
        while len(self.arena.running(kind)) < WORKERS.count(kind):
            self.arena.start(kind)
        self.last[kind] = time.monotonic() + PATIENCE

    def watch(self):
        """Looks now and then; yields seconds to wait."""
        while True:
            for kind in self.still():
                yield from self.revive(kind)
            yield 1.0
