"""The log is whole: no offset is missing where all records were read, and nobody read one record in two ways."""

from collections import defaultdict

from finding import Finding

NAME = "log"


def rule(book) -> list[Finding]:
    offsets = defaultdict(set)
    for record in book.history.records:
        offsets[record.topic, record.partition].add(record.offset)
    findings = [Finding(NAME, f"{where} was read in two ways") for where in book.history.facts["unlike"]]
    for (topic, partition), known in offsets.items():
        missing = sorted(set(range(max(known) + 1)) - known)
        if missing and not topic.endswith("users"):
            findings.append(Finding(NAME, f"{topic}/{partition}: offsets {missing[:5]} of {max(known) + 1} could not be read", "loss"))
    return findings
