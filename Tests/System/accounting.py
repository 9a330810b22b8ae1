"""The books: every command has one effect and one answer, whatever happened meanwhile."""

from collections import defaultdict
from collections.abc import Iterable

from client import Client, Command, Message


def answers(client: Client, commands: Iterable[Command], timeout: float = 90) -> dict[str, Message]:
    """Waits until each command has its answer, and checks them: repeats are equal to the byte, and the first answers
    to one user's commands on one topic come in the order of the commands. Gives back the answers by command id.

    - commands: in the order in which they were written; copies may be among them.
    """
    commands = list(commands)
    wanted = {command.id for command in commands}

    def answered() -> bool:
        return wanted <= {message.cause for message in client.find(topic="replies")}

    try:
        client.wait(answered, timeout, "all answers")
    except Exception:
        missing = wanted - {message.cause for message in client.find(topic="replies")}
        raise AssertionError(f"{len(missing)} of {len(wanted)} commands have no answer after {timeout} s") from None
    first = first_of_each(message for message in client.find(topic="replies") if message.cause in wanted)
    check_order(commands, first)
    return first


def first_of_each(replies: Iterable[Message]) -> dict[str, Message]:
    """The first reply to each command; every later one has to be the same."""
    first: dict[str, Message] = {}
    for reply in replies:
        known = first.setdefault(reply.cause, reply)
        assert (reply.id, reply.key, reply.value) == (known.id, known.key, known.value), f"two answers to {reply.cause}"
        assert sorted(reply.headers) == sorted(known.headers), f"two envelopes for {reply.cause}"
    return first


def check_order(commands: list[Command], first: dict[str, Message]) -> None:
    written = defaultdict(list)
    for command in commands:
        sequence = written[command.topic, command.key]
        if command.id not in sequence:
            sequence.append(command.id)
    for (topic, key), ids in written.items():
        # All replies to a user lie in one partition: they are read in the order of writing.
        by_place = sorted(ids, key=lambda id: first[id].place)
        assert by_place == ids, f"first answers to {key} on {topic} are out of order"


def effects(client: Client, type: str, commands: Iterable[Command], timeout: float = 60) -> None:
    """Each command has caused exactly one event of this type; the same event written again is equal to the byte."""
    wanted = {command.id for command in commands}

    def caused() -> list[Message]:
        return [message for message in client.find(topic="events", type=type) if message.cause in wanted]

    client.wait(lambda: wanted == {message.cause for message in caused()}, timeout, f"an event {type} for each command")
    by_command: dict[str, Message] = {}
    for event in caused():
        known = by_command.setdefault(event.cause, event)
        assert (event.id, event.value) == (known.id, known.value), f"two effects of {event.cause}"
