"""Many messages through notifiers that are killed again and again, to providers that fail at random; then a count of
what came twice, what was lost and what came late."""

import json
import random
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from client import Client, Keys
from processes import Failure
from servers import Receiver
from system import System

# What each side does to a share of the messages. Those that take the message and say nothing are the window that is
# named in the README; none of the others may lead to a second message.
SMTP_FAULTS = ["421", "451", "550", "451-data", "hang", "drop", "drop-after-data", "slow"]
HTTP_FAULTS = ["hang", "drop", "slow", "429", "503", "500", "400"]
SMPP_FAULTS = ["0x58", "0x14", "0x08", "hang", "drop"]


@dataclass
class Note:
    id: str
    channel: str
    to: str
    otp: str
    deadline: datetime
    written: datetime


class DeliveryRun:
    """One run; `check` says how it ended, and fails where a message was lost, late, or doubled without a reason."""

    # Of each provider, and what a notifier adds for its own record: a dead one's messages are left alone so long.
    TIMEOUT = 3
    LEASE = TIMEOUT + 5

    def __init__(self, directory: Path, binaries: Path, count: int, seed: int, share: float = 0.2, notifiers: int = 2):
        self.random = random.Random(seed)
        self.count = count
        self.share = share
        self.system = System(directory, binaries, durable=True, partitions=4)
        self.spare = None
        self.client = None
        try:
            self.spare = Receiver(directory)
            (directory / "notifier.yaml").write_text(self._configuration())
            self.keys = Keys(self.system.settings["KEYS_FILE"])
            self.client = Client(self.system.broker.client_properties, self.system.prefix, source="/tests/deliveries")
            for number, receiver in enumerate((self.system.receiver, self.spare)):
                faults = {"smtp": SMTP_FAULTS, "http": HTTP_FAULTS, "smpp": SMPP_FAULTS}
                receiver.misbehave(random={"seed": seed + number, "share": share, **faults})
            self.system.start_all(("notifier",) * notifiers)
        except BaseException:
            self.close()
            raise
        self.notes: dict[str, Note] = {}
        self.kills: list[datetime] = []

    def _configuration(self) -> str:
        first, second = self.system.receiver, self.spare
        body = '{"to":"{{to}}","text":"{{text}}","ref":"{{id}}"}'
        password = self.system.directory / "smpp-password"
        password.write_text("secret\n")
        password.chmod(0o600)
        return f"""channels:
  email:
    - name: relay
      timeout: {self.TIMEOUT}s
      smtp: {{url: "smtp://127.0.0.1:{first.smtp}", startTLS: none, from: "no-reply@example.org"}}
    - name: spare-relay
      timeout: {self.TIMEOUT}s
      smtp: {{url: "smtp://127.0.0.1:{second.smtp}", startTLS: none, from: "no-reply@example.org"}}
  sms:
    - name: gateway
      timeout: {self.TIMEOUT}s
      http: {{url: "http://127.0.0.1:{first.http}/sms", body: '{body}'}}
    - name: operator
      timeout: {self.TIMEOUT}s
      smpp: {{host: 127.0.0.1, port: {second.smpp}, tls: false, systemId: tokens, passwordFile: {password}, source: Example}}
"""

    def run(self, rate: float, every: float) -> None:
        """Writes the messages at a rate, and kills a notifier every so many seconds until all are finished."""
        start = time.monotonic()
        next_kill = start + every
        for number in range(self.count):
            self._write(number)
            while (wait := start + number / rate - time.monotonic()) > 0:
                if wait > 0.05:
                    self.client.producer.poll(0)
                time.sleep(min(wait, 0.05))
            if time.monotonic() >= next_kill:
                self._kill()
                next_kill = time.monotonic() + every
        self.client.flush()
        end = time.monotonic() + 60 + 3 * self.LEASE
        while len(self.ends()) < self.count and time.monotonic() < end:
            if time.monotonic() >= next_kill and len(self.ends()) < self.count * 0.98:
                self._kill()
                next_kill = time.monotonic() + every
            time.sleep(0.2)

    def _write(self, number: int) -> None:
        channel = self.random.choice(["sms", "email"])
        user = f"user-{number}"
        # Some have to hurry: they may fail, but not come late.
        seconds = self.random.choice([4, 8, 60, 60, 60, 60])
        now = datetime.now(timezone.utc)
        note = Note(
            id=str(uuid.UUID(int=self.random.getrandbits(128))),
            channel=channel,
            to=f"+4179{number:07}" if channel == "sms" else f"u{number}@example.org",
            otp=f"{10_000_000 + number}",
            deadline=now + timedelta(seconds=seconds),
            written=now,
        )
        sealed = self.keys.seal({
            "tenant": "default", "userId": user, "use": "notification", "exp": int(note.deadline.timestamp()) + 1,
            "to": note.to, "otp": note.otp, "typeName": "Code", "maskedDevice": "***", "minutes": 1,
        }, ring="notification")
        data = {"notificationId": note.id, "channel": channel, "template": "otp", "locale": "en",
                "tokenId": "01930000-0000-7000-8000-000000000000", "sealed": sealed}
        expires = note.deadline.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.notes[note.id] = note
        self.client.write(self.client.command("notification.deliver", user, data,
                                              topic=self.system.prefix + "notifications",
                                              attributes={"expirytime": expires}))

    def _kill(self) -> None:
        """kill -9 for one of them, and another one for it."""
        running = self.system.workers
        for worker in running:
            if not worker.child.is_running:
                raise Failure(f"a notifier ended by itself:\n{worker.child.log_tail()}")
        victim = self.random.choice(running)
        self.kills.append(datetime.now(timezone.utc))
        victim.child.kill()
        self.system.workers.remove(victim)
        self.system.start("notifier")

    def ends(self) -> dict[str, str]:
        """How each notification ended by its first event: `sent`, `failed unavailable`, …"""
        ends: dict[str, str] = {}
        for message in list(self.client.messages):
            if message.type.startswith("notification.") and message.topic.endswith("events"):
                data = message.data
                word = message.type.removeprefix("notification.")
                why = data.get("code") or data.get("reason")
                ends.setdefault(data["notificationId"], f"{word} {why}" if why else word)
        return ends

    def received(self) -> dict[str, list[datetime]]:
        """When each OTP was taken by a provider."""
        by_otp: dict[str, list[datetime]] = defaultdict(list)
        for receiver in (self.system.receiver, self.spare):
            for message in receiver.messages():
                otp = message["text"].split()[0] if message["channel"] == "sms" else message["text"].split()[3]
                by_otp[otp].append(datetime.fromisoformat(message["receivedAt"]))
        return by_otp

    def check(self) -> dict:
        """The figures; raises where one of them must not be."""
        ends, received = self.ends(), self.received()
        doubled, silent, unexplained, lost, late, untold = [], [], [], [], [], []
        for note in self.notes.values():
            times = sorted(received.get(note.otp, []))
            end = ends.get(note.id)
            if len(times) > 1:
                doubled.append(note.id)
                pairs = list(zip(times, times[1:]))
                if any(self._is_silence(note, *pair) for pair in pairs):
                    silent.append(note.id)
                if not all(self._is_explained(*pair) or self._is_silence(note, *pair) for pair in pairs):
                    unexplained.append(note.id)
            late += [f"{note.id} {(at - note.deadline).total_seconds():.3f} s" for at in times if at > note.deadline]
            if end is None:
                lost.append(note.id)
            elif end == "sent" and not times:
                untold.append(note.id)
        figures = {
            "messages": len(self.notes), "kills": len(self.kills), "ends": dict(Counter(ends.values())),
            "received": sum(1 for note in self.notes.values() if received.get(note.otp)),
            "doubled": len(doubled), "of these after a gateway's silence": len(silent),
            "doubled without either": len(unexplained), "lost": len(lost),
            "sent but not received": len(untold), "late": len(late),
        }
        bad = {"lost": lost, "sent but not received": untold, "late": late, "doubled without either": unexplained}
        if any(bad.values()):
            raise Failure(json.dumps(figures) + "\n" + json.dumps({name: ids[:10] for name, ids in bad.items()}))
        return figures

    def _is_silence(self, note: Note, first: datetime, second: datetime) -> bool:
        """A gateway took it and said nothing until its time-out: the next one was asked (onTimeout: next)."""
        return note.channel == "sms" and (second - first).total_seconds() >= self.TIMEOUT - 0.2

    def _is_explained(self, first: datetime, second: datetime) -> bool:
        """A notifier died right after the first one was taken, and before it can have recorded that."""
        return any(first - timedelta(seconds=0.1) <= kill <= first + timedelta(seconds=2) for kill in self.kills
                   if kill <= second)

    def close(self) -> None:
        if self.client:
            self.client.close()
        if self.spare:
            self.spare.close()
        self.system.close()
