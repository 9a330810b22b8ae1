"""One worker, four partitions: a tenant floods some of them while another one, on a quiet partition, asks one thing at a
time. How long does that one wait, and how many records of the flood are answered meanwhile? Of the notifier: how long
does its message wait, and how many of the flood's are sent meanwhile, by a gateway that takes a second for each?"""

import json
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from client import VERIFICATION, Keys
from processes import Failure, wait_until
from system import System
from world import base32_secret, in_seconds

QUIET = 3
"""The partition that the flood spares."""


@dataclass(frozen=True)
class Flood:
    name: str
    type: str
    count: int
    partitions: tuple[int, ...]
    bytes: int = 0
    """Of a member that nobody reads; the data of an import have a size of their own."""
    is_poison: bool = False


@dataclass(frozen=True)
class Figures:
    samples: list[float]
    """Milliseconds from writing a command to reading its reply."""
    ahead: list[int]
    """How many records of the flood were answered meanwhile."""
    flood_seconds: float = 0.0

    def line(self) -> str:
        ordered, ahead = sorted(self.samples), sorted(self.ahead)
        at = lambda values, share: values[min(len(values) - 1, int(share * len(values)))]
        return (f"{len(ordered):4} asked, ms p50 {at(ordered, 0.5):.1f} p99 {at(ordered, 0.99):.1f} max {ordered[-1]:.1f}; "
                f"flood answered meanwhile p50 {at(ahead, 0.5)} max {ahead[-1]}")


class Replies:
    """Reads a reply topic in a thread of its own: counts, and knows when each command was answered."""

    def __init__(self, properties: dict[str, str], topic: str):
        self.count = 0
        self.at: dict[str, float] = {}
        self.came = threading.Condition()
        self._ended = False
        self._consumer = Consumer({**properties, "group.id": f"reader-{uuid.uuid4()}", "enable.auto.commit": False})
        parts = self._consumer.list_topics(topic, 10).topics[topic].partitions
        self._consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in parts])
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._ended:
            message = self._consumer.poll(0.05)
            if message is None or message.error():
                continue
            cause = dict(message.headers() or []).get("ce_causationid", b"").decode()
            with self.came:
                self.count += 1
                self.at[cause] = time.monotonic()
                self.came.notify_all()

    def wait(self, id: str, timeout: float) -> float:
        with self.came:
            if not self.came.wait_for(lambda: id in self.at, timeout):
                raise Failure(f"no answer within {timeout:g} s")
            return self.at[id]

    def close(self) -> None:
        self._ended = True
        self._thread.join()
        self._consumer.close()


