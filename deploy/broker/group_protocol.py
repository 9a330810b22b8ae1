"""Requests of consumer groups and their answers as bytes."""

import struct

from coordinator import Coordinator, Refused
from wire import JOIN_GROUP, LEAVE_GROUP, SYNC_GROUP, Request, blob, text


async def answer(request: Request, coordinator: Coordinator) -> bytes:
    """What the coordinator says to all but commits."""
    if request.key == JOIN_GROUP:
        return await _join(request, coordinator)
    if request.key == SYNC_GROUP:
        return await _sync(request, coordinator)
    return _live(request, coordinator)


async def _join(request: Request, coordinator: Coordinator) -> bytes:
    reader, version = request.reader, request.version
    group = coordinator.groups[reader.text() or ""]
    session = reader.number("i") / 1000
    rebalance = reader.number("i") / 1000 if version >= 1 else session
    member = reader.text() or ""
    instance = reader.text() if version >= 5 else None
    reader.text()
    protocols = dict(reader.array(lambda: (reader.text(), reader.blob())))
    try:
        joined = await group.join(member, instance, session, rebalance, protocols, version >= 4,
                                  lambda: coordinator.new_id(instance or request.client))
    except Refused as refusal:
        body = struct.pack(">hi", refusal.code, -1) + text("") + text("") + text(refusal.member or member) + struct.pack(">i", 0)
    else:
        body = struct.pack(">hi", 0, joined.generation) + text(joined.protocol) + text(joined.leader) + text(joined.member)
        body += struct.pack(">i", len(joined.members))
        for id, name, metadata in joined.members:
            body += text(id) + (text(name) if version >= 5 else b"") + blob(metadata)
    return request.answer(body, throttled_since=2)


async def _sync(request: Request, coordinator: Coordinator) -> bytes:
    reader = request.reader
    group, generation, member = coordinator.groups[reader.text() or ""], reader.number("i"), reader.text() or ""
    instance = reader.text() if request.version >= 3 else None
    assignments = dict(reader.array(lambda: (reader.text(), reader.blob())))
    try:
        body = struct.pack(">h", 0) + blob(await group.sync(member, instance, generation, assignments))
    except Refused as refusal:
        body = struct.pack(">h", refusal.code) + blob(b"")
    return request.answer(body, throttled_since=1)


def _live(request: Request, coordinator: Coordinator) -> bytes:
    reader = request.reader
    group, code = coordinator.groups[reader.text() or ""], 0
    try:
        if request.key == LEAVE_GROUP:
            group.leave(reader.text() or "")
        else:
            generation, member = reader.number("i"), reader.text() or ""
            group.heartbeat(member, reader.text() if request.version >= 3 else None, generation)
    except Refused as refusal:
        code = refusal.code
    return request.answer(struct.pack(">h", code), throttled_since=1)


def commit(request: Request, frame: bytes, coordinator: Coordinator) -> tuple[bytes | None, bytes | None]:
    """A commit as the broker takes it from who is in no group, or the refusal."""
    reader, version = request.reader, request.version
    name = reader.text() or ""
    if version < 1:
        return frame, None
    generation, member = reader.number("i"), reader.text() or ""
    instance = reader.text() if version >= 7 else None
    rest = reader.position
    if generation >= 0 or member:
        try:
            coordinator.groups[name].check(member, instance, generation)
        except Refused as refusal:
            return None, _refused_commit(request, refusal.code)
    head = struct.pack(">hhi", request.key, version, request.correlation) + text(request.client) + text(name)
    head += struct.pack(">i", -1) + text("") + (text(None) if version >= 7 else b"")
    return head + frame[rest:], None


def _refused_commit(request: Request, code: int) -> bytes:
    reader, version = request.reader, request.version
    if 2 <= version <= 4:
        reader.number("q")

    def partition() -> int:
        index = reader.number("i")
        reader.number("q")
        if version >= 6:
            reader.number("i")
        if version == 1:
            reader.number("q")
        reader.text()
        return index

    topics = reader.array(lambda: (reader.text(), reader.array(partition)))
    body = struct.pack(">i", len(topics))
    for topic, partitions in topics:
        body += text(topic) + struct.pack(">i", len(partitions))
        body += b"".join(struct.pack(">ih", index, code) for index in partitions)
    return request.answer(body, throttled_since=3)
