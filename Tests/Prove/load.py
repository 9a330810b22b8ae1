"""Plays the steps that a seed drew: writes commands and waits for nothing."""

import json
import random
import threading
import time
import uuid

import oath
from client import Client, Command, Keys
from draw import Step
from history import Written
from people import People, Person, Token

PARTITIONS = 4
TEXT = "Pay 12 to the baker"


class Load:
    def __init__(self, client: Client, keys: Keys, seed: int, steps: list[Step]):
        self.client = client
        self.seed = seed
        self.steps = steps
        self.people = People(keys, client.prefix)
        self.keys = keys
        self.written: list[Written] = []
        self.recent: list[tuple[Command, int]] = []
        self.spoken: set[str] = set()
        self.otps: set[str] = set()
        self.seeds: set[str] = set()
        self.opened: dict[str, str] = {}
        self.contacts = {text for person in self.people.everyone for text in (person.phone, person.email)}
        self.failure: Exception | None = None
        self.stopped = threading.Event()
        self._read = 0
        self._step: Step | None = None
        self._count = 0

    def run(self) -> None:
        try:
            begin = time.monotonic()
            for step in self.steps:
                if self.stopped.wait(max(0.0, begin + step.at - time.monotonic())):
                    break
                self.learn()
                self._step, self._count = step, 0
                getattr(self, step.kind)(self.people.everyone[step.user], step.draw(self.seed))
        except Exception as error:
            self.failure = error

    def learn(self) -> None:
        messages = self.client.messages
        end = len(messages)
        for message in messages[self._read : end]:
            self.people.learn(message)
        self._read = end

    # Writing

    def send(self, type: str, user: str, data: dict | None = None, *, mark: str = "", partition: int = -1,
             **options) -> Command:
        self._count += 1
        id = options.pop("id", None) or f"c{self._step.number}.{self._count}"
        source = options.pop("source", self.client.source)
        attributes = {"correlationid": source, **options.pop("attributes", {})}
        structured = random.Random(id).random() < 0.1
        command = self.client.command(type, user, data, id=id, source=source, attributes=attributes,
                                      structured=structured, **options)
        return self.write(command, mark, partition)

    def write(self, command: Command, mark: str = "", partition: int = -1) -> Command:
        self.written.append(Written(command.id, command.source, mark, len(self.client.messages)))
        self.client.write(command, partition)
        self.recent.append((command, partition))
        return command

    def on(self, token: Token, type: str, person: Person, **data) -> Command:
        return self.send(type, person.id, {"tokenId": token.id, **data})

    def some_token(self, person: Person, draw: random.Random, *kinds: str) -> Token:
        """One of the user's; rarely another's, or one that never was."""
        chance = draw.random()
        if chance < 0.03:
            other = draw.choice(self.people.everyone)
            if other.tokens:
                return draw.choice(other.tokens)
        tokens = person.of(*kinds) if kinds else person.tokens
        if not tokens or chance > 0.98:
            return Token(str(uuid.UUID(int=draw.getrandbits(128))), "hotp", oath.new_secret(draw))
        # The younger ones more often: the older ones are deleted, or will not be back.
        return tokens[max(draw.randrange(len(tokens)) for _ in range(2))]

    def value(self, token: Token, draw: random.Random, ahead: int = 0) -> str:
        """The value that the device shows."""
        if token.codes:
            value = token.codes[token.next % len(token.codes)]
            token.next += 1
        elif token.secret is None:
            value = str(draw.randrange(10**6)).zfill(6)
        elif token.kind.startswith("totp"):
            value = oath.value(token.secret, oath.step_at(time.time()) + draw.choice((0, 0, 0, 0, 1, -1)) + ahead)
        else:
            if draw.random() < 0.1:
                token.next += draw.randint(1, 4)
            value = oath.value(token.secret, token.next + ahead)
            token.next += 1
        self.otps.add(value)
        return value

    def sealed(self, person: Person, otp: str, draw: random.Random) -> str:
        """Some values travel as JWE."""
        if draw.random() > 0.15:
            return otp
        content = {"tenant": "default", "userId": person.id, "use": "submission", "exp": int(time.time()) + 900, "otp": otp}
        token = self.keys.seal(content)
        self.opened[token] = otp
        return token

    # Enrolment

    def _enroll(self, person: Person, kind: str, data: dict) -> None:
        command = self.send("token.enroll", person.id, data)
        self.people.asked[command.id] = ("token", kind, data.get("secret"), data.get("serial"))

    def _soft(self, person: Person, draw: random.Random, kind: str) -> None:
        secret = oath.new_secret(draw)
        self.seeds.add(secret)
        activate = draw.choice(("now", "now", "on-first-otp"))
        self._enroll(person, kind, {"tokenType": kind, "secret": secret, "activate": activate})

    def enroll_hotp(self, person, draw):
        self._soft(person, draw, "hotp")

    def enroll_totp(self, person, draw):
        self._soft(person, draw, "totp")

    def enroll_sms(self, person, draw):
        activate = draw.choice(("now", "now", "on-first-otp"))
        self._enroll(person, "sms", {"tokenType": "sms", "phone": person.phone, "activate": activate})

    def enroll_email(self, person, draw):
        self._enroll(person, "email", {"tokenType": "email", "email": person.email})

    def enroll_virtual(self, person, draw):
        self._enroll(person, "virtual", {"tokenType": "virtual", "channel": draw.choice(("sms", "email"))})

    def enroll_recovery(self, person, draw):
        self._enroll(person, "recovery", {"tokenType": "recovery", "count": draw.randint(3, 10)})

    def enroll_ending(self, person, draw):
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + draw.randint(5, 25)))
        self._enroll(person, "email", {"tokenType": "email", "email": person.email, "expiresAt": end})

    def enroll_own_type(self, person, draw):
        if self.people.types:
            self._enroll(person, "email", {"tokenType": draw.choice(self.people.types), "email": person.email})

    def enroll_device(self, person, draw):
        if not self.people.stock:
            return self.import_devices(person, draw)
        device = draw.choice(self.people.stock[-12:])
        data = {"tokenType": device.kind, "serial": device.serial}
        if draw.random() < 0.3 and device.kind.startswith("hotp"):
            data |= {"otp1": self.value(device, draw), "otp2": self.value(device, draw)}
        self._enroll(person, device.kind, data)

    def import_devices(self, person, draw):
        entries, type = [], draw.choice(("hotp-hardware", "hotp-hardware", "totp-hardware"))
        for number in range(draw.randint(1, 4)):
            serial, secret = f"S{self._step.number}-{number}", oath.new_secret(draw)
            self.seeds.add(secret)
            self.people.stock.append(Token("", type, secret, serial))
            entries.append({"serial": serial, "secret": secret, "manufacturer": "Prove"})
        data = {"tokenType": type, "tokens": entries}
        for _ in range(draw.choice((1, 1, 2))):
            self.send("token.import", f"~{draw.randrange(9)}", data)

    def provision(self, person, draw):
        command = self.on(self.some_token(person, draw, "hotp", "totp"), "token.provision", person)
        self.people.asked[command.id] = ("secret",)

    # Changes

    def describe(self, person, draw):
        text = f"spoken-{self._step.number}"
        self.spoken.add(text)
        self.on(self.some_token(person, draw), "token.edit", person, description=text)

    def change_contact(self, person, draw):
        token = self.some_token(person, draw, "sms", "email")
        number = draw.randrange(10_000)
        contact = {"phone": f"+4178444{number:04}"} if token.kind == "sms" else {"email": f"canary.new.{number:04}@mail.example"}
        self.contacts |= set(contact.values())
        self.on(token, "token.edit", person, **contact)

    def disable(self, person, draw):
        self.on(self.some_token(person, draw), "token.disable", person, reason="lost it")

    def enable(self, person, draw):
        self.on(self.some_token(person, draw), "token.enable", person)

    def delete(self, person, draw):
        self.on(self.some_token(person, draw), "token.delete", person)

    def unassign(self, person, draw):
        self.on(self.some_token(person, draw, "hotp-hardware", "totp-hardware"), "token.unassign", person)

    def compromise(self, person, draw):
        self.on(self.some_token(person, draw, "hotp-hardware", "totp-hardware"), "token.compromise", person)

    def _by_serial(self, type, draw):
        serial = draw.choice(self.people.stock[-12:]).serial if self.people.stock else "S-none"
        self.send(type, f"~{draw.randrange(9)}", {"serial": serial})

    def unassign_by_serial(self, person, draw):
        self._by_serial("token.unassign", draw)

    def compromise_by_serial(self, person, draw):
        self._by_serial("token.compromise", draw)

    def view(self, person, draw):
        self.on(self.some_token(person, draw), "token.view", person)

    def list(self, person, draw):
        self.send("token.list", person.id, {"limit": 50})

    def list_all(self, person, draw):
        self.send("token.list", "~all", {"limit": 5})

    def directory(self, person, draw):
        """The directory's record of a user; at times its tombstone."""
        person.revision += 1
        record = {"phone": person.phone, "email": person.email, "revision": person.revision}
        value = None if draw.random() < 0.1 else json.dumps(record).encode()
        self.client.produce(self.client.prefix + "users", f"default/{person.id}", value)

    # Token types

    def define_type(self, person, draw):
        name = f"own-{self._step.number}"
        self.people.types.append(name)
        policy = {"lockSeconds": [2, 4, 8], "resendAfter": 10, "maxPerUser": 50}
        self.send("tokentype.define", "~types", {"tokenType": name, "kind": "email", "policy": policy})

    def edit_type(self, person, draw):
        name = draw.choice(self.people.types or ["none"])
        self.send("tokentype.edit", "~types", {"tokenType": name, "names": {"en": f"Own {self._step.number}"}})

    def retire_type(self, person, draw):
        name = draw.choice(self.people.types) if self.people.types else "none"
        self.send("tokentype.retire", "~types", {"tokenType": name})

    def list_types(self, person, draw):
        self.send("tokentype.list", "~types")

    # OTPs

    def _request(self, person: Person, token: Token, purpose: str, context: dict | None = None) -> None:
        more = {"context": context} if context else {}
        command = self.on(token, "otp.request", person, purpose=purpose, **more)
        self.people.asked[command.id] = ("challenge", purpose, context)

    def request(self, person, draw):
        token = self.some_token(person, draw, "sms", "email", "virtual")
        self._request(person, token, "enrollment" if token.is_pending else draw.choice(("login", "login", "helpdesk", "test")))

    def request_approval(self, person, draw):
        context = {"reference": f"r{draw.randrange(3)}", "text": TEXT}
        self._request(person, self.some_token(person, draw, "sms", "email"), "approval", context)

    def _verify(self, person, draw, otp, **data) -> Command:
        command = self.send("otp.verify", person.id, {"otp": self.sealed(person, otp, draw), **data})
        person.spent.append({"otp": otp, **data})
        return command

    def _challenge(self, person, draw, approval=False):
        fitting = [c for c in person.challenges if c.otps and (c.context is not None) == approval]
        return fitting[max(draw.randrange(len(fitting)) for _ in range(3))] if fitting else None

    def verify_challenge(self, person, draw):
        challenge = self._challenge(person, draw)
        if challenge is None:
            return self.request(person, draw)
        otp = draw.choice(challenge.otps) if draw.random() < 0.2 else challenge.otps[-1]
        self.otps |= set(challenge.otps)
        purpose = challenge.purpose if draw.random() < 0.9 else "login"
        named = draw.choice(({"challengeId": challenge.id}, {"challengeId": challenge.id}, {"tokenId": challenge.token}))
        self._verify(person, draw, otp, purpose=purpose, **named)

    def verify_approval(self, person, draw):
        challenge = self._challenge(person, draw, approval=True)
        if challenge is None:
            return self.request_approval(person, draw)
        context = challenge.context if draw.random() < 0.8 else {"reference": "other", "text": TEXT}
        self._verify(person, draw, challenge.otps[-1], purpose="approval", challengeId=challenge.id, context=context)

    def verify_own(self, person, draw):
        token = self.some_token(person, draw, "hotp", "totp", "hotp-hardware", "totp-hardware", "recovery")
        purpose = "enrollment" if token.is_pending else draw.choice(("login", "login", "login", "test"))
        self._verify(person, draw, self.value(token, draw), purpose=purpose, tokenId=token.id)

    def verify_unnamed(self, person, draw):
        token = self.some_token(person, draw, "hotp", "totp", "hotp-hardware", "recovery")
        self._verify(person, draw, self.value(token, draw), purpose="login")

    def activate(self, person, draw):
        pending = [token for token in person.tokens if token.is_pending and token.secret]
        if not pending:
            return self.verify_own(person, draw)
        token = draw.choice(pending)
        token.is_pending = False
        self._verify(person, draw, self.value(token, draw), purpose="enrollment", tokenId=token.id)

    def verify_wrong(self, person, draw):
        otp = draw.choice((str(draw.randrange(10**6)).zfill(6), "12345", "12a456"))
        challenge = self._challenge(person, draw)
        token = self.some_token(person, draw, "hotp", "totp", "hotp-hardware")
        named = draw.choice(({"tokenId": token.id}, {"tokenId": token.id}, {}, {"challengeId": challenge.id} if challenge else {}))
        self._verify(person, draw, otp, purpose="login", **named)

    def verify_again(self, person, draw):
        """A value that was written before, under a new id."""
        if person.spent:
            data = dict(draw.choice(person.spent[-6:]))
            self.send("otp.verify", person.id, data)

    def volley_wrong(self, person, draw):
        """Many guesses at once, on all partitions."""
        token = self.some_token(person, draw, "hotp", "totp")
        for number in range(draw.randint(8, 16)):
            data = {"otp": str(draw.randrange(10**6)).zfill(6), "purpose": "login", "tokenId": token.id}
            self.send("otp.verify", person.id, data, partition=number % PARTITIONS)

    def volley_same(self, person, draw):
        """One value under many ids at once, on all partitions."""
        token = self.some_token(person, draw, "hotp", "totp", "recovery")
        challenge = self._challenge(person, draw)
        if challenge and draw.random() < 0.4:
            data = {"otp": challenge.otps[-1], "purpose": challenge.purpose, "challengeId": challenge.id}
        else:
            data = {"otp": self.value(token, draw), "purpose": "login", "tokenId": token.id}
        for number in range(draw.randint(6, 14)):
            self.send("otp.verify", person.id, data, partition=number % PARTITIONS)

    def hurry(self, person, draw):
        """Disable and enable between verifications, all at once: both topics meet in one user."""
        token = self.some_token(person, draw, "hotp", "hotp-hardware")
        for type in draw.choices(("token.disable", "token.enable", "otp.verify"), (1, 1, 2), k=8):
            if type == "otp.verify":
                self._verify(person, draw, self.value(token, draw), purpose="login", tokenId=token.id)
            else:
                self.on(token, type, person)

    def cancel(self, person, draw):
        challenge = self._challenge(person, draw)
        if challenge:
            self.send("otp.cancel", person.id, {"challengeId": challenge.id})

    def status(self, person, draw):
        challenge = self._challenge(person, draw)
        if challenge:
            self.send("otp.status", person.id, {"challengeId": challenge.id})

    def reset(self, person, draw):
        token = self.some_token(person, draw, "hotp", "hotp-hardware")
        token.next += draw.randint(0, 30)
        first, second = self.value(token, draw), self.value(token, draw)
        if draw.random() < 0.15:
            first, second = second, first
        self.on(token, "token.reset", person, otp1=first, otp2=second)

    def reset_wrong(self, person, draw):
        token = self.some_token(person, draw, "hotp", "totp")
        self.on(token, "token.reset", person, otp1=str(draw.randrange(10**6)).zfill(6), otp2="000000")

    def unlock_token(self, person, draw):
        self.on(self.some_token(person, draw), "token.unlock", person)

    def unlock_user(self, person, draw):
        self.send("user.unlock", person.id, {})

    # The same again, and what nobody can handle

    def _earlier(self, draw) -> tuple[Command, int]:
        return draw.choice(self.recent[-150:])

    def copy(self, person, draw):
        command, partition = self._earlier(draw)
        self.write(command, partition=partition)

    def copy_elsewhere(self, person, draw):
        """A new command on two or three partitions, at once."""
        token = self.some_token(person, draw)
        type = draw.choice(("token.edit", "token.enroll", "otp.verify"))
        data = {"token.edit": {"tokenId": token.id, "description": f"spoken-{self._step.number}"},
                "token.enroll": {"tokenType": "email", "email": person.email},
                "otp.verify": {"tokenId": token.id, "otp": self.value(token, draw), "purpose": "login"}}[type]
        partitions = draw.sample(range(PARTITIONS), draw.randint(2, 3))
        command = self.send(type, person.id, data, partition=partitions[0])
        if type == "token.enroll":
            self.people.asked[command.id] = ("token", "email", None, None)
        for partition in partitions[1:]:
            self.write(command, partition=partition)

    def other_source(self, person, draw):
        """One id from two sources: two commands."""
        token = self.some_token(person, draw, "hotp", "totp")
        data = {"tokenId": token.id, "otp": self.value(token, draw), "purpose": "login"}
        first = self.send("otp.verify", person.id, data)
        self.send("otp.verify", person.id, data, id=first.id, source="/prove/other")

    def reuse(self, person, draw):
        """An id that was used before, for something else."""
        command, partition = self._earlier(draw)
        if command.source != self.client.source:
            return
        other = self.client.command(command.type, command.key.split("/")[1], {**command.data, "more": self._step.number},
                                    id=command.id, topic=command.topic, attributes={"correlationid": command.source})
        self.written.append(Written(command.id, command.source, "reuse", len(self.client.messages)))
        self.client.write(other, partition)

    def late(self, person, draw):
        self.send("user.unlock", person.id, {}, mark="late", attributes={"expirytime": "2020-01-01T00:00:00Z"})

    def ill_typed(self, person, draw):
        data = draw.choice(({"otp": 5, "purpose": "login"}, {"otp": "1" * 65, "purpose": "login"}, {"otp": "1"}))
        self.send("otp.verify", person.id, data, mark="ill-typed")
        self.send("token.explode", person.id, {}, mark="ill-typed", topic=self.client.prefix + "commands.enrollment")

    def poison(self, person, draw):
        """What can't be decoded, in the midst of what can."""
        id = f"p{self._step.number}".encode()
        good = [("ce_specversion", b"1.0"), ("ce_id", id), ("ce_source", b"/prove/poison"), ("ce_type", b"usertokens.otp.verify.v1"),
                ("ce_correlationid", b"/prove/poison")]
        headers, value, key = draw.choice((
            (good, b"\xff\xfe broken", f"default/{person.id}"), (good, b'{"otp":', f"default/{person.id}"),
            ([], b"{}", f"default/{person.id}"), (good[:1] + good[2:], b"{}", f"default/{person.id}"),
            (good, b'{"a":1,"a":2}', f"default/{person.id}"), (good, b"{}", "no key"), (good + [("ce_id", b"two")], b"{}", None),
        ))
        topic = self.client.prefix + draw.choice(("commands.enrollment", "commands.verification"))
        self.client.produce(topic, key, value, [*headers, ("poison", id)], draw.randrange(PARTITIONS))
