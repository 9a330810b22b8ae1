"""A client of User Tokens that shares nothing with it: CloudEvents over confluent-kafka, JOSE by joserfc."""

import base64
import json
import re
import subprocess
import threading
import time
import urllib.parse
import uuid
from collections import Counter
from dataclasses import dataclass, field

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from joserfc import jwe
from joserfc.jwk import OctKey

from processes import Failure

VERIFICATION = ("otp.", "token.reset", "token.unlock", "user.")
ANSWERS = ("replies", "events", "notifications", "commands.enrollment.dlq", "commands.verification.dlq", "users.dlq")


@dataclass(frozen=True)
class Message:
    """A record as it was read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None
    place: int = 0
    """Position in the order of reading."""
    timestamp: int = 0
    """Milliseconds since 1970, as the record bears them."""

    def header(self, name: str) -> str | None:
        values = [value for given, value in self.headers if given.lower() == name]
        return values[0].decode(errors="replace") if values and values[0] is not None else None

    @property
    def id(self) -> str | None:
        return self.header("ce_id")

    @property
    def type(self) -> str:
        """Without prefix and version."""
        return (self.header("ce_type") or "").removeprefix("usertokens.").replace(".v1", "")

    @property
    def cause(self) -> str | None:
        return self.header("ce_causationid")

    @property
    def data(self) -> dict:
        return json.loads(self.value)

    @property
    def status(self) -> str:
        return self.data["status"]

    @property
    def code(self) -> str | None:
        return self.data.get("code")

    @property
    def details(self) -> dict:
        return self.data.get("details", {})

    @property
    def result(self) -> dict:
        if self.status != "ok":
            raise Failure(f"not ok: {self.value.decode()}")
        return self.data["result"]


@dataclass(frozen=True)
class Command:
    """A command as it was written."""

    type: str
    key: str
    data: dict
    id: str
    source: str
    topic: str
    headers: list = field(default_factory=list)
    value: bytes = b""


class Client:
    """Writes commands, and reads everything that User Tokens writes from the beginning on, in a thread of its own."""

    def __init__(self, properties: dict[str, str], prefix: str = "tokens.", source: str = "/demo/iam"):
        self.prefix = prefix
        self.source = source
        # What its connections go through is no news for a person.
        properties = {**properties, "log_level": "2"}
        self.properties = properties
        # The Java client's partitioner: a user's commands share a partition whoever writes them.
        self.producer = Producer({**properties, "partitioner": "murmur2_random", "linger.ms": 0, "acks": "all"})
        # It joins no group: it reads all partitions.
        self.consumer = Consumer({**properties, "group.id": f"reader-{uuid.uuid4()}", "enable.auto.commit": False})
        self.messages: list[Message] = []
        self.written: list[Command] = []
        self.produced: Counter[str] = Counter()
        self._assigned: list[TopicPartition] = []
        self._wanted: list[str] = [prefix + name for name in ANSWERS]
        self._changed = threading.Condition()
        self._ended = False
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    # Writing

    def topic_of(self, type: str) -> str:
        return self.prefix + ("commands.verification" if type.startswith(VERIFICATION) else "commands.enrollment")

    def command(
        self,
        type: str,
        user: str = "~",
        data: dict | None = None,
        *,
        tenant: str = "default",
        id: str | None = None,
        source: str | None = None,
        topic: str | None = None,
        structured: bool = False,
        attributes: dict | None = None,
        headers: list | None = None,
    ) -> Command:
        """A command in binary mode, or in structured mode; `headers` are added as they are."""
        attributes = {
            "specversion": "1.0",
            "id": id or str(uuid.uuid4()),
            "source": source or self.source,
            "type": f"usertokens.{type}.v1",
            "tenant": tenant,
            **(attributes or {}),
        }
        attributes = {name: value for name, value in attributes.items() if value is not None}
        data = {} if data is None else data
        if structured:
            value = {**attributes, "datacontenttype": "application/json", "data": data}
            written = [("content-type", b"application/cloudevents+json")]
        else:
            value = data
            written = [(f"ce_{name}", str(value).encode()) for name, value in attributes.items()]
            written.append(("content-type", b"application/json"))
        return Command(
            type=type,
            key=f"{tenant}/{user}",
            data=data,
            id=attributes.get("id", ""),
            source=attributes.get("source", ""),
            topic=topic or self.topic_of(type),
            headers=written + (headers or []),
            value=json.dumps(value, ensure_ascii=False).encode(),
        )

    def write(self, command: Command, partition: int = -1, age: float = 0) -> Command:
        """Writes a command; `flush` makes sure that it has arrived."""
        self.produce(command.topic, command.key, command.value, command.headers, partition, age)
        self.written.append(command)
        return command

    def produce(self, topic: str, key, value, headers=(), partition: int = -1, age: float = 0) -> None:
        """Writes a record whose timestamp is `age` seconds ago, where the broker keeps it."""
        timestamp = int((time.time() - age) * 1000)
        while True:
            try:
                self.producer.produce(topic, key=key, value=value, headers=list(headers), partition=partition,
                                      timestamp=timestamp, on_delivery=self._delivered)
                break
            except BufferError:
                self.producer.poll(0.1)
        self.produced[topic] += 1
        self.producer.poll(0)

    def _delivered(self, error, record) -> None:
        if error is not None:
            with self._changed:
                self._failure = Failure(f"a record for {record.topic()} [{record.partition()}] was not written: {error}")
                self._changed.notify_all()

    def flush(self, timeout: float = 30) -> None:
        left = self.producer.flush(timeout)
        if self._failure:
            raise self._failure
        if left:
            raise Failure(f"{left} records could not be written within {timeout:g} s")

    def send(self, type: str, user: str = "~", data: dict | None = None, **options) -> Command:
        return self.write(self.command(type, user, data, **options))

    def ask(self, type: str, user: str = "~", data: dict | None = None, *, timeout: float = 30, **options) -> Message:
        """Writes a command and waits for its reply."""
        return self.reply(self.send(type, user, data, **options), timeout)

    # Reading

    def reply(self, command: Command, timeout: float = 30, topic: str | None = None) -> Message:
        """The first reply to a command."""
        return self.replies(command, 1, timeout, topic)[0]

    def replies(self, command: Command, count: int, timeout: float = 30, topic: str | None = None) -> list[Message]:
        where = topic or self.prefix + "replies"

        def found() -> list[Message]:
            return [message for message in self.messages if message.topic == where and message.cause == command.id]

        what = f"reply {count} to {command.type} of {command.key} ({command.id})"
        return self.wait(lambda: len(found()) >= count and found(), timeout, what)

    def events(self, command: Command, type: str, timeout: float = 20) -> list[Message]:
        """The events of one type that a command has caused."""
        return self.wait(lambda: self.find(topic="events", cause=command.id, type=type), timeout, f"event {type}")

    def event(self, type: str, timeout: float = 20, **data) -> Message:
        """An event of this type whose data, or the token in them, have these members."""

        def fits(message: Message) -> bool:
            content = message.data
            token = content.get("token") or {}
            return all(content.get(name, token.get(name)) == value for name, value in data.items())

        what = f"event {type} with {data}"
        return self.wait(lambda: [m for m in self.find(topic="events", type=type) if fits(m)], timeout, what)[0]

    def find(self, topic: str | None = None, cause: str | None = None, type: str | None = None) -> list[Message]:
        with self._changed:
            return [
                message
                for message in self.messages
                if (topic is None or message.topic == self.prefix + topic)
                and (cause is None or message.cause == cause)
                and (type is None or message.type == type)
            ]

    def wait(self, condition, timeout: float, what: str):
        """The first true value of `condition`, which is looked at whenever something was read."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                if self._failure:
                    raise self._failure
                value = condition()
                if value:
                    return value
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Failure(f"waited {timeout:g} s for {what}")
                self._changed.wait(left)

    def follow(self, topic: str) -> None:
        """Reads another topic too."""
        with self._changed:
            self._wanted.append(topic)
        self.wait(lambda: any(part.topic == topic for part in self._assigned), 20, f"topic {topic}")

    def read_anew(self) -> None:
        """Reads everything from its beginning: the broker is another one than before."""
        with self._changed:
            self._wanted = sorted({part.topic for part in self._assigned})
            self._assigned = []
        self.wait(lambda: self._assigned, 20, "the topics to be there again")

    def close(self) -> None:
        self._ended = True
        self._thread.join()
        self.producer.flush(5)

    def _assign(self) -> None:
        with self._changed:
            wanted, self._wanted = self._wanted, []
        topics = self.consumer.list_topics(timeout=20).topics
        new = [
            TopicPartition(topic, partition, OFFSET_BEGINNING)
            for topic in wanted
            if topic in topics
            for partition in topics[topic].partitions
        ]
        # Those read so far go on where they are.
        positions = self.consumer.position(self._assigned) if self._assigned else []
        going_on = [part if part.offset >= 0 else TopicPartition(part.topic, part.partition, OFFSET_BEGINNING)
                    for part in positions]
        self.consumer.assign(going_on + new)
        with self._changed:
            self._assigned = going_on + new
            self._changed.notify_all()

    def _read(self) -> None:
        try:
            while not self._ended:
                if self._wanted:
                    self._assign()
                record = self.consumer.poll(0.1)
                if record is None or record.error():
                    continue
                with self._changed:
                    headers = tuple(record.headers() or ())
                    message = Message(record.topic(), record.partition(), record.offset(), record.key(), headers,
                                      record.value(), len(self.messages), record.timestamp()[1])
                    self.messages.append(message)
                    self._changed.notify_all()
            self.consumer.close()
        except Exception as error:
            with self._changed:
                self._failure = error
                self._changed.notify_all()


