"""Each command has exactly the effect that its answer tells: the events, and one row of the audit."""

from collections import Counter, defaultdict

from commands import inbox_key
from finding import Finding

NAME = "effects"

# The event that an `ok` is about. Those of `unless` are left out where nothing changed.
EVENT = {
    "token.enroll": "token.enrolled", "token.enable": "token.enabled", "token.disable": "token.disabled",
    "token.delete": "token.deleted", "token.unassign": "token.unassigned", "token.compromise": "token.compromised",
    "token.provision": "token.edited", "token.import": "token.imported", "tokentype.define": "tokentype.defined",
    "otp.request": "otp.requested", "otp.verify": "otp.verified", "token.reset": "token.reset",
}
AT_MOST = {"token.edit": "token.edited", "token.unlock": "token.unlocked", "user.unlock": "user.unlocked",
           "tokentype.edit": "tokentype.edited", "tokentype.retire": "tokentype.retired"}
"""They change nothing where all is so already, and then nothing is told."""
REFUSED = {"otp.rejected", "token.locked", "user.locked"}
LATER = ("notification.",)
READS = ("token.view", "token.list", "tokentype.list", "otp.status")


def rule(book) -> list[Finding]:
    findings = []
    audit = defaultdict(list)
    for row in book.history.tables["audit"]:
        audit[row["key"]].append(row)
    for command in book.commands:
        if command.code is None:
            continue
        told = Counter({(e.type, e.id): 1 for e in command.events if not e.type.startswith(LATER)})
        kinds = Counter(type for type, _ in told)
        findings += _events(command, kinds)
        rows = audit[inbox_key(command.tenant, command.source, command.id)]
        outcomes = [row["outcome"] for row in rows]
        if command.type.startswith(READS):
            wanted = outcomes[:1] if outcomes in ([], [command.code]) else [command.code]
        else:
            wanted = [command.code]
        if outcomes != wanted:
            kind = "double" if len(outcomes) > 1 else "loss" if not outcomes else "other"
            findings.append(Finding(NAME, f"{command}: answered {command.code}, audited as {outcomes}", kind))
    return findings + _strangers(book)


def _events(command, kinds: Counter) -> list[Finding]:
    if command.code != "ok":
        wrong = [kind for kind in kinds if kind not in REFUSED]
        return [Finding(NAME, f"{command}: answered {command.code}, yet {kind} was told", "double") for kind in wrong]
    findings = []
    kind, low = EVENT.get(command.type), 1
    if kind is None:
        kind, low = AT_MOST.get(command.type), 0
    elif command.reply["result"].get("unchanged"):
        low = 0
    for told, count in kinds.items():
        if count > 1:
            findings.append(Finding(NAME, f"{command}: {told} was told as {count} events", "double"))
    if kind and kinds[kind] < low:
        findings.append(Finding(NAME, f"{command}: answered ok, but no {kind}", "loss"))
    if low == 0 and kind in EVENT.values() and command.type in EVENT and kinds[kind]:
        findings.append(Finding(NAME, f"{command}: nothing changed, yet {kind} was told", "double"))
    return findings


def _strangers(book) -> list[Finding]:
    """Events that name a command which nobody wrote."""
    known = {command.id for command in book.commands} | {None}
    own = ("token.obsoleted", "token.expiring", "contact.", "audit.", "token.edited", "token.unassigned", "notification.")
    return [Finding(NAME, f"{event.where}: {event.type} is caused by {event.cause}, which nobody wrote")
            for event in book.history.events if event.cause not in known and not event.type.startswith(own)]
