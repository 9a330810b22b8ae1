"""Every command has one answer, whatever happened: repeats are equal to the byte, and none is missing; and every record of
the directory was taken."""

from collections import defaultdict

from finding import Finding
from history import COMMAND_TOPICS

NAME = "answers"


def rule(book) -> list[Finding]:
    findings = []
    for command in book.commands:
        if not command.answers:
            findings.append(Finding(NAME, f"{command}: no answer", "loss"))
        if command.stored is None:
            findings.append(Finding(NAME, f"{command}: nothing in the inbox", "loss"))
        elif command.executed is None:
            findings.append(Finding(NAME, f"{command}: the inbox names a lane that it was not written to"))
        bodies = {answer.body for answer in command.answers}
        if len(bodies) > 1:
            places = ", ".join(answer.where for answer in command.answers)
            findings.append(Finding(NAME, f"{command}: {len(bodies)} different answers, {places}", "double"))
        for reply in command.replies:
            wanted = f"{command.content[1]['type']}.reply"
            if reply.header("ce_type") != wanted and reply.code != "id_reused":
                findings.append(Finding(NAME, f"{command}: answered as {reply.header('ce_type')}, {reply.where}"))
            if reply.key != command.user:
                findings.append(Finding(NAME, f"{command}: answered on the key {reply.key}, {reply.where}"))
    taken = {change.record.where for change in book.replay.directory}
    findings += [Finding(NAME, f"{record.where}: a record of the directory was not taken", "loss")
                 for record in book.history.by_topic["users"] if record.where not in taken]
    return findings + _equal_bytes(book) + _reused(book)


def _equal_bytes(book) -> list[Finding]:
    """A `ce_id` never has two bodies, on any topic of ours."""
    findings, first = [], {}
    for topic, records in book.history.by_topic.items():
        if topic in COMMAND_TOPICS or topic == "users" or topic.endswith(".dlq"):
            continue
        for record in records:
            known = first.setdefault((topic, record.id), record)
            if known.body != record.body:
                findings.append(Finding(NAME, f"{record.id} has two bodies: {known.where} and {record.where}", "double"))
    return findings


def _reused(book) -> list[Finding]:
    """An id that was used for something else is `id_reused`, and only then."""
    findings = []
    for command in book.commands:
        contents: dict[tuple, list] = defaultdict(list)
        for copy in command.copies:
            contents[copy.key, copy.value, copy.header("ce_type")].append(copy)
        refused = {reply.id for reply in command.replies if reply.code == "id_reused"}
        others = sum(len(copies) for copies in contents.values()) - max(map(len, contents.values()))
        if bool(refused) != (len(contents) > 1):
            findings.append(Finding(NAME, f"{command}: {len(contents)} contents under one id, id_reused {len(refused)} times"))
        elif len(refused) > others > 0 and len(contents) == 2:
            findings.append(Finding(NAME, f"{command}: {others} records of other content, {len(refused)} refusals", "double"))
    return findings
