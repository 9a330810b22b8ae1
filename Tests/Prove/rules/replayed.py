"""Answers agree with the model of users, tokens and values; statuses, counts and acceptances, one by one."""

from finding import Finding

NAME = "replay"


def rule(book) -> list[Finding]:
    return book.replay.findings
