"""No secret, no OTP and no unmasked contact where it must not be."""

import base64
import re

from finding import Finding
from history import COMMAND_TOPICS, Record

NAME = "secrecy"
JWE = re.compile(r"eyJ[\w-]+(\.[\w-]*){4}")
WORD = re.compile(r"[0-9A-Za-z+@._-]+")


def rule(book) -> list[Finding]:
    history, canaries = book.history, book.history.canaries
    seeds = {secret for secret in canaries["secrets"]}
    raw = {form for secret in seeds for form in _forms(secret)}
    findings = []

    def look(name: str, text: str, needles: set[str], words: set[str]) -> None:
        shown = {needle for needle in needles if needle in text} | (words & set(WORD.findall(text)))
        findings.extend(Finding(NAME, f"{name} shows {_masked(needle)}") for needle in sorted(shown)[:3])

    contacts, otps = set(canaries["contacts"]), set(canaries["otps"])
    for topic, records in history.by_topic.items():
        if topic in COMMAND_TOPICS or topic == "users":
            continue
        # First all at once, which is quick; the records one by one only where something is shown.
        before = len(findings)
        look(topic, "\n".join(map(_clear, records)), seeds | raw | contacts, otps)
        if len(findings) > before:
            del findings[before:]
            for record in records:
                look(record.where, _clear(record), seeds | raw | contacts, otps)
    for name, text in history.outputs.items():
        if name == "database.sql":
            # The database has the contacts, since it writes to them; an OTP would be a cell.
            look(name, text, seeds | raw | {seed.encode().hex() for seed in seeds}, set())
            cells = {cell for line in text.splitlines() for cell in line.split("\t")}
            findings += [Finding(NAME, f"{name} has a cell {_masked(otp)}") for otp in sorted(otps & cells)[:3]]
        elif name == "tool.txt" or name.endswith((".log", ".metrics")):
            look(name, text, seeds | raw | contacts, otps)
    if canaries["spoken"] and not any(word in history.outputs.get("database.sql", "") for word in canaries["spoken"]):
        findings.append(Finding(NAME, "nothing that was said stands in the dump: then nothing was searched"))
    return findings


def _forms(secret: str) -> set[str]:
    """Seeds and keys as hexadecimal digits."""
    for decode in (base64.b32decode, lambda text: base64.urlsafe_b64decode(text + "==")):
        try:
            return {decode(secret).hex()}
        except ValueError:
            pass
    return set()


def _clear(record: Record) -> str:
    """What a record shows. A JWE spells anything by chance."""
    return JWE.sub("", "\n".join([record.key or "", record.value or "", *(value or "" for _, value in record.headers)]))


def _masked(needle: str) -> str:
    return f"{needle[:2]}… ({len(needle)} characters)"
