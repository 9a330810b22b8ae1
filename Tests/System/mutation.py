"""Records that nobody should write: random ones, and valid ones that something has happened to. Seeded."""

import base64
import json
import random
import struct
import uuid
from dataclasses import dataclass, replace

MARK = "x-mark"
"""A header that no service knows and every dead letter keeps: it says which record this is."""

NUMBERS = ["1e999", "-1e999", "1e-999", "-0", "0.1", "2.0", "9223372036854775807", "9223372036854775808", "1" * 400,
           "0x10", "NaN", "Infinity", "01", "+1", "1.", ".5", "1e"]
TEXTS = ['"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\u202e"', '"' + "é" * 300 + '"', '"\x01"', '"\\x"', '"{{x}}"',
         '"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:60Z"', '"2026-02-30T00:00:00Z"', '"' + "A" * 4_000 + '"',
         '"eyJhbGciOiJub25lIn0.e30."', '"eyJ..... "', '"\'; drop table token; --"', '"~"', '"a/b"', '"../../etc/passwd"']
OTHERS = ["null", "true", "[]", "{}", "[[[[]]]]", '{"a":{"b":[1,2,{"c":null}]}}', "", " "]
VALUES = NUMBERS + TEXTS + OTHERS


def is_json(text: str) -> bool:
    try:
        json.loads(text)
        return True
    except ValueError:
        return False


ODD = [value for value in VALUES if is_json(value)]
"""Valid, so that a command is decoded and its data are looked at."""


@dataclass(frozen=True)
class Record:
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None

    @property
    def ids(self) -> set[str]:
        """What its sender could be answered by."""
        found = {value.decode(errors="replace") for name, value in self.headers if name.lower() == "ce_id" and value}
        try:
            found.add(json.loads(self.value)["id"])
        except (ValueError, TypeError, KeyError, RecursionError):
            pass
        return {id for id in found if isinstance(id, str)}


