"""Every notification has one end, and what is said to be sent was taken by a provider: at most once, but for the window that
the README names, a notifier that dies between a provider's acceptance and its own record."""

from collections import defaultdict

from finding import Finding

NAME = "messages"
ENDS = ("notification.sent", "notification.failed", "notification.dropped")


def rule(book) -> list[Finding]:
    history, findings = book.history, []
    ends = defaultdict(dict)
    for event in history.events:
        if event.type in ENDS:
            ends[event.data["notificationId"]][event.id] = event
    told = {record.data["notificationId"]: record for record in history.by_topic["notifications"]}
    for id, record in told.items():
        if not ends[id]:
            findings.append(Finding(NAME, f"{record.where}: notification {id} has no end", "loss"))
        if len(ends[id]) > 1:
            kinds = ", ".join(f"{event.type} {event.where}" for event in ends[id].values())
            findings.append(Finding(NAME, f"{record.where}: notification {id} has {len(ends[id])} ends: {kinds}", "double"))
        taken = history.facts["taken"].get(id, 0)
        if not taken and any(event.type == "notification.sent" for event in ends[id].values()):
            findings.append(Finding(NAME, f"{record.where}: notification {id} was sent, by its event, but nobody took it", "loss"))
        if taken > 1 and not history.facts["notifiers killed"]:
            findings.append(Finding(NAME, f"{record.where}: notification {id} was taken {taken} times", "double"))
    for id in history.facts["taken"].keys() - told.keys():
        findings.append(Finding(NAME, f"a message was taken that is no notification: {id}"))
    return findings


def taken_again(book) -> int:
    """How many messages came once more than they should, within the window."""
    return sum(count - 1 for count in book.history.facts["taken"].values())