class FairnessRun:
    def __init__(self, directory: Path, binaries: Path, kind: str):
        self.kind = kind
        self.system = System(directory, binaries, partitions=4)
        self.replies = self.flooded = None
        try:
            self.system.tokenctl("tenant", "add", "flood")
            properties = {**self.system.broker.client_properties, "log_level": "2"}
            self.topics = {name: self.system.prefix + name for name in ("replies.quiet", "replies.flood")}
            admin = AdminClient(properties)
            for future in admin.create_topics([NewTopic(name, 1) for name in self.topics.values()]).values():
                future.result(20)
            self.producer = Producer({**properties, "linger.ms": 0, "message.max.bytes": 2_000_000,
                                      "queue.buffering.max.kbytes": 1_000_000})
            self.replies = Replies(properties, self.topics["replies.quiet"])
            self.flooded = Replies(properties, self.topics["replies.flood"])
            self.worker = self.system.start_all((kind,))[0]
        except BaseException:
            self.close()
            raise

    def write(self, type: str, key: str, data: dict | bytes, partition: int, replies: str, **attributes: str) -> str:
        id = str(uuid.uuid4())
        named = {"specversion": "1.0", "id": id, "source": "/tests/fairness", "type": f"usertokens.{type}.v1",
                 "tenant": key.split("/")[0], **attributes}
        headers = [(f"ce_{name}", value.encode()) for name, value in named.items()]
        headers += [("content-type", b"application/json"), ("kafka_replyTopic", self.topics[replies].encode())]
        topic = self.system.prefix + ("notifications" if type.startswith("notification.") else
                                      "commands.verification" if type.startswith(VERIFICATION) else "commands.enrollment")
        value = data if isinstance(data, bytes) else json.dumps(data).encode()
        while True:
            try:
                self.producer.produce(topic, key=key, value=value, headers=headers, partition=partition)
                return id
            except BufferError:
                self.producer.poll(0.1)

    def ask(self) -> tuple[float, int]:
        """One question on the quiet partition: milliseconds, and what of the flood was answered meanwhile."""
        before, start = self.flooded.count, time.monotonic()
        if self.kind == "verifier":
            id = self.write("otp.verify", "default/quiet", {"purpose": "login", "otp": "000000"}, QUIET, "replies.quiet")
        else:
            id = self.write("token.list", "default/quiet", {}, QUIET, "replies.quiet")
        self.producer.flush(60)
        return (self.replies.wait(id, 300) - start) * 1_000, self.flooded.count - before

    def measure(self, count: int) -> Figures:
        """Without a flood."""
        asked = [self.ask() for _ in range(count)]
        return Figures([ms for ms, _ in asked], [ahead for _, ahead in asked])

    def measure_under(self, flood: Flood) -> Figures:
        before, start = self.flooded.count, time.monotonic()
        for number in range(flood.count):
            self.write(flood.type, f"flood/{'~stock' if flood.type == 'token.import' else number % 2_000}",
                       self._data(flood, number), flood.partitions[number % len(flood.partitions)], "replies.flood",
                       **({"time": ""} if flood.is_poison else {}))
            self.producer.poll(0)
        self.producer.flush(120)
        wait_until(lambda: self.flooded.count > before, 60, "the flood to begin", every=0.005)
        asked = []
        while self.flooded.count - before < flood.count:
            asked.append(self.ask())
        if not asked:
            raise Failure("the flood was over before anything was asked")
        return Figures([ms for ms, _ in asked], [ahead for _, ahead in asked], time.monotonic() - start)

    def _data(self, flood: Flood, number: int) -> dict | bytes:
        if flood.type == "token.import":
            devices = [{"serial": f"F{number}-{index}", "secret": base32_secret()} for index in range(1_000)]
            return {"tokenType": "hotp-hardware", "tokens": devices}
        return {"purpose": "login", "otp": "000000", **({"padding": "x" * flood.bytes} if flood.bytes else {})}

    # The notifier

    def note(self, tenant: str, number: int, partition: int) -> str:
        """An OTP by SMS; gives back the phone."""
        to, end = f"+4179{number:07}", time.time() + 600
        sealed = self.keys.seal({
            "tenant": tenant, "userId": "someone", "use": "notification", "exp": int(end), "to": to, "otp": "12345678",
            "typeName": "Code", "maskedDevice": "***", "minutes": 1,
        }, ring="notification")
        data = {"notificationId": str(uuid.uuid4()), "channel": "sms", "template": "otp", "locale": "en",
                "tokenId": "01930000-0000-7000-8000-000000000000", "sealed": sealed}
        self.write("notification.deliver", f"{tenant}/someone", data, partition, "replies.quiet",
                   expirytime=in_seconds(600))
        return to

    def measure_notes(self, flood: int, count: int) -> Figures:
        self.keys = Keys(self.system.settings["KEYS_FILE"])
        self.system.receiver.misbehave(http="slow")
        sent = lambda: self.system.receiver.messages()
        for number in range(flood):
            self.note("flood", number, 0)
        self.producer.flush(60)
        wait_until(sent, 60, "the flood to begin", every=0.05)
        asked = []
        for number in range(9_000_000, 9_000_000 + count):
            start, before = time.monotonic(), len(sent())
            to = self.note("default", number, QUIET)
            self.producer.flush(60)
            wait_until(lambda: any(message["to"] == to for message in sent()), 300, "the quiet tenant's message", every=0.02)
            asked.append(((time.monotonic() - start) * 1_000, len(sent()) - before))
        return Figures([ms for ms, _ in asked], [ahead for _, ahead in asked])

    def close(self) -> None:
        for replies in (self.replies, self.flooded):
            if replies:
                replies.close()
        self.system.close()
