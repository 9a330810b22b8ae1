"""The failure counts in the database are those of the rejected attempts, and never more were evaluated than allowed."""

from collections import defaultdict

from finding import Finding
from model import COUNTED, MAX_FAILURES, USER_MAX_FAILURES, Count

NAME = "counts"


def rule(book) -> list[Finding]:
    findings = []
    # Whether a value was tried on such a token, or on challenges alone, can't be told.
    loose = {token.user for token in book.replay.tokens.values() if token.is_loose}
    for row in book.history.tables["user"]:
        user = book.replay.users.get(row["name"])
        if user:
            findings += _compare(f"user {row['name']}", row, user.count, row["name"].split("/", 1)[1] in loose)
    for row in book.history.tables["token"]:
        token = book.replay.tokens.get(row["id"])
        if token and row["status"] != 6:
            row = {**row, "of_resets": row["reset_failures"]}
            findings += _compare(f"token {row['id']}", row, token.count, token.is_loose)
    return findings + _evaluated(book)


def _compare(name: str, row: dict, count: Count, is_loose: bool) -> list[Finding]:
    return [Finding(NAME, f"{name}: {field} is {row[field]} in the database, {getattr(count, field)} by the history")
            for field in ("failures", "consecutive", "level", "locked_until", "of_resets")
            if field in row and row[field] != getattr(count, field) and not (is_loose and field == "consecutive")]


def _evaluated(book) -> list[Finding]:
    """Without any model: between two releases (a success, an unlock, a lock that began) no more values were wrong than the
    limit, for the user and for the token that was named."""
    findings = []
    for name, limit in (("user", USER_MAX_FAILURES), ("token", MAX_FAILURES)):
        wrong = defaultdict(int)
        for command in book.replay.commands:
            credited = command.reply.get("result", {}).get("tokenId") if command.code == "ok" else None
            whose = command.user if name == "user" else command.data.get("tokenId") or credited
            if whose is None:
                continue
            if command.code in COUNTED:
                wrong[whose] += 1
                if wrong[whose] > limit:
                    findings.append(Finding(NAME, f"{command}: wrong value number {wrong[whose]} of this {name} was evaluated"))
                if _begins_a_lock(command, name):
                    wrong[whose] = 0
            elif command.code == "ok" and command.type in ("otp.verify", "user.unlock" if name == "user" else "token.unlock"):
                wrong[credited if name == "token" and credited else whose] = 0
            elif command.code == "ok" and command.type in ("token.reset", "token.unassign") and name == "token":
                wrong[whose] = 0
    return findings


def _begins_a_lock(command, name: str) -> bool:
    return any(event.type == f"{name}.locked" for event in command.events)
