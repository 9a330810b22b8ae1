"""Load whose effects can be counted: HOTP tokens whose values are spent in order, and tokens that are edited."""

from client import Command, Message
from accounting import answers, effects
from world import Person, World


class Verifications:
    """Each of some users spends the values of one HOTP token in order: every one must be accepted, once."""

    def __init__(self, world: World, users: int = 8, rounds: int = 15):
        self.world = world
        self.people: list[tuple[Person, str, list[str]]] = []
        for _ in range(users):
            person = world.person("load")
            token, secret = person.enroll_hotp()
            self.people.append((person, token, person.hotp(secret, 0, rounds)))
        self.rounds = rounds
        self.commands: list[Command] = []

    def write(self, rounds: range) -> list[Command]:
        """Writes some rounds; every fifth command is written twice."""
        written = []
        for index in rounds:
            for person, token, values in self.people:
                data = {"otp": values[index], "purpose": "login", "tokenId": token}
                command = self.world.client.command("otp.verify", person.id, data)
                self.world.client.write(command)
                if len(self.commands) % 5 == 0:
                    self.world.client.write(command)
                self.commands.append(command)
                written.append(command)
        return written

    def wait_for_some(self, count: int, timeout: float = 60) -> None:
        """Returns when that many commands have been answered."""
        wanted = {command.id for command in self.commands}

        def answered() -> bool:
            return len({m.cause for m in self.world.client.find(topic="replies")} & wanted) >= count

        self.world.client.wait(answered, timeout, f"{count} answers")

    def check(self, timeout: float = 90) -> None:
        """All were accepted; a second effect of one would have moved the counter past the next."""
        replies = answers(self.world.client, self.commands, timeout)
        bad = [reply.code for reply in replies.values() if reply.status != "ok"]
        assert not bad, f"{len(bad)} of {len(replies)} were refused: {sorted(set(bad))}"
        effects(self.world.client, "otp.verified", self.commands, timeout)


class Edits:
    """Each of some users edits one token again and again: its version counts the effects."""

    def __init__(self, world: World, users: int = 8, rounds: int = 15):
        self.world = world
        self.rounds = rounds
        self.people = [(person, person.enroll("email")) for person in (world.person("edit") for _ in range(users))]
        self.commands: list[Command] = []

    def write(self, rounds: range) -> None:
        for index in rounds:
            for person, token in self.people:
                data = {"tokenId": token["tokenId"], "description": f"edit {index}"}
                command = self.world.client.command("token.edit", person.id, data)
                self.world.client.write(command)
                if len(self.commands) % 5 == 0:
                    self.world.client.write(command)
                self.commands.append(command)

    wait_for_some = Verifications.wait_for_some

    def check(self, timeout: float = 90) -> None:
        replies = answers(self.world.client, self.commands, timeout)
        assert all(reply.status == "ok" for reply in replies.values())
        effects(self.world.client, "token.edited", self.commands, timeout)
        for person, token in self.people:
            versions = [self._version(replies[c.id]) for c in self.commands if c.key == f"default/{person.id}"]
            first = token["version"]
            assert versions == list(range(first + 1, first + 1 + len(versions)))

    @staticmethod
    def _version(reply: Message) -> int:
        return reply.result["token"]["version"]