class Mutator:
    def __init__(self, seed: int | str, valid: list[tuple[str, str, dict]], reply_topics: list[str]):
        """- valid: type, key and data of commands that would be executed."""
        self.random = random.Random(seed)
        self.valid = valid
        self.reply_topics = reply_topics

    def records(self, count: int) -> list[Record]:
        written: list[Record] = []
        for number in range(count):
            chance = self.random.random()
            if chance < 0.03 and written:
                record = self.random.choice(written[-50:])
            elif chance < 0.10:
                record = self.noise()
            else:
                record = self.command()
                for _ in range(self.random.choice([0, 1, 1, 1, 2, 3])):
                    record = self.random.choice(self.mutations)(self, record)
            headers = tuple(header for header in record.headers if header[0] != MARK)
            written.append(replace(record, headers=headers + ((MARK, str(number).encode()),)))
        return written

    def bytes(self, most: int) -> bytes:
        return self.random.randbytes(self.random.randrange(most))

    def noise(self) -> Record:
        headers = tuple((f"h{index}", self.bytes(20)) for index in range(self.random.randrange(5)))
        return Record(self.bytes(40) or None, headers, self.random.choice([None, b"", self.bytes(400)]))

    def command(self) -> Record:
        type, key, data = self.random.choice(self.valid)
        attributes = {"specversion": "1.0", "id": str(uuid.UUID(int=self.random.getrandbits(128))), "source": "/tests/hostile",
                      "type": type, "tenant": key.split("/")[0]}
        if self.random.random() < 0.25:
            value = {**attributes, "datacontenttype": "application/json", "data": data}
            headers = (("content-type", b"application/cloudevents+json"),)
        else:
            value = data
            headers = tuple((f"ce_{name}", text.encode()) for name, text in attributes.items())
            headers += (("content-type", b"application/json"),)
        return Record(key.encode(), headers, json.dumps(value).encode())

    # Headers

    def drop_header(self, record: Record) -> Record:
        headers = list(record.headers)
        if headers:
            headers.pop(self.random.randrange(len(headers)))
        return replace(record, headers=tuple(headers))

    def double_header(self, record: Record) -> Record:
        if not record.headers:
            return record
        name, value = self.random.choice(record.headers)
        other = self.random.choice([value, self.bytes(10)])
        return replace(record, headers=record.headers + ((self.random.choice([name, name.upper()]), other),))

    def rename_header(self, record: Record) -> Record:
        if not record.headers:
            return record
        headers = list(record.headers)
        index = self.random.randrange(len(headers))
        name, value = headers[index]
        other = self.random.choice([name.upper(), name + "x", name[:-1], name.replace("ce_", "ce-"), "é", "\u212aafka_x"])
        headers[index] = (other or "h", value)
        return replace(record, headers=tuple(headers))

    def spoil_header(self, record: Record) -> Record:
        if not record.headers:
            return record
        headers = list(record.headers)
        index = self.random.randrange(len(headers))
        name, value = headers[index]
        value = value or b""
        other = self.random.choice([None, b"", b"\xff\xfe", value[:-1], value + b"\x00", value * 60, b"\n" + value, b" "])
        headers[index] = (name, other)
        return replace(record, headers=tuple(headers))

    def add_header(self, record: Record) -> Record:
        partition = self.random.choice([struct.pack(">i", self.random.choice([0, 1, -1, 2**31 - 1])), b"", b"\x00", b"12345"])
        added = self.random.choice([
            ("ce_expirytime", self.random.choice([b"soon", b"2020-01-01T00:00:00Z", b"2126-01-01T00:00:00Z", b""])),
            ("ce_replyto", self.random.choice(self.reply_topics).encode()), ("replyto", b"tokens.events"),
            ("kafka_replyTopic", self.random.choice(self.reply_topics).encode()), ("kafka_replyTopic", None),
            ("kafka_replyPartition", partition), ("kafka_correlationId", self.bytes(300)), ("authorization", b"Bearer x.y.z"),
            ("ce_authid", self.bytes(10)), ("ce_traceparent", b"00-0-0-00"), ("ce_correlationid", b"x" * 256),
            ("ce_unknown", b""), ("dlq_reason", b"mine"), ("dlq_offset", b"-1"), ("ce_time", b"yesterday"),
        ])
        return replace(record, headers=record.headers + (added,))

    # Keys

    def spoil_key(self, record: Record) -> Record:
        key = record.key or b""
        other = self.random.choice([None, b"", b"default", b"/", b"default/", b"/x", key.upper(), key + b"\x00", b"\xff/\xff",
                                    b"default/~x", b"other/x", b"absent/x", b"x" * 64 + b"/x", key + b"y" * 255, key[1:]])
        return replace(record, key=other)

    # Values

    def cut(self, record: Record) -> Record:
        value = record.value or b""
        return replace(record, value=value[: self.random.randrange(len(value) + 1)])

    def flip(self, record: Record) -> Record:
        value = bytearray(record.value or b"")
        for _ in range(self.random.randrange(1, 4)):
            if value:
                value[self.random.randrange(len(value))] = self.random.randrange(256)
        return replace(record, value=bytes(value))

    def replace_value(self, record: Record) -> Record:
        return replace(record, value=self.random.choice([None, b"", b"null", b"[]", b'"x"', b"{}", b"\xef\xbb\xbf{}", b"{} {}"]))

    def spoil_member(self, record: Record) -> Record:
        """Another value in the place of one, or one more member, or one twice."""
        text = (record.value or b"").decode(errors="replace")
        try:
            members = json.loads(text)
        except (ValueError, RecursionError):
            return record
        if not isinstance(members, dict):
            return record
        parts = [(json.dumps(name), json.dumps(value)) for name, value in members.items()]
        how = self.random.randrange(4)
        value = self.random.choice(ODD if self.random.random() < 0.85 else VALUES)
        if parts and how == 0:
            parts.append(self.random.choice(parts))
        elif parts and how in (1, 2):
            index = self.random.randrange(len(parts))
            inner = members.get("data")
            if isinstance(inner, dict) and inner and parts[index][0] == '"data"':
                chosen = self.random.choice(list(inner))
                spoilt = [f"{json.dumps(n)}:{value if n == chosen else json.dumps(v)}" for n, v in inner.items()]
                value = "{" + ",".join(spoilt) + "}"
            parts[index] = (parts[index][0], value)
        else:
            names = ["tokenId", "tenant", "userId", "ifVersion", "context", "expiresAt", "limit", "cursor", "status", "otp",
                     "data_base64", "data", "purpose", "reason", "description", "policy", "names"]
            parts.append((json.dumps(self.random.choice(names)), value))
        return replace(record, value=("{" + ",".join(f"{name}:{value}" for name, value in parts) + "}").encode())

    def nest(self, record: Record) -> Record:
        depth = self.random.choice([15, 16, 17, 18, 100, 20_000])
        return replace(record, value=b'{"a":' * depth + b"1" + b"}" * depth)

    def grow(self, record: Record) -> Record:
        # Seldom as large as a record may be, and a little more.
        size = self.random.choice([1_000] * 40 + [262_000, 263_000])
        value = (record.value or b"").rstrip()
        return replace(record, value=value[:-1] + b',"padding":"' + b"x" * size + b'"}')

    def encode(self, record: Record) -> Record:
        """Structured mode with its data in Base64, which may be wrong."""
        try:
            envelope = json.loads(record.value or b"")
        except (ValueError, RecursionError):
            return record
        if not isinstance(envelope, dict) or "data" not in envelope:
            return record
        data = base64.b64encode(json.dumps(envelope["data"]).encode()).decode()
        envelope["data_base64"] = self.random.choice([data, data[:-1], "!", data + "====", None, 7])
        if self.random.random() < 0.7:
            del envelope["data"]
        return replace(record, value=json.dumps(envelope).encode())

    mutations = [drop_header, double_header, rename_header, spoil_header, add_header, add_header, spoil_key, cut, flip,
                 replace_value, nest, grow, encode] + [spoil_member] * 7
