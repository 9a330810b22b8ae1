"""What can't be decoded has one dead letter, sealed, with the record as it was; nothing else has one."""

from collections import defaultdict

from finding import Finding
from history import COMMAND_TOPICS

NAME = "letters"


def rule(book) -> list[Finding]:
    history, findings = book.history, []
    letters = defaultdict(list)
    for topic, records in history.by_topic.items():
        if topic.endswith(".dlq"):
            for letter in records:
                letters[letter.header("dlq_topic"), int(letter.header("dlq_partition")), int(letter.header("dlq_offset"))].append(letter)
    for topic in COMMAND_TOPICS:
        for record in history.by_topic[topic]:
            found = letters.pop((record.topic, record.partition, record.offset), [])
            if not record.header("poison"):
                findings += [Finding(NAME, f"{record.where}: can be decoded, and has a dead letter for {letter.header('dlq_reason')}, {letter.where}")
                             for letter in found[:1]]
                continue
            if not found:
                findings.append(Finding(NAME, f"{record.where}: no dead letter", "loss"))
            if len({letter.body for letter in found}) > 1:
                findings.append(Finding(NAME, f"{record.where}: different dead letters, {[letter.where for letter in found]}", "double"))
            findings += [Finding(NAME, f"{letter.where}: the letter does not hold the record")
                         for letter in found if history.letters[letter.where] != record.value or letter.key != record.key]
    for place in letters:
        if not place[0].endswith("users"):
            findings.append(Finding(NAME, f"a dead letter of a record that nobody wrote: {place}"))
    return findings
