"""Consumer groups for the embedded broker, by the classic protocol of Apache Kafka's group coordinator.

Tansu 0.6.0 answers a rejoin with an assignment from before: partitions then belong to nobody for good. So the relay keeps
the groups' members itself: JoinGroup, SyncGroup, Heartbeat, LeaveGroup, static members (KIP-345), ids by the coordinator
(KIP-394). Offsets stay with the broker; a commit by who is no member of the generation is refused before it gets there.
"""

import asyncio
import itertools
import time
from collections import defaultdict
from dataclasses import dataclass, field

UNKNOWN_MEMBER_ID = 25
ILLEGAL_GENERATION = 22
INCONSISTENT_GROUP_PROTOCOL = 23
REBALANCE_IN_PROGRESS = 27
MEMBER_ID_REQUIRED = 79
FENCED_INSTANCE_ID = 82

INITIAL_DELAY_SECONDS = 1.0
"""How long an empty group waits for more than its first member (`group.initial.rebalance.delay.ms`)."""
LOOK_SECONDS = 0.2


class Refused(Exception):
    """A Kafka error code, and the member id where the answer names one."""

    def __init__(self, code: int, member: str = ""):
        super().__init__(code)
        self.code = code
        self.member = member


@dataclass
class Member:
    id: str
    instance: str | None
    session_seconds: float
    rebalance_seconds: float
    protocols: dict[str, bytes]
    seen: float = 0.0
    joining: asyncio.Future | None = None
    syncing: asyncio.Future | None = None
    assignment: bytes = b""


@dataclass
class Joined:
    generation: int
    protocol: str
    leader: str
    member: str
    members: list[tuple[str, str | None, bytes]]


