"""Runs every rule over a history."""

from collections import Counter

from commands import Command, commands_of
from finding import Finding
from history import History
from replay import Replay
from rules import RULES


class Book:
    """What the rules look at: the history, and its commands."""

    def __init__(self, history: History):
        self.history = history
        self.commands: list[Command] = commands_of(history)
        self.replay = Replay(history, self.commands).run()


def check(history: History, report=None) -> list[Finding]:
    book = Book(history)
    findings: list[Finding] = []
    for rule in RULES:
        findings += rule(book)
    if report:
        report.counts["commands"] = Counter(command.type for command in book.commands)
        report.counts["answers"] = Counter(command.code or "none" for command in book.commands)
        unread = sum(record.place >= 10**9 for record in history.records)
        if unread:
            report.notes.append(f"{unread} records our client had not read under faults; a later reader did")
        report.counts["records"] = Counter(record.topic for record in history.records)
    return findings
