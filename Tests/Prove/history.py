"""What happened, as it was recorded: every record of every topic, and the database at the end. It can be kept and read."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

PREFIX = "tokens."
STATE = ("tables", "secrets", "codes", "opened", "otps", "letters", "canaries", "facts")
COMMAND_TOPICS = ("commands.enrollment", "commands.verification")
NEVER = 10**9
"""The place of what our client had not read while faults were about."""


@lru_cache(maxsize=None)
def parsed(text: str):
    """Most texts are looked at by many rules."""
    return json.loads(text)


@dataclass
class Record:
    """A record of a topic; bytes that are no UTF-8 are shown escaped."""

    topic: str
    partition: int
    offset: int
    key: str | None
    headers: list
    value: str | None
    place: int
    """Position in the order in which our client read while faults were about, or `NEVER`."""
    timestamp: int = 0

    @property
    def where(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    def header(self, name: str) -> str | None:
        return next((value for given, value in self.headers if given.lower() == name), None)

    @property
    def id(self) -> str | None:
        return self.header("ce_id")

    @property
    def cause(self) -> str | None:
        return self.header("ce_causationid")

    @property
    def type(self) -> str:
        return short(self.header("ce_type") or "")

    @property
    def data(self) -> dict:
        """To be looked at only."""
        return parsed(self.value)

    @property
    def code(self) -> str:
        """`ok`, or why not."""
        return "ok" if self.data.get("status") == "ok" else self.data["code"]

    @property
    def body(self) -> tuple:
        """All that has to be equal where it is written again."""
        return self.key, self.value, tuple(sorted((name, value or "") for name, value in self.headers))


def short(type: str) -> str:
    return type.removeprefix("usertokens.").replace(".v1", "")


@dataclass
class Written:
    """A command as our client wrote it; `seen` is how many records it had read by then."""

    id: str
    source: str
    mark: str
    seen: int


@dataclass
class History:
    records: list[Record] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    tables: dict[str, list[dict]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    """Seeds that the system made, by the ciphertext in which they came."""
    codes: dict[str, list] = field(default_factory=dict)
    """Recovery codes, likewise."""
    opened: dict[str, str] = field(default_factory=dict)
    """OTPs that travelled as JWE in commands."""
    otps: dict[str, str] = field(default_factory=dict)
    """OTPs that were sent, by notification id."""
    letters: dict[str, str] = field(default_factory=dict)
    """The plaintext of dead letters, by their place."""
    canaries: dict[str, list[str]] = field(default_factory=dict)
    """What must not be seen in clear: `secrets` nowhere, `otps` as words, `contacts` unmasked."""
    outputs: dict[str, str] = field(default_factory=dict)
    """Logs, metrics, the dump of the database, what the tool printed."""
    facts: dict = field(default_factory=dict)

    @cached_property
    def by_topic(self) -> dict[str, list[Record]]:
        found = defaultdict(list)
        for record in sorted(self.records, key=lambda record: (record.topic, record.partition, record.offset)):
            found[record.topic.removeprefix(PREFIX)].append(record)
        return found

    @property
    def replies(self) -> list[Record]:
        return self.by_topic["replies"]

    @property
    def events(self) -> list[Record]:
        return self.by_topic["events"]

    def keep(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "records.jsonl", "w", encoding="utf-8") as file:
            file.writelines(json.dumps(vars(record)) + "\n" for record in self.records)
        with open(folder / "written.jsonl", "w", encoding="utf-8") as file:
            file.writelines(json.dumps(vars(written)) + "\n" for written in self.written)
        rest = {name: getattr(self, name) for name in STATE}
        (folder / "state.json").write_text(json.dumps(rest, indent=1))
        for name, text in self.outputs.items():
            (folder / name.replace("/", "-")).write_text(text)

    @staticmethod
    def read(folder: Path) -> "History":
        def lines(name: str) -> list[dict]:
            return [json.loads(line) for line in (folder / name).read_text().splitlines()]

        known = {"records.jsonl", "written.jsonl", "state.json"}
        outputs = {path.name: path.read_text(errors="replace") for path in folder.iterdir() if path.name not in known}
        return History([Record(**line) for line in lines("records.jsonl")],
                       [Written(**line) for line in lines("written.jsonl")],
                       outputs=outputs, **json.loads((folder / "state.json").read_text()))
