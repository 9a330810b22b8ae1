"""Kafka's requests and answers as bytes: https://kafka.apache.org/protocol, in the versions before flexible ones."""

import struct
from dataclasses import dataclass

PRODUCE, FETCH, OFFSET_COMMIT = 0, 1, 8
JOIN_GROUP, HEARTBEAT, LEAVE_GROUP, SYNC_GROUP = 11, 12, 13, 14
API_VERSIONS, DELETE_TOPICS = 18, 20
SPOKEN = {
    PRODUCE: (3, 8), FETCH: (4, 11), OFFSET_COMMIT: (0, 7),
    JOIN_GROUP: (0, 5), HEARTBEAT: (0, 3), LEAVE_GROUP: (0, 1), SYNC_GROUP: (0, 3),
    DELETE_TOPICS: (0, 3),
}
"""The versions that are read here, first and last: clients are told of no others."""


class Reader:
    def __init__(self, frame: bytes, position: int = 0):
        self.frame = frame
        self.position = position

    def number(self, form: str) -> int:
        (value,) = struct.unpack_from(">" + form, self.frame, self.position)
        self.position += struct.calcsize(form)
        return value

    def _bytes(self, length: int) -> bytes | None:
        if length < 0:
            return None
        value = self.frame[self.position : self.position + length]
        self.position += length
        return value

    def text(self) -> str | None:
        value = self._bytes(self.number("h"))
        return None if value is None else value.decode()

    def blob(self) -> bytes:
        return self._bytes(self.number("i")) or b""

    def array(self, read) -> list:
        return [read() for _ in range(self.number("i"))]


def text(value: str | None) -> bytes:
    return struct.pack(">h", -1) if value is None else struct.pack(">h", len(value.encode())) + value.encode()


def blob(value: bytes) -> bytes:
    return struct.pack(">i", len(value)) + value


def array(items: list[bytes]) -> bytes:
    return struct.pack(">i", len(items)) + b"".join(items)


@dataclass
class Request:
    key: int
    version: int
    correlation: int
    client: str
    reader: Reader
    """At the request's body."""

    @classmethod
    def of(cls, frame: bytes) -> "Request | None":
        """A request that is read here; None for all others. ValueError for one in a version that nobody was told of."""
        key, version, correlation = struct.unpack_from(">hhi", frame)
        if key not in SPOKEN:
            return None
        first, last = SPOKEN[key]
        if not first <= version <= last:
            raise ValueError(f"version {version} of API {key}")
        reader = Reader(frame, 8)
        return cls(key, version, correlation, reader.text() or "", reader)

    def answer(self, body: bytes, *, throttled_since: int) -> bytes:
        throttle = struct.pack(">i", 0) if self.version >= throttled_since else b""
        return struct.pack(">i", self.correlation) + throttle + body


def of_spoken_versions(entries: bytes, width: int) -> bytes:
    """The entries of an ApiVersions answer, `width` bytes each, with the versions that are read here at most."""
    clamped = b""
    for start in range(0, len(entries), width):
        key, low, high = struct.unpack_from(">hhh", entries, start)
        first, last = SPOKEN.get(key, (low, high))
        clamped += struct.pack(">hhh", key, max(low, first), min(high, last)) + entries[start + 6 : start + width]
    return clamped
