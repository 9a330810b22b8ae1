"""The audit chains are whole, by `tokenctl audit verify`, and no lane owes an answer at the end."""

from finding import Finding

NAME = "audit"


def rule(book) -> list[Finding]:
    code, text = book.history.facts["audit verify"]
    findings = [] if code == 0 else [Finding(NAME, f"tokenctl audit verify: exit {code}: {text.strip()}")]
    for row in book.history.tables["lane"]:
        if row["answered_through"] < row["batch_seq"]:
            findings.append(Finding(NAME, f"lane {row['topic']}/{row['partition']}: answered through {row['answered_through']} of {row['batch_seq']}", "loss"))
    return findings
