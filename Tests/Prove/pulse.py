"""Sees when a partition stands still, and whose fault that is.

The embedded broker (Tansu 0.6) loses its way in a group whose members come and go quickly: it answers a join with an
assignment from before, so that partitions belong to nobody for good, whoever joins. Its remedy is to let the group have no
member for a session time-out. That is no fault of the workers, and is done here in the open: the report counts it. A
partition that a worker has, by its own metrics, and does not answer is a finding.
"""

import contextlib
import json
import re
import signal
import time
from collections import Counter, defaultdict

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from arena import WORKERS, Arena

KINDS = {"commands.enrollment": "enrollment", "commands.verification": "verifier"}
PATIENCE = 25.0
"""Seconds that the oldest command of a partition may wait: longer than any fault and what the group needs after it."""
OWNED_PATIENCE = 60.0
"""The same where the partition has an owner, who may have come a moment ago."""
SESSION = 8.0
OWNED = re.compile(r'usertokens_consumer_lag\{topic="([^"]+)",partition="(\d+)"\}')


class Pulse:
    def __init__(self, arena: Arena, say):
        self.arena = arena
        self.say = say
        self.revived: Counter[str] = Counter()
        self.deleted = 0
        self.neglected: list[str] = []
        """Partitions that had an owner, who did not answer."""
        self._patient_since = dict.fromkeys(KINDS.values(), time.monotonic())
        self._read = 0
        self._answered: set[str] = set()
        self._waiting: dict[tuple[str, int], dict[str, float]] = defaultdict(dict)
        """By partition, the commands without an answer and when they were read."""

    def rest(self) -> None:
        """Begins to wait anew."""
        self._patient_since = dict.fromkeys(KINDS.values(), time.monotonic())

    def still(self) -> list[str]:
        """The kinds of workers of which nobody has a partition that waits."""
        self._follow()
        now = time.monotonic()
        oldest: dict[tuple[str, int], float] = {}
        for (topic, partition), waiting in self._waiting.items():
            if waiting:
                since = max(next(iter(waiting.values())), self._patient_since[KINDS[topic]])
                if now - since > PATIENCE:
                    oldest[topic, partition] = now - since
        found = []
        for topic, kind in KINDS.items():
            late = {partition: waits for (other, partition), waits in oldest.items() if other == topic}
            owned = self._owned(kind, topic) if late else set()
            neglected = [partition for partition, waits in late.items() if partition in owned and waits > OWNED_PATIENCE]
            self.neglected += [f"{topic}/{partition}: a worker has it and answered nothing for {late[partition]:.0f} s"
                               for partition in neglected]
            if neglected or not late.keys() <= owned:
                found.append(kind)
        return found

    def _owned(self, kind: str, topic: str) -> set[int]:
        pages = [worker.get("/metrics")[1] for worker in self.arena.running(kind)]
        return {int(partition) for page in pages for name, partition in OWNED.findall(page)
                if name == self.arena.client.prefix + topic}

    def _follow(self) -> None:
        """Reads on in what our client has read."""
        messages, now, prefix = self.arena.client.messages, time.monotonic(), self.arena.client.prefix
        end = len(messages)
        for message in messages[self._read : end]:
            topic = message.topic.removeprefix(prefix)
            if topic == "replies":
                self._answered.add(message.cause)
                for waiting in self._waiting.values():
                    waiting.pop(message.cause, None)
            elif topic in KINDS and not message.header("poison"):
                id = message.id or json.loads(message.value)["id"]
                if id not in self._answered:
                    self._waiting[topic, message.partition].setdefault(id, now)
        self._read = end

    def revive(self, kind: str):
        """A generator like those of the faults."""
        self.revived[kind] += 1
        self.say(f"the group of {kind} stands still: emptied for {SESSION:.0f} s")
        for worker in self.arena.running(kind):
            worker.child.send(signal.SIGCONT)
            worker.child.send(signal.SIGKILL)
        self._patient_since[kind] = time.monotonic() + SESSION
        yield SESSION
        # Where the broker does it, the offsets are lost with the group: all is read anew, and answered as it was.
        admin = AdminClient({**self.arena.broker.client_properties, "log_level": "2"})
        with contextlib.suppress(KafkaException):
            admin.delete_consumer_groups([self.arena.client.prefix + kind], request_timeout=3)[
                self.arena.client.prefix + kind].result(4)
            self.deleted += 1
        while len(self.arena.running(kind)) < WORKERS.count(kind):
            self.arena.start(kind)
        self._patient_since[kind] = time.monotonic()

    def watch(self):
        """Looks now and then; yields seconds to wait."""
        while True:
            for kind in self.still():
                yield from self.revive(kind)
            yield 1.0