class Registry(jwe.JWERegistry):
    """What a JWE may be here: a dead letter can be as large as a record."""

    max_ciphertext_length = 2 * 1024 * 1024

    def __init__(self):
        super().__init__(algorithms=["dir", "A256KW", "A256GCM"])


class Keys:
    """Opens and makes JWE with the keys of a key file."""

    def __init__(self, path: str):
        with open(path, encoding="utf-8") as file:
            self.keys = json.load(file)["keys"]

    def open(self, token: str | bytes, ring: str) -> bytes:
        """The plaintext of a JWE that was sealed for a ring."""
        text = token.decode() if isinstance(token, bytes) else token
        head = text.split(".")[0]
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        key = next(key for key in self.keys if key["kid"] == header["kid"])
        if key["ring"] != ring:
            raise Failure(f"sealed for ring {key['ring']}, not {ring}")
        return jwe.decrypt_compact(text, self._import(key), registry=Registry()).plaintext

    def seal(self, content: dict, ring: str = "submission", algorithm: str = "dir", **header) -> str:
        key = next(key for key in self.keys if key["ring"] == ring and key["state"] == "active")
        protected = {"alg": algorithm, "enc": "A256GCM", "kid": key["kid"], **header}
        return jwe.encrypt_compact(protected, json.dumps(content).encode(), self._import(key), registry=Registry())

    @staticmethod
    def _import(key: dict) -> OctKey:
        return OctKey.import_key({"kty": "oct", "k": key["k"]})


def otp_in(text: str) -> str:
    """The OTP in a message."""
    found = re.search(r"(?<![\d*])\d{6,10}(?![\d*])", text)
    if not found:
        raise Failure("no OTP in the message")
    return found[0]


def secret_of(uri: str) -> str:
    """The Base32 secret in an otpauth URI."""
    return urllib.parse.parse_qs(urllib.parse.urlsplit(uri).query)["secret"][0]


def totp(secret: str, at: float | None = None) -> str:
    """The TOTP of a Base32 secret, by oathtool."""
    when = time.time() if at is None else at
    stamp = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(when))
    return _oathtool(["--totp", "--now", stamp], secret)


def hotp(secret: str, counter: int, count: int = 1) -> list[str]:
    """Some HOTPs from a counter on, by oathtool."""
    return _oathtool(["--hotp", "-c", str(counter), "-w", str(count - 1)], secret).split()


def _oathtool(options: list[str], secret: str) -> str:
    done = subprocess.run(["oathtool", "-b", *options, "-"], input=secret, capture_output=True, text=True, check=True)
    return done.stdout.strip()
