"""Plays the commands of a history, in the order of their effects, over the model; each answer has to be the model's.

The order is that in which PostgreSQL committed, by its own log, then the place in the batch; whoever holds a user's lock
until the commit comes before whoever waits for it. Another rule (`order`) compares it with the topics' logs and with what was
answered before what was written.
"""

from commands import Command, DirectoryChange, directory_changes_of
from history import History
from model import User
from otp_steps import OTPSteps
from token_steps import microseconds

MAX_QUEUE_AGE = 60_000_000
CLOCK_BACK = 90_000_000
"""How far the database's clock is set back at most; microseconds, as all instants."""
NOBODY = ("expired", "malformed", "unknown_type", "id_reused", "version_conflict")


class Replay(OTPSteps):
    def __init__(self, history: History, commands: list[Command]):
        super().__init__(history)
        self.commands = sorted((c for c in commands if c.stored and c.answers), key=lambda command: command.order)
        self.directory = directory_changes_of(history)
        self.obsoleted = {event.data["token"]["tokenId"] for event in history.events if event.type == "token.obsoleted"}

    def run(self) -> "Replay":
        for step in sorted([*self.commands, *self.directory], key=lambda step: step.order):
            if isinstance(step, DirectoryChange):
                self._directory(step, self.users[step.user])
                continue
            command = step
            self._end_by_the_scanner(command)
            play = getattr(self, "_" + command.type.replace(".", "_"), None)
            if command.code in NOBODY:
                self._nobody(command)
            elif play:
                play(command, command.data, command.reply, self.users[command.user])
        return self

    def _end_by_the_scanner(self, command: Command) -> None:
        """The scanner makes a token OBSOLETE for good, also where the database's clock goes back behind its end after that."""
        told = command.reply.get("details", {}).get("status") == "OBSOLETE" or command.code == "challenge_void"
        challenge = self.users[command.user].challenges.get(command.data.get("challengeId")) if told else None
        token = self.tokens.get(challenge.token if challenge else command.data.get("tokenId")) if told else None
        if token and token.id in self.obsoleted and token.ends and token.ends - CLOCK_BACK <= command.at < token.ends:
            token.status = "OBSOLETE"

    def _directory(self, change: DirectoryChange, user: User) -> None:
        """New contact data void what was sent to the old; who left has no virtual token and no open challenge."""
        before, contact = user.contact, change.contact
        if before and contact and contact["revision"] < before["revision"]:
            return
        user.contact = contact
        mine = [token for token in self.tokens.values() if f"default/{token.user}" == change.user]
        for token in mine:
            is_virtual = token.kind == "virtual"
            moved = any((before or {}).get(name) != (contact or {}).get(name) for name in ("phone", "email"))
            if contact is None or (is_virtual and moved):
                self._void(user, token)
            if contact is None and is_virtual and token.status in ("PENDING", "ACTIVE", "DISABLED"):
                token.status = "OBSOLETE"

    def _nobody(self, command: Command) -> None:
        """Answers that say nothing of tokens: only where the command asked for them."""
        age = command.at - command.executed.timestamp * 1000
        if command.code == "expired" and (command.mark == "late" or (age > MAX_QUEUE_AGE and "verification" in command.executed.topic)):
            return
        if command.code in ("malformed", "unknown_type") and command.mark == "ill-typed":
            return
        if command.code == "malformed" and "expiresAt" in command.data and microseconds(command.data["expiresAt"]) <= command.at:
            return
        self._complain("states", command, f"answered {command.code}")