@dataclass
class Group:
    generation: int = 0
    state: str = "empty"
    """`empty`, `joining`, `syncing` or `stable`."""
    members: dict[str, Member] = field(default_factory=dict)
    issued: set[str] = field(default_factory=set)
    leader: str = ""
    protocol: str = ""
    since: float = 0.0
    """When its state began."""
    is_first: bool = False

    # What clients ask

    async def join(self, member_id: str, instance: str | None, session: float, rebalance: float,
                   protocols: dict[str, bytes], asks_for_id: bool, new_id) -> Joined:
        member = self._member(member_id, instance)
        if member is None and not member_id and instance is None and asks_for_id:
            name = new_id()
            self.issued.add(name)
            raise Refused(MEMBER_ID_REQUIRED, name)
        if member is None and member_id and member_id not in self.issued:
            raise Refused(UNKNOWN_MEMBER_ID)
        self.issued.discard(member_id)
        if not protocols or (self.members and not self._common(protocols)):
            raise Refused(INCONSISTENT_GROUP_PROTOCOL)
        if member is None:
            member = Member(member_id or new_id(), instance, session, rebalance, protocols)
            self.members[member.id] = member
            has_changed = True
        else:
            has_changed = member.protocols != protocols
            if not member_id:
                # A static member is back: it takes over what its name had, and nobody else notices.
                answer = self._replace(member, new_id())
                if self.state == "stable" and not has_changed:
                    return answer
            member.session_seconds, member.rebalance_seconds, member.protocols = session, rebalance, protocols
        member.seen = time.monotonic()
        if self.state in ("syncing", "stable") and not has_changed and (self.state == "syncing" or member.id != self.leader):
            return self._joined(member)
        if self.state in ("empty", "syncing", "stable"):
            self._prepare()
        _fail(member.joining, REBALANCE_IN_PROGRESS)
        future = member.joining = asyncio.get_running_loop().create_future()
        self._complete_if_all_joined()
        try:
            return await future
        finally:
            if member.joining is future:
                member.joining = None

    async def sync(self, member_id: str, instance: str | None, generation: int, assignments: dict[str, bytes]) -> bytes:
        member = self.check(member_id, instance, generation)
        if self.state == "joining":
            raise Refused(REBALANCE_IN_PROGRESS)
        if self.state == "syncing" and member_id == self.leader:
            for other in self.members.values():
                other.assignment = assignments.get(other.id, b"")
            self._become("stable")
            for other in self.members.values():
                if other.syncing and not other.syncing.done():
                    other.seen = time.monotonic()
                    other.syncing.set_result(other.assignment)
        if self.state == "stable":
            return member.assignment
        _fail(member.syncing, REBALANCE_IN_PROGRESS)
        future = member.syncing = asyncio.get_running_loop().create_future()
        try:
            return await future
        finally:
            if member.syncing is future:
                member.syncing = None

    def heartbeat(self, member_id: str, instance: str | None, generation: int) -> None:
        self.check(member_id, instance, generation)
        if self.state == "joining":
            raise Refused(REBALANCE_IN_PROGRESS)

    def leave(self, member_id: str) -> None:
        self._remove(self.check(member_id, None, self.generation))

    def check(self, member_id: str, instance: str | None, generation: int) -> Member:
        """Whether a request is by a member of the generation; tells that he lives."""
        member = self._member(member_id, instance)
        if member is None:
            raise Refused(UNKNOWN_MEMBER_ID)
        if generation != self.generation:
            raise Refused(ILLEGAL_GENERATION)
        member.seen = time.monotonic()
        return member

    # What time does

    def look(self) -> None:
        """Removes who has gone, and goes on without who does not come."""
        now = time.monotonic()
        for member in list(self.members.values()):
            waits = member.joining or member.syncing
            if not waits and now - member.seen > member.session_seconds:
                self._remove(member)
        if self.state == "joining":
            patience = max((member.rebalance_seconds for member in self.members.values()), default=0)
            if now - self.since > patience:
                for member in [member for member in self.members.values() if not member.joining]:
                    del self.members[member.id]
            self._complete_if_all_joined()

    # Inside

    def _member(self, member_id: str, instance: str | None) -> Member | None:
        if instance is not None:
            named = next((member for member in self.members.values() if member.instance == instance), None)
            if named and member_id not in ("", named.id):
                raise Refused(FENCED_INSTANCE_ID)
            return named
        return self.members.get(member_id)

    def _replace(self, member: Member, id: str) -> Joined:
        """Who bore the id before is fenced."""
        before = self.leader
        del self.members[member.id]
        _fail(member.joining, FENCED_INSTANCE_ID)
        _fail(member.syncing, FENCED_INSTANCE_ID)
        if self.leader == member.id:
            self.leader = id
        member.id, member.joining, member.syncing, member.seen = id, None, None, time.monotonic()
        self.members[id] = member
        # The leader's old id: nobody has to assign anything.
        return Joined(self.generation, self.protocol, before, id, [])

    def _remove(self, member: Member) -> None:
        if self.members.pop(member.id, None) is None:
            return
        _fail(member.joining, UNKNOWN_MEMBER_ID)
        _fail(member.syncing, UNKNOWN_MEMBER_ID)
        if not self.members:
            self._become("empty")
        elif self.state in ("syncing", "stable"):
            self._prepare()
        else:
            self._complete_if_all_joined()

    def _prepare(self) -> None:
        self.is_first = self.state == "empty"
        self._become("joining")
        for member in self.members.values():
            _fail(member.syncing, REBALANCE_IN_PROGRESS)

    def _complete_if_all_joined(self) -> None:
        if self.state != "joining" or not self.members or not all(member.joining for member in self.members.values()):
            return
        if self.is_first and time.monotonic() - self.since < INITIAL_DELAY_SECONDS:
            return
        self.generation += 1
        if self.leader not in self.members:
            self.leader = next(iter(self.members))
        offered = self.members[self.leader].protocols
        self.protocol = next(name for name in offered if all(name in member.protocols for member in self.members.values()))
        self._become("syncing")
        for member in self.members.values():
            member.seen = time.monotonic()
            if not member.joining.done():
                member.joining.set_result(self._joined(member))

    def _joined(self, member: Member) -> Joined:
        is_leader = member.id == self.leader
        everybody = [(other.id, other.instance, other.protocols[self.protocol]) for other in self.members.values()]
        return Joined(self.generation, self.protocol, self.leader, member.id, everybody if is_leader else [])

    def _common(self, protocols: dict[str, bytes]) -> bool:
        return any(all(name in member.protocols for member in self.members.values()) for name in protocols)

    def _become(self, state: str) -> None:
        self.state, self.since = state, time.monotonic()


class Coordinator:
    """All groups of the broker."""

    def __init__(self) -> None:
        self.groups: dict[str, Group] = defaultdict(Group)
        self._numbers = itertools.count(1)

    def new_id(self, client: str) -> str:
        return f"{client or 'member'}-{next(self._numbers)}-{time.time_ns():x}"

    async def look_after(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for group in list(self.groups.values()):
                group.look()


def _fail(future: asyncio.Future | None, code: int) -> None:
    if future and not future.done():
        future.set_exception(Refused(code))
