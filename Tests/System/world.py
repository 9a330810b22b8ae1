"""A private world for tests: the system of deploy/demo, its client, and persons with tokens."""

import itertools
import json
import secrets
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from client import Client, Command, Keys, Message, hotp, otp_in, secret_of, totp
from system import WORKERS, System

_numbers = itertools.count(1)


def in_seconds(seconds: float) -> str:
    """An instant from now on, as RFC 3339."""
    instant = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def base32_secret() -> str:
    """160 random bits."""
    return "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(32))


def wrong(otp: str) -> str:
    """Another value of the same length."""
    return str((int(otp) + 123456) % 10 ** len(otp)).zfill(len(otp))


class Canaries:
    """What must never be seen in clear, and where it could have been written."""

    def __init__(self):
        self.seeds: set[str] = set()
        self.otps: set[str] = set()
        self.contacts: set[str] = set()
        self.logs: dict[str, str] = {}
        self.metrics: dict[str, str] = {}
        self.messages: list[Message] = []
        self.commands: list[Command] = []
        self.tables = ""
        self._taken: dict[str, tuple[int, int]] = {}

    def collect(self, world: "World") -> None:
        """Takes down what a world has written so far."""
        name = world.system.directory.name
        for worker in world.system.workers:
            self.logs[f"{name}/{worker.child.log.name}"] = worker.child.log.read_text(errors="replace")
            self.metrics[f"{name}/{worker.kind}"] = worker.get("/metrics")[1]
        messages, commands = self._taken.get(name, (0, 0))
        self.messages += world.client.messages[messages:]
        self.commands += world.client.written[commands:]
        self._taken[name] = (len(world.client.messages), len(world.client.written))


class Person:
    """A user that no other test has, with a phone and a mail address."""

    def __init__(self, world: "World", hint: str):
        number = next(_numbers)
        self.world = world
        self.id = f"{hint}-{number}-{secrets.token_hex(3)}"
        self.phone = f"+4179{number:03}{secrets.randbelow(10_000):04}"
        self.email = f"{hint}.{number}.{secrets.token_hex(3)}@example.org"
        world.canaries.contacts |= {self.phone, self.email}

    def send(self, type: str, data: dict | None = None, **options) -> Command:
        return self.world.client.send(type, self.id, data, **options)

    def ask(self, type: str, data: dict | None = None, **options) -> Message:
        return self.world.client.ask(type, self.id, data, **options)

    def enroll(self, type: str, **data) -> dict:
        """Enrols a token; gives back its view."""
        contact = {"sms": {"phone": self.phone}, "email": {"email": self.email}}.get(type, {})
        return self.ask("token.enroll", {"tokenType": type, **contact, **data}).result["token"]

    def enroll_hotp(self, activate: str = "now") -> tuple[str, str]:
        """Token and secret of an HOTP token."""
        secret = base32_secret()
        self.world.canaries.seeds.add(secret)
        return self.enroll("hotp", secret=secret, activate=activate)["tokenId"], secret

    def enroll_totp(self, activate: str = "now") -> tuple[str, str]:
        """Token and secret of a TOTP token; the secret was made by the system and came sealed."""
        result = self.ask("token.enroll", {"tokenType": "totp", "activate": activate}).result
        secret = secret_of(self.world.open(result["provisioning"]["uri"], "provisioning")["uri"])
        self.world.canaries.seeds.add(secret)
        return result["token"]["tokenId"], secret

    def hotp(self, secret: str, counter: int, count: int = 1) -> list[str]:
        values = hotp(secret, counter, count)
        self.world.canaries.otps.update(values)
        return values

    def totp(self, secret: str, steps: int = 0) -> str:
        value = totp(secret, time.time() + 30 * steps)
        self.world.canaries.otps.add(value)
        return value

    def request(self, token: str | None = None, purpose: str = "login", **data) -> dict:
        """Asks for an OTP; gives back the result."""
        named = {"tokenId": token} if token else {}
        return self.ask("otp.request", {"purpose": purpose, **named, **data}).result

    def received(self, count: int = 1, address: str | None = None) -> str:
        """The OTP in the message number `count` to this person's phone, or to another address."""
        message = self.world.receiver.wait_for(address or self.phone, count)
        otp = otp_in(message["text"])
        self.world.canaries.otps.add(otp)
        return otp

    def verify(self, otp: str, purpose: str = "login", **data) -> Message:
        return self.ask("otp.verify", {"otp": otp, "purpose": purpose, **data})

    def view(self, token: str) -> dict:
        return self.ask("token.view", {"tokenId": token}).result["token"]


class World:
    def __init__(self, directory: Path, binaries: Path, canaries: Canaries, *, workers=WORKERS, **options):
        self.canaries = canaries
        self.system = System(directory, binaries, **options)
        self.receiver = self.system.receiver
        self.database = self.system.database
        self.broker = self.system.broker
        self.keys = Keys(self.system.settings["KEYS_FILE"])
        self.client = Client(self.broker.client_properties, self.system.prefix, source="/tests/iam")
        try:
            self.system.start_all(workers)
        except BaseException:
            self.close()
            raise

    def person(self, hint: str = "person") -> Person:
        return Person(self, hint)

    def open(self, token, ring: str) -> dict:
        """The JSON object in a JWE."""
        return json.loads(self.keys.open(token, ring))

    def worker(self, kind: str):
        """The last of a kind that was started."""
        return next(worker for worker in reversed(self.system.workers) if worker.kind == kind)

    def topic(self, name: str) -> str:
        return self.system.prefix + name

    def close(self) -> None:
        self.client.close()
        self.system.close()
