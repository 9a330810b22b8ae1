"""Requests to write to logs, to read them and to delete them, and their answers, as bytes."""

import struct
from dataclasses import dataclass
from itertools import groupby

from wire import Reader, Request, array, text

Partition = tuple[str, int]

NO_ACKNOWLEDGEMENT = 0
FROM_ALL = -1
LONG_WAIT_MILLISECONDS = 1_000


@dataclass
class Produce:
    version: int
    acknowledgements_at: int
    wants_answer: bool
    counts: dict[Partition, int]
    """How many records go where."""

    @classmethod
    def of(cls, request: Request) -> "Produce":
        reader = request.reader
        reader.text()
        at = reader.position
        wants_answer = reader.number("h") != NO_ACKNOWLEDGEMENT
        reader.number("i")
        topics = reader.array(lambda: (reader.text() or "", reader.array(lambda: (reader.number("i"), _count(reader)))))
        return cls(request.version, at, wants_answer, {(topic, index): count for topic, logs in topics for index, count in logs})

    def with_acknowledgement(self, frame: bytes) -> bytes:
        """The request as one that the broker answers in any case."""
        return frame[: self.acknowledgements_at] + struct.pack(">h", FROM_ALL) + frame[self.acknowledgements_at + 2 :]

    def ends(self, answer: bytes) -> dict[Partition, int]:
        """Where the logs end that the broker has written to, by its answer."""
        reader = Reader(answer, 4)
        ends: dict[Partition, int] = {}

        def partition(topic: str) -> None:
            index, error, base = reader.number("i"), reader.number("h"), reader.number("q")
            reader.number("q")
            if self.version >= 5:
                reader.number("q")
            if self.version >= 8:
                reader.array(lambda: (reader.number("i"), reader.text()))
                reader.text()
            if error == 0:
                ends[topic, index] = base + self.counts.get((topic, index), 0)

        def topic() -> None:
            name = reader.text() or ""
            reader.array(lambda: partition(name))

        reader.array(topic)
        return ends


def _count(reader: Reader) -> int:
    """How many records there are in record batches: each says which is its last one."""
    length = max(0, reader.number("i"))
    at, end, count = reader.position, reader.position + length, 0
    while at + 27 <= end:
        size, last = struct.unpack_from(">i", reader.frame, at + 8)[0], struct.unpack_from(">i", reader.frame, at + 23)[0]
        count += last + 1
        at += 12 + max(size, 0)
    reader.position = end
    return count


@dataclass
class Fetch:
    wait_at: int
    wait_seconds: float
    offsets: dict[Partition, int]
    """What is to be read, and from where."""

    @classmethod
    def of(cls, request: Request) -> "Fetch":
        reader, version = request.reader, request.version
        reader.number("i")
        at = reader.position
        wait = reader.number("i") / 1000
        for form in "iib" if version < 7 else "iibii":
            reader.number(form)

        def partition() -> tuple[int, int]:
            index = reader.number("i")
            if version >= 9:
                reader.number("i")
            offset = reader.number("q")
            if version >= 5:
                reader.number("q")
            reader.number("i")
            return index, offset

        topics = reader.array(lambda: (reader.text() or "", reader.array(partition)))
        return cls(at, wait, {(topic, index): offset for topic, logs in topics for index, offset in logs})

    def with_long_wait(self, frame: bytes) -> bytes:
        """The request with a wait in which the broker finds what there is, in a long log too."""
        return frame[: self.wait_at] + struct.pack(">i", LONG_WAIT_MILLISECONDS) + frame[self.wait_at + 4 :]

    def empty_answer(self, request: Request, ends: dict[Partition, int]) -> bytes:
        """That there is nothing to read in logs with these ends."""
        version = request.version

        def log(partition: Partition) -> bytes:
            end = ends[partition]
            start = struct.pack(">q", -1) if version >= 5 else b""
            replica = struct.pack(">i", -1) if version >= 11 else b""
            return struct.pack(">ihqq", partition[1], 0, end, end) + start + array([]) + replica + struct.pack(">i", 0)

        topics = [text(name) + array([log(partition) for partition in logs])
                  for name, logs in groupby(sorted(self.offsets), key=lambda partition: partition[0])]
        session = struct.pack(">hi", 0, 0) if version >= 7 else b""
        return request.answer(session + array(topics), throttled_since=1)


def deleted(request: Request) -> list[str]:
    """The names of the topics."""
    return [name or "" for name in request.reader.array(request.reader.text)]
