"""Marked values in every command: what they are, and where each may be seen."""

import json
import secrets
import subprocess
from pathlib import Path

from world import base32_secret


class Marks:
    """Drives every command with marked values, also where they do not belong.

    - hidden: an OTP, a seed, an unknown field, the text of an approval: nowhere in clear, but in the user's message.
    - spoken: description, reason, display name, which operators write for each other: in replies, events and tables.
    """

    def __init__(self, world):
        self.world = world
        self.unknown, self.approval, self.field = (self._mark(name) for name in ("unknown", "approval", "field"))
        self.description, self.display, self.reason = (self._mark(name) for name in ("description", "display", "reason"))
        self.otp = "".join(secrets.choice("123456789") for _ in range(10))
        self.seeds = [base32_secret() for _ in range(3)]
        self.hidden = {self.unknown, self.approval, self.field, self.otp, *self.seeds}
        self.spoken = {self.description, self.display, self.reason}
        world.canaries.seeds |= set(self.seeds)
        self.person = world.person("marked")
        self.serial = f"M{secrets.token_hex(6)}"

    @staticmethod
    def _mark(name: str) -> str:
        return f"canary-{name}-{secrets.token_hex(6)}"

    def drive(self) -> None:
        world, person = self.world, self.person
        record = {"phone": person.phone, "email": person.email, "displayName": self.display, "revision": 1,
                  "canary": self.unknown}
        world.client.produce(world.topic("users"), f"default/{person.id}", json.dumps(record).encode())
        world.client.event("contact.changed", changed=["phone", "email"], email=f"{person.email[0]}***@example.org")
        sms = person.enroll("sms", description=self.description)["tokenId"]
        hotp = person.enroll("hotp", secret=self.seeds[0], activate="now")["tokenId"]
        challenge = person.request(sms)["challengeId"]
        assert person.verify(person.received(), challengeId=challenge).status == "ok"
        challenge = person.request(sms, "test")["challengeId"]
        context = {"reference": "r", "text": self.approval, "fields": {"x": self.field}}
        token = {"tokenId": hotp}
        device = {"serial": self.serial, "secret": self.seeds[1], "canary": self.unknown}
        for type, data in [
            ("token.enroll", {"tokenType": "hotp", "secret": self.seeds[2]}),
            ("token.enroll", {"tokenType": "recovery"}),
            ("token.enroll", {"tokenType": "email", "email": person.email}),
            ("token.enroll", {"tokenType": "virtual", "channel": "sms"}),
            ("token.provision", token), ("token.edit", {**token, "description": self.description}),
            ("token.disable", token), ("token.enable", token), ("token.view", token), ("token.list", {}),
            ("token.list", {"cursor": self.unknown}),
            ("otp.request", {"purpose": "approval", "tokenId": sms, "context": context}),
            ("otp.verify", {"purpose": "approval", "tokenId": sms, "context": context}),
            ("otp.verify", {"purpose": "login", "challengeId": challenge}),
            ("otp.verify", {"purpose": "login", "tokenId": hotp}), ("otp.verify", {"purpose": self.unknown}),
            ("otp.status", {"challengeId": challenge}), ("otp.cancel", {"challengeId": challenge}),
            ("token.reset", {**token, "otp1": self.otp, "otp2": self.otp}), ("token.unlock", token), ("user.unlock", {}),
            ("token.unassign", token), ("token.compromise", token), ("token.delete", token),
        ]:
            self.ask(type, person.id, data)
        name = f"m-{secrets.token_hex(4)}"
        for type, data in [
            ("token.import", {"tokenType": "hotp-hardware", "tokens": [device]}),
            ("token.list", {"serial": self.serial}), ("token.compromise", {"serial": self.serial}),
            ("token.unassign", {"serial": self.serial}),
            ("tokentype.define", {"tokenType": name, "kind": "sms", "policy": {"canary": 1}}),
            ("tokentype.define", {"tokenType": name, "kind": "sms"}),
            ("tokentype.edit", {"tokenType": name, "policy": {"digits": 8}}),
            ("tokentype.retire", {"tokenType": name}), ("tokentype.list", {}),
        ]:
            self.ask(type, "~marked", data)

    def ask(self, type: str, user: str, data: dict) -> None:
        """As it should be, and in ways that nobody can handle."""
        data = {"otp": self.otp, "canary": self.unknown, "reason": self.reason, **data}
        client = self.world.client
        written = [client.send(type, user, data), client.send(type, user, data, structured=True)]
        written.append(client.send(type + ".x", user, data, topic=client.topic_of(type)))
        for value in (json.dumps(data)[:-1] + ',"otp":1}', json.dumps(data)[:-1]):
            command = client.command(type, user, data)
            client.produce(command.topic, command.key, value.encode(), command.headers)
            written.append(command)
        reused = client.command(type, user, {**data, "more": self.unknown}, id=written[0].id)
        client.write(reused)
        for command in written:
            client.reply(command)

    def tool(self) -> dict[str, str]:
        """What tokenctl prints; `dlq show`, which is there to show, aside."""
        world, outputs = self.world, {}
        seed = self.seeds[1]
        delivery = Path(world.system.directory, "delivery.csv")
        rows = ["serial,secret,type,digits,period", f"{self.serial}x,{seed},hotp,6,", f"{self.serial}y,short,hotp,6,", ""]
        delivery.write_text("\n".join(rows))
        bad = Path(world.system.directory, "bad.csv")
        bad.write_text(f"serial,secret\n{self.serial},{seed},\n\x00{self.otp}")
        data = json.dumps({"tokenType": "hotp", "secret": self.seeds[0], "canary": self.unknown, "otp": self.otp})
        user = ["--user", self.person.id]
        for arguments in (
            ["keys", "status"], ["keys", "init"], ["dlq", "list"], ["tenant", "list"], ["check-configuration"],
            ["audit", "export"], ["audit", "verify"], ["import", str(delivery), "--dry-run"], ["import", str(delivery)],
            ["import", str(bad)], ["send", "token.enroll", *user, "--data", data],
            ["send", "token.enroll", *user, "--data", data[:-1]], ["send", "otp.verify", *user, "--data", data],
        ):
            outputs[" ".join(arguments[:2])] = outputs.get(" ".join(arguments[:2]), "") + self._run(*arguments)
        for what in ("events", "replies"):
            # It watches until it is ended.
            outputs[f"watch {what}"] = self._run("watch", what, "--from-beginning", limit=3)
        return outputs

    def _run(self, *arguments: str, limit: int = 60) -> str:
        command = ["timeout", str(limit), self.world.system.program("tokenctl"), *arguments]
        done = subprocess.run(command, env=self.world.system.environment(), capture_output=True, text=True,
                              errors="replace")
        return done.stdout + done.stderr
