"""The commands of a history: which copies there were, which one was executed and when, and what was answered."""

import hashlib
import uuid
from collections import defaultdict
from dataclasses import dataclass, field

from history import COMMAND_TOPICS, PREFIX, History, Record, Written, parsed, short


@dataclass
class Command:
    """One identity: all records with one tenant, source and id."""

    tenant: str
    source: str
    id: str
    copies: list[Record] = field(default_factory=list)
    """In the order of the log, for each partition."""
    replies: list[Record] = field(default_factory=list)
    events: list[Record] = field(default_factory=list)
    stored: dict | None = None
    """Its row in the inbox."""
    written: Written | None = None

    @property
    def executed(self) -> Record | None:
        """The copy that had the effect: the first in the lane that the inbox names."""
        if self.stored is None:
            return None
        lane = (self.stored["topic"], self.stored["partition"])
        return next((copy for copy in self.copies if (copy.topic, copy.partition) == lane), None)

    @property
    def content(self) -> tuple[str, dict, dict]:
        """Type, attributes and data of the executed copy; structured mode too."""
        return content(self.executed or self.copies[0])

    @property
    def type(self) -> str:
        return self.content[0]

    @property
    def data(self) -> dict:
        return self.content[2]

    @property
    def user(self) -> str:
        return (self.executed or self.copies[0]).key

    @property
    def answers(self) -> list[Record]:
        """Replies to the command itself, without those to others that bore its name."""
        return [reply for reply in self.replies if reply.code != "id_reused"]

    @property
    def code(self) -> str | None:
        return self.answers[0].code if self.answers else None

    @property
    def reply(self) -> dict | None:
        return self.answers[0].data if self.answers else None

    @property
    def at(self) -> int:
        """The instant of its effect, in microseconds."""
        return self.stored["at"]

    @property
    def order(self) -> tuple:
        """Its place among all effects: that of its transaction in the order of commits, and its place there."""
        return self.stored["commit"], self.stored["position"]

    @property
    def mark(self) -> str:
        return self.written.mark if self.written else ""

    def __str__(self) -> str:
        return f"{self.id} ({self.type} of {self.user}, {(self.executed or self.copies[0]).where})"


@dataclass
class DirectoryChange:
    """A record of the user directory, or its tombstone, that had its effect."""

    record: Record
    stored: dict
    """Its row in the inbox."""

    @property
    def user(self) -> str:
        return self.record.key

    @property
    def contact(self) -> dict | None:
        return None if self.record.value is None else self.record.data

    @property
    def order(self) -> tuple:
        return self.stored["commit"], self.stored["position"]


def content(record: Record) -> tuple[str, dict, dict]:
    if (record.header("content-type") or "").startswith("application/cloudevents+json"):
        attributes = parsed(record.value)
        return short(attributes.get("type", "")), attributes, attributes.get("data")
    attributes = {name[3:]: value for name, value in record.headers if name.startswith("ce_")}
    return short(attributes.get("type", "")), attributes, parsed(record.value)


def identity(record: Record) -> tuple[str, str, str] | None:
    """Tenant, source and id; None for what was written to be unreadable."""
    if record.header("poison"):
        return None
    _, attributes, _ = content(record)
    return record.key.split("/")[0], attributes["source"], attributes["id"]


def inbox_key(*parts: str) -> str:
    """Of a command: of its tenant, source and id."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()[:16]
    return str(uuid.UUID(bytes=digest))


def directory_changes_of(history: History) -> list[DirectoryChange]:
    """All records of the directory that were taken; they bear no id, so their place in the log is their name."""
    stored = {row["key"]: row for row in history.tables["inbox"]}
    found = []
    for record in history.by_topic["users"]:
        row = stored.get(inbox_key("record", record.topic, f"{record.partition}.{record.offset}.{record.timestamp}"))
        if row:
            found.append(DirectoryChange(record, row))
    return found


def commands_of(history: History) -> list[Command]:
    """All commands that reached the log."""
    found: dict[tuple, Command] = {}
    for topic in COMMAND_TOPICS:
        for record in history.by_topic[topic]:
            name = identity(record)
            if name:
                found.setdefault(name, Command(*name)).copies.append(record)
    by_id = defaultdict(list)
    for command in found.values():
        by_id[command.id].append(command)
    stored = {row["key"]: row for row in history.tables["inbox"]}
    for command in found.values():
        command.stored = stored.get(inbox_key(command.tenant, command.source, command.id))
    for written in history.written:
        for command in by_id[written.id]:
            if command.source == written.source and command.written is None:
                command.written = written
    for topic, kind in (("replies", "replies"), ("events", "events")):
        for record in history.by_topic[topic]:
            for command in by_id.get(record.cause, ()):
                if len(by_id[record.cause]) == 1 or _is_of(record, command):
                    getattr(command, kind).append(record)
    return list(found.values())


def _is_of(record: Record, command: Command) -> bool:
    """Ids are ours to choose: those that two sources share tell their source in `correlationid`."""
    return record.header("ce_correlationid") == command.source


def topic_of(command: Command) -> str:
    return (command.executed or command.copies[0]).topic.removeprefix(PREFIX)
