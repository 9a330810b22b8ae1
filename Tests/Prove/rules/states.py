"""Events and database agree: the last of a token's events shows it as it is, and no version has two faces."""

from collections import defaultdict

from finding import Finding

NAME = "states"
STATUS = ("PENDING", "ACTIVE", "DISABLED", "OBSOLETE", "COMPROMISED", "UNASSIGNED", "DELETED")
# What does not depend on when, and by whom, it is looked at.
FACE = ("tokenId", "userId", "tokenType", "kind", "status", "statusReason", "description", "device", "serial", "createdAt",
        "activatedAt", "updatedAt", "lastUsedAt", "activateBefore", "version")


def rule(book) -> list[Finding]:
    views = defaultdict(dict)
    findings = []
    for event in book.history.events:
        view = event.data.get("token")
        if view is None:
            continue
        # A virtual token's address is the directory's, which has no part in its version.
        face = {name: view[name] for name in FACE if name != "device" or view["kind"] != "virtual"}
        known, where = views[view["tokenId"]].setdefault(view["version"], (face, event.where))
        differing = [name for name in face if known[name] != face[name]]
        if set(differing) <= {"status", "statusReason"} and "OBSOLETE" in (face["status"], known["status"]):
            # An end, or a type's, holds at once, and is told by the scanner after.
            continue
        if differing:
            findings.append(Finding(NAME, f"token {view['tokenId']} version {view['version']} differs in {differing}: {where}, {event.where}"))
    for row in book.history.tables["token"]:
        findings += _last(book, row, views.get(row["id"], {}))
    return findings


def _silent(book, token: str) -> int:
    """Wrong values in an enrolment count for the device, and of those no event tells."""
    refused = ("otp_mismatch", "otp_wrong_order", "otp_replayed")
    return sum(row["command"] == "token.enroll" and row["outcome"] in refused and token in row["tokens"]
               for row in book.history.tables["audit"])


def _last(book, row: dict, views: dict) -> list[Finding]:
    """The event with the highest version is the state that the database has."""
    name = f"token {row['id']}"
    if not views:
        # Devices that lie in the stock as they came are told of by number only.
        return [] if row["status"] == 5 else [Finding(NAME, f"{name}: no event tells of it", "loss")]
    version, (face, where) = max(views.items())
    if row["status"] == 6:
        return [] if face["status"] == "DELETED" else [Finding(NAME, f"{name}: deleted, but the last event shows {face['status']}, {where}")]
    findings = []
    if not version <= row["version"] <= version + _silent(book, row["id"]):
        findings.append(Finding(NAME, f"{name}: version {row['version']}, the last event tells of {version}, {where}", "loss"))
    for column, shown in (("status", STATUS.index(face["status"])), ("user_id", face["userId"]), ("description", face["description"])):
        if row[column] != shown and not (column == "status" and shown == 3):
            findings.append(Finding(NAME, f"{name}: {column} is {row[column]}, the last event shows {shown}, {where}"))
    token = book.replay.tokens.get(row["id"])
    if token and not token.is_loose and STATUS.index(token.status) != row["status"] and not (token.ends and row["status"] == 3):
        findings.append(Finding(NAME, f"{name}: {STATUS[row['status']]} in the database, {token.status} by the history"))
    return findings
