"""The story that quickstart plays: what a user's IAM and phone would do, step by step, each step checked."""

import json
import os
import sys
import time

from client import Client, Command, Keys, Message, otp_in, secret_of, totp
from processes import Failure
from system import System

IN_COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def tinted(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if IN_COLOUR else text


def bold(text: str) -> str:
    return tinted(text, "1")


def dim(text: str) -> str:
    return tinted(text, "2")


def shortened(value):
    """JSON for the eye: a JWE is long and says nothing."""
    if isinstance(value, dict):
        return {name: shortened(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shortened(inner) for inner in value]
    if isinstance(value, str) and value.startswith("eyJ") and len(value) > 60:
        return f"{value[:24]}… (JWE, {len(value)} characters)"
    return value


class Story:
    def __init__(self, system: System, client: Client):
        self.system = system
        self.client = client
        self.keys = Keys(system.settings["KEYS_FILE"])
        self.steps = 0

    def play(self) -> None:
        sms = self.enrol_phone()
        otp = self.receive("+41791234567", self.request(sms, "An OTP is asked for"))
        self.verify("The OTP is verified", sms, otp, expect="ok")
        self.verify("The same OTP again", sms, otp, expect="challenge_used")
        mail = self.enrol_mail()
        otp = self.receive("alice@example.org", self.request(mail, "An OTP by e-mail"))
        self.verify("A wrong value", mail, str((int(otp) + 1) % 10 ** len(otp)).zfill(len(otp)), expect="otp_mismatch")
        self.verify("The right one after it", mail, otp, expect="ok")
        self.authenticator()
        self.step("The view that an operator's page would show")
        self.ask("token.view", {"tokenId": sms})
        self.repeat()

    def enrol_phone(self) -> str:
        self.step("Alice's phone is enrolled")
        data = {"tokenType": "sms", "phone": "+41791234567", "description": "work phone"}
        _, reply = self.ask("token.enroll", data)
        return reply.result["token"]["tokenId"]

    def enrol_mail(self) -> str:
        self.step("Her e-mail address as well")
        _, reply = self.ask("token.enroll", {"tokenType": "email", "email": "alice@example.org"})
        return reply.result["token"]["tokenId"]

    def request(self, token: str, title: str) -> Command:
        self.step(title)
        command, _ = self.ask("otp.request", {"tokenId": token, "purpose": "login"})
        return command

    def receive(self, address: str, command: Command) -> str:
        message = self.system.receiver.wait_for(address)
        lines = [line for line in (message["subject"], *message["text"].splitlines()) if line and line.strip()]
        print(f"  {bold('✉')} {message['channel']} to {address}")
        for line in lines:
            print(f"      {line.strip()}")
        self.events(command, "otp.requested", "notification.sent")
        return otp_in(message["text"])

    def verify(self, title: str, token: str, otp: str, expect: str) -> None:
        self.step(title)
        command, _ = self.ask("otp.verify", {"otp": otp, "purpose": "login", "tokenId": token}, expect)
        self.events(command, "otp.verified" if expect == "ok" else "otp.rejected")

    def authenticator(self) -> None:
        self.step("An authenticator app (TOTP): the secret comes sealed, and once")
        _, reply = self.ask("token.enroll", {"tokenType": "totp", "description": "app"})
        token = reply.result["token"]["tokenId"]
        content = json.loads(self.keys.open(reply.result["provisioning"]["uri"], "provisioning"))
        uri = content["uri"]
        secret = secret_of(uri)
        print(f"  {bold('▣')} the QR code would say {uri.replace(secret, '…')}")
        print(dim("      opened with joserfc and the key of ring \"provisioning\"; oathtool plays the app"))
        # The value of the next step is good as well: the window admits a phone whose clock is fast.
        now = time.time()
        self.step("Its first value, by oathtool, activates it")
        first = {"otp": totp(secret, now), "purpose": "enrollment", "tokenId": token}
        command, _ = self.ask("otp.verify", first)
        self.events(command, "token.activated")
        self.step("The next one is good for a login")
        self.ask("otp.verify", {"otp": totp(secret, now + 30), "purpose": "login", "tokenId": token})
        self.step("And never twice")
        self.ask("otp.verify", {"otp": totp(secret, now + 30), "purpose": "login", "tokenId": token}, "otp_replayed")

    def repeat(self) -> None:
        self.step("A command written twice has one effect and one answer")
        command = self.client.command("token.disable", "alice", {"tokenId": self.active_token(), "reason": "lost"})
        self.show(command)
        self.client.write(command)
        self.client.write(command)
        first, second = self.client.replies(command, 2)
        self.show_reply(first)
        same = first.value == second.value and first.id == second.id
        if not same:
            raise Failure("the copy was answered differently")
        print(f"  {bold('←')} and once more, the same bytes; event token.disabled: "
              f"{len({event.id for event in self.client.events(command, 'token.disabled')})}")

    def active_token(self) -> str:
        tokens = self.client.ask("token.list", "alice", {"status": "ACTIVE", "tokenType": "email"}).result["tokens"]
        return tokens[0]["tokenId"]

    def step(self, title: str) -> None:
        self.steps += 1
        print(f"\n{bold(f'{self.steps:2}  {title}')}")

    def ask(self, type: str, data: dict, expect: str = "ok") -> tuple[Command, Message]:
        command = self.client.command(type, "alice", data)
        self.show(command)
        began = time.monotonic()
        reply = self.client.reply(self.client.write(command))
        self.show_reply(reply, time.monotonic() - began)
        if (reply.code or reply.status) != expect:
            raise Failure(f"expected {expect}")
        return command, reply

    def show(self, command: Command) -> None:
        print(f"  {bold('→')} {command.topic}  {command.key}  {dim(f'usertokens.{command.type}.v1')}")
        print(f"      {json.dumps(command.data, ensure_ascii=False)}")

    def show_reply(self, reply: Message, seconds: float | None = None) -> None:
        mark = tinted("ok", "32") if reply.status == "ok" else tinted(f"rejected: {reply.code}", "33")
        time_taken = dim(f"  {seconds * 1000:.0f} ms") if seconds is not None else ""
        print(f"  {bold('←')} {mark}{time_taken}")
        content = reply.result if reply.status == "ok" else reply.details
        for line in json.dumps(shortened(content), ensure_ascii=False, indent=2).splitlines():
            print(f"      {line}")

    def events(self, command: Command, *types: str) -> None:
        for type in types:
            self.client.events(command, type)
        print(f"  {bold('•')} {dim('events: ' + ', '.join(types))}")
