"""Runs every rule over a history."""

from collections import Counter
from functools import cached_property

from commands import Command, commands_of
from finding import Finding
from history import NEVER, History
from replay import Replay
from rules import RULES
from rules.messages import taken_again


# Rules whose findings are partly those of the replay.
REPLAYED = ("values", "counts", "states", "answers")


class Book:
    """What the rules look at: the history, and its commands."""

    def __init__(self, history: History):
        self.history = history

    @cached_property
    def commands(self) -> list[Command]:
        return commands_of(self.history)

    @cached_property
    def replay(self) -> Replay:
        return Replay(self.history, self.commands).run()


def check(history: History, report=None, only: str | None = None) -> list[Finding]:
    """All that the rules find; or what one of them finds, with the replay."""
    book = Book(history)
    findings: list[Finding] = []
    for name, rule in RULES.items():
        if only in (None, name) or (name == "replay" and only in REPLAYED):
            findings += rule(book)
    if report:
        if again := taken_again(book):
            killed = history.facts["notifiers killed"]
            report.notes.append(f"messages that a provider took again after a notifier was killed ({killed} were): {again}")
        report.counts["commands"] = Counter(command.type for command in book.commands)
        report.counts["answers"] = Counter(command.code or "none" for command in book.commands)
        unread = [record.where for record in history.records if record.place >= NEVER]
        if unread:
            report.notes.append(f"{len(unread)} records our client had not read under faults; a later reader did: {unread[:5]}")
        report.counts["records"] = Counter(record.topic for record in history.records)
    return findings
