"""The upgrade, step by step, as an operator does it: a generator that yields seconds to wait, while the load goes on."""

import signal
import time
from pathlib import Path

from field import Field
from processes import Failure

KINDS = ("verifier", "enrollment", "notifier", "expiry-scanner")
"""In this order: the verifier of one version works beside the enrollment and the notifier of the other."""
SETTLED = 5.0
REFUSAL = "the schema is newer than this program"
TOMORROW = (Path(__file__).parent / "tomorrow.sql").read_text()


class Refused(Failure):
    """A worker found the schema newer than it likes."""


class Course:
    def __init__(self, field: Field, say):
        self.field = field
        self.say = say
        self.begin = time.time()
        self.phases: list[tuple[float, str]] = []
        self.migration: tuple[float, float] = (0.0, 0.0)
        self.notes: list[str] = []

    def enter(self, name: str) -> None:
        self.phases.append((time.time(), name))
        self.say(f"{time.time() - self.begin:6.1f} s  {name}")

    def run(self):
        field = self.field
        self.enter("old workers")
        yield 2 * SETTLED
        field.use("new")
        yield from self.migrate()
        yield SETTLED
        yield from self.replace_all("old", "new", kill="enrollment")
        self.enter("new workers")
        yield SETTLED
        try:
            yield from self.go_back()
        except Refused:
            self.notes.append("no way back: that version refuses to start beside a newer schema, as all before that one did")
        field.use("new")
        self.enter("a schema of tomorrow")
        field.database.query("SET lock_timeout = '5s';" + TOMORROW)
        for kind in KINDS:
            yield from self.replace(kind, field.running(kind)[0])
        yield SETTLED

    def migrate(self):
        """While somebody else's long transaction holds the locks of a reader on everything."""
        field = self.field
        self.enter("migrate, beside a long transaction")
        reader = field.reader(4)
        yield 0.5
        begin = time.time()
        tool = field.tool("migrate")
        while tool.poll() is None:
            yield 0.05
        self.migration = (begin, time.time())
        printed = tool.stdout.read()
        if tool.returncode != 0:
            raise Failure(f"tokenctl migrate: exit {tool.returncode}\n{printed}")
        self.say(f"{printed.strip()} ({self.migration[1] - begin:.1f} s)".replace("\n", "; "))
        reader.wait()
        field.grant()

    def replace_all(self, former: str, successor: str, kill: str | None = None):
        for kind in KINDS:
            self.enter(f"{kind}: {former} → {successor}")
            for number, worker in enumerate(self.field.of(kind, former)):
                if kind == kill and number == 0:
                    self.field.end(worker, signal.SIGKILL)
                yield from self.replace(kind, worker)
            yield SETTLED

    def replace(self, kind: str, former):
        """The successor first; the former one goes when that is at work."""
        yield from self.join(kind)
        self.field.end(former)
        yield SETTLED

    def join(self, kind: str):
        worker, patience = self.field.start(kind), time.monotonic() + 90
        while worker.get("/health/ready")[0] != 200:
            if not worker.child.is_running:
                code, text = worker.child.process.returncode, worker.child.log_tail()
                if code == 78 and REFUSAL in text:
                    self.field.forgive(worker)
                    raise Refused(text)
                raise Failure(f"{self.field.versions[worker]} {kind} ended with exit {code}\n{text}")
            if time.monotonic() > patience:
                raise Failure(f"{self.field.versions[worker]} {kind} is not ready\n{worker.child.log_tail()}")
            yield 0.2

    def go_back(self):
        self.field.use("old")
        self.enter("the way back: an old verifier joins")
        yield from self.join("verifier")
        self.field.end(self.field.of("verifier", "new")[0])
        yield from self.replace_all("new", "old")
        self.enter("old workers on the new schema")
        yield SETTLED
        self.field.use("new")
        yield from self.replace_all("old", "new")
