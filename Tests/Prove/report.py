"""What a run says of itself."""

import time
from collections import Counter
from pathlib import Path

MOST = 40
"""Findings of one rule that are printed."""


class Report:
    def __init__(self, seed: int):
        self.seed = seed
        self.length = 0.0
        self.begin = time.monotonic()
        self.faults: Counter[str] = Counter()
        self.disturbed = 0
        self.server_said: Counter[str] = Counter()
        self.left_out: dict[str, str] = {}
        self.missing: list[str] = []
        self.counts: dict[str, Counter] = {}
        self.notes: list[str] = []
        self.kept: Path | None = None

    def say(self, text: str) -> None:
        print(f"prove: {text}", flush=True)

    def storm(self, storm) -> None:
        self.faults = +storm.made
        self.disturbed = storm.disturbed.total()
        self.left_out = storm.left_out

    def print(self, findings: list, blind: list[str]) -> None:
        print(f"\nseed {self.seed}, {self.length:.0f} s of load, {time.monotonic() - self.begin:.0f} s in all")
        for title, counts in self.counts.items():
            print(f"{title} ({counts.total()}): {_listed(counts)}")
        print(f"faults ({self.faults.total()}, of which {self.disturbed} got in each other's way): {_listed(self.faults)}")
        if self.server_said:
            print(f"PostgreSQL's log: {_listed(self.server_said)}")
        for kind, reason in self.left_out.items():
            print(f"left out: {kind}: {reason}")
        for note in self.notes:
            print(note)
        shown: Counter[str] = Counter()
        for finding in findings:
            shown[finding.rule] += 1
            if shown[finding.rule] <= MOST:
                print(f"FOUND {finding}")
        for rule, count in shown.items():
            if count > MOST:
                print(f"FOUND {rule}: {count - MOST} more")
        for name in blind:
            print(f"BLIND the checker did not see: {name}")
        if self.kept:
            print(f"the history is in {self.kept}; check it again with --check")
        kinds = Counter(finding.kind for finding in findings)
        print(f"{kinds['double']} doubles, {kinds['loss']} losses, {len(findings)} findings")


def _listed(counts: Counter) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"
