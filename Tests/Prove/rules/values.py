"""Each OTP value is accepted at most once, never after its end; counters and steps never go back."""

from collections import defaultdict

import oath
from finding import Finding
from model import WINDOW
from token_steps import microseconds

NAME = "values"


def rule(book) -> list[Finding]:
    findings, seen, last = [], {}, defaultdict(lambda: -1)
    for command, kind, owner, factor in book.replay.accepted:
        if command.code != "ok":
            continue
        known = seen.setdefault((kind, owner, factor), command)
        if known is not command:
            findings.append(Finding(NAME, f"{command}: {kind} {owner} had accepted this value for {known}", "double"))
        if kind == "token" and isinstance(factor, int):
            if factor <= last[owner]:
                findings.append(Finding(NAME, f"{command}: token {owner} went back from {last[owner]} to {factor}", "double"))
            last[owner] = max(last[owner], factor)
    return findings + _once_each(book) + _in_time(book) + _stored(book, last)


def _once_each(book) -> list[Finding]:
    """Without any model: what was sent, or named with its token, is never `ok` for two commands."""
    findings, seen = [], {}
    for command in book.commands:
        if command.type != "otp.verify" or command.code != "ok":
            continue
        data = command.data
        token = book.replay.tokens.get(command.reply["result"]["tokenId"])
        if "challengeId" in data:
            name = data["challengeId"]
        elif token and token.kind in ("hotp", "recovery"):
            # A value of six digits may come again by chance, within the window hardly.
            name = (token.id, book.history.opened.get(data["otp"], data["otp"]))
        else:
            continue
        known = seen.setdefault(name, command)
        if known is not command:
            findings.append(Finding(NAME, f"{command}: accepted as {known} was before", "double"))
    return findings


def _in_time(book) -> list[Finding]:
    findings = []
    ends = {command.reply["result"]["challengeId"]: microseconds(command.reply["result"]["expiresAt"])
            for command in book.commands if command.type == "otp.request" and command.code == "ok"}
    for command in book.commands:
        if command.type != "otp.verify" or command.code != "ok":
            continue
        at = microseconds(command.reply["result"]["verifiedAt"])
        challenge = command.data.get("challengeId")
        if challenge in ends and at >= ends[challenge]:
            findings.append(Finding(NAME, f"{command}: accepted after the challenge's end"))
        if abs(at - command.at) > 1000:
            findings.append(Finding(NAME, f"{command}: verifiedAt is not the instant of its effect"))
        token = book.replay.tokens.get(command.reply["result"]["tokenId"])
        if token and token.kind == "totp" and challenge is None:
            now, value = oath.step_at(at / 1_000_000), book.history.opened.get(command.data["otp"], command.data["otp"])
            # The drift is at most what each acceptance before may have added.
            window = WINDOW * 8
            if all(oath.value(token.secret, step) != value for step in range(now - window, now + window + 1)):
                findings.append(Finding(NAME, f"{command}: a TOTP of another time was accepted"))
    return findings


def _stored(book, last) -> list[Finding]:
    """The database's counter stands where the last acceptance left it."""
    findings = []
    for row in book.history.tables["token"]:
        token = book.replay.tokens.get(row["id"])
        if token is None or row["status"] == 6 or token.kind not in ("hotp", "totp"):
            continue
        if row["moving_factor"] != token.next:
            findings.append(Finding(NAME, f"token {row['id']}: the database expects {row['moving_factor']}, the history {token.next}"))
    return findings
