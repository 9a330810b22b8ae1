"""What our client believes of users and tokens: from what it wrote, and from what it has read so far."""

import json
from dataclasses import dataclass, field

from client import Keys, Message
from draw import USERS


@dataclass
class Token:
    id: str
    kind: str
    secret: str | None = None
    serial: str | None = None
    codes: list[str] = field(default_factory=list)
    next: int = 0
    """The counter that the device shows next."""
    is_pending: bool = False


@dataclass
class Challenge:
    id: str
    token: str
    purpose: str
    context: dict | None
    otps: list[str] = field(default_factory=list)


@dataclass
class Person:
    id: str
    phone: str
    email: str
    tokens: list[Token] = field(default_factory=list)
    challenges: list[Challenge] = field(default_factory=list)
    spent: list[dict] = field(default_factory=list)
    """Verifications whose value was right when it was written."""
    revision: int = 0

    def of(self, *kinds: str) -> list[Token]:
        return [token for token in self.tokens if token.kind in kinds]


class People:
    def __init__(self, keys: Keys, prefix: str):
        self.keys = keys
        self.prefix = prefix
        self.everyone = [Person(f"user-{number:02}", f"+4179555{number:04}", f"canary.{number:02}@mail.example")
                         for number in range(USERS)]
        self.by_id = {person.id: person for person in self.everyone}
        self.stock: list[Token] = []
        """Devices that were delivered, wherever they are now; their ids are known once somebody has them."""
        self.types: list[str] = []
        self.asked: dict[str, tuple] = {}
        """What was asked for, by command id: purpose and context of a challenge, or the secret of a token."""
        self.made: dict[str, str] = {}
        """Ciphertexts in replies that our keys opened: seeds and recovery codes."""
        self._early: dict[str, list[tuple[str, str]]] = {}

    def learn(self, message: Message) -> None:
        if message.topic == self.prefix + "notifications":
            self._deliver(message)
        elif message.topic == self.prefix + "replies" and message.cause in self.asked and message.status == "ok":
            kind, *facts = self.asked.pop(message.cause)
            person = self.by_id.get((message.key or b"").decode().split("/", 1)[-1])
            getattr(self, f"_learn_{kind}")(person, message.result, *facts)

    def _learn_token(self, person: Person, result: dict, kind: str, secret: str | None, serial: str | None) -> None:
        view = result["token"]
        device = next((device for device in self.stock if serial and device.serial == serial), None)
        token = Token(view["tokenId"], kind, secret, serial, next=device.next if device else 0,
                      is_pending=view["status"] == "PENDING")
        sealed = result.get("provisioning", {})
        if "codes" in sealed:
            token.codes = json.loads(self.keys.open(sealed["codes"], "provisioning"))["codes"]
        if device:
            token.secret = device.secret
            device.id = token.id
        person.tokens.append(token)

    def _learn_secret(self, person: Person, result: dict) -> None:
        from client import secret_of

        uri = json.loads(self.keys.open(result["provisioning"]["uri"], "provisioning"))["uri"]
        for token in person.tokens:
            if token.id == result["token"]["tokenId"]:
                token.secret, token.next = secret_of(uri), 0

    def _learn_challenge(self, person: Person, result: dict, purpose: str, context: dict | None) -> None:
        known = next((c for c in person.challenges if c.id == result["challengeId"]), None)
        if not known:
            known = Challenge(result["challengeId"], result["tokenId"], purpose, context)
            person.challenges.append(known)
        known.otps += [otp for _, otp in self._early.pop(known.id, [])]

    def _deliver(self, message: Message) -> None:
        data = message.data
        challenge = data.get("challengeId")
        if not challenge:
            return
        otp = json.loads(self.keys.open(data["sealed"], "notification")).get("otp")
        person = self.by_id.get(message.key.decode().split("/", 1)[-1])
        known = next((c for c in person.challenges if c.id == challenge), None) if person and otp else None
        if known is None:
            self._early.setdefault(challenge, []).append((message.key.decode(), otp))
        elif otp not in known.otps[-1:]:
            known.otps.append(otp)
