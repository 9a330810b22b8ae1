#!/usr/bin/env python3
"""A TCP relay between Kafka clients and the embedded broker.

It mends two things. Tansu 0.6.0 ends its ApiVersions v3 answer with tagged fields, which librdkafka 2.0.2 misreads ("Local:
Read underflow"): they are cut off. And it loses its way in groups whose members come and go quickly: groups are kept here
(`coordinator.py`), their offsets by the broker. Everything else passes unchanged.

With ``--control PORT`` it also makes faults. The control port speaks lines; each is answered by
``ok`` or ``error: …``:

    cut                     close every connection
    refuse on|off           close new connections at once
    delay MS                let each answer wait for MS milliseconds (0: no delay)
    hold on|produce|off     keep back every answer, or only the answers to Produce; off lets them go
"""

import argparse
import asyncio
import contextlib
import logging
import signal
import struct
import sys
from dataclasses import dataclass, field

from coordinator import Coordinator
from group_protocol import OFFSET_COMMIT, Request, answer, commit, without_later_versions

PRODUCE = 0
API_VERSIONS = 18
UPSTREAM_PATIENCE_SECONDS = 30.0

log = logging.getLogger("relay")


@dataclass
class Faults:
    """What the control port has asked for; shared by all connections."""

    refuse: bool = False
    delay_seconds: float = 0.0
    hold: str = "off"
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def holds(self, api_key: int) -> bool:
        return self.hold == "on" or (self.hold == "produce" and api_key == PRODUCE)

    async def pass_when_allowed(self, api_key: int) -> None:
        """Returns when an answer to a request of this kind may go to the client."""
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        if self.holds(api_key):
            async with self.changed:
                await self.changed.wait_for(lambda: not self.holds(api_key))


def mended(answer: bytes, version: int) -> bytes:
    """An ApiVersions answer without tagged fields, and without versions that groups are not spoken in here.

    Layout: correlation id (4 bytes), error (2), array of 6-byte entries, throttle (4); from version 3 on a compact array of
    7-byte entries, throttle, tags.
    """
    if version < 3:
        (count,) = struct.unpack_from(">i", answer, 6)
        end = 10 + 6 * count
        return answer[:10] + without_later_versions(answer[10:end], 6) + answer[end:]
    count_plus_one, shift, position = 0, 0, 6
    while True:
        byte = answer[position]
        position += 1
        count_plus_one |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    end = position + 7 * max(count_plus_one - 1, 0)
    return answer[:position] + without_later_versions(answer[position:end], 7) + answer[end : end + 4] + b"\0"


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    (size,) = struct.unpack(">i", await reader.readexactly(4))
    return await reader.readexactly(size)


async def write_frame(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.writelines((struct.pack(">i", len(frame)), frame))
    await writer.drain()


class Connection:
    """One client and its connection to the broker."""

    def __init__(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        broker: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        faults: Faults,
        coordinator: Coordinator,
    ) -> None:
        self.client_reader, self.client_writer = client
        self.broker_reader, self.broker_writer = broker
        self.faults = faults
        self.coordinator = coordinator
        self.answering: set[asyncio.Task[None]] = set()
        self.requests: dict[int, tuple[int, int]] = {}  # correlation id -> API key, version

    async def forward_requests(self) -> None:
        while True:
            frame = await read_frame(self.client_reader)
            request = Request.of(frame)
            if request and request.key == OFFSET_COMMIT:
                frame, refusal = commit(request, frame, self.coordinator)
                if refusal:
                    await self.send(request.key, refusal)
                    continue
            elif request:
                # A join waits for others, and nobody else on this connection for the join.
                task = asyncio.create_task(self.answer(request))
                self.answering.add(task)
                task.add_done_callback(self.answering.discard)
                continue
            api_key, version, correlation = struct.unpack_from(">hhi", frame)
            self.requests[correlation] = (api_key, version)
            await write_frame(self.broker_writer, frame)

    async def answer(self, request: Request) -> None:
        with contextlib.suppress(ConnectionError):
            await self.send(request.key, await answer(request, self.coordinator))

    async def send(self, api_key: int, frame: bytes) -> None:
        await self.faults.pass_when_allowed(api_key)
        await write_frame(self.client_writer, frame)

    async def forward_answers(self) -> None:
        while True:
            frame = await read_frame(self.broker_reader)
            (correlation,) = struct.unpack_from(">i", frame)
            api_key, version = self.requests.pop(correlation, (-1, 0))
            if api_key == API_VERSIONS:
                frame = mended(frame, version)
            await self.send(api_key, frame)

    async def run(self) -> None:
        """Forwards both ways until either side is gone."""
        ways = [asyncio.create_task(self.forward_requests()), asyncio.create_task(self.forward_answers())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended = [*ways, *self.answering]
            for task in ended:
                task.cancel()
            for result in await asyncio.gather(*ended, return_exceptions=True):
                if not isinstance(result, (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError)):
                    log.error("connection ended by %r", result)


class Relay:
    """Accepts clients, and obeys the control port."""

    def __init__(self, upstream_port: int) -> None:
        self.upstream_port = upstream_port
        self.faults = Faults()
        self.coordinator = Coordinator()
        self.connections: set[asyncio.Task[None]] = set()

    async def serve_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.connections.add(task)
        broker_writer: asyncio.StreamWriter | None = None
        try:
            if not self.faults.refuse:
                broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
                await Connection((reader, writer), (broker_reader, broker_writer), self.faults, self.coordinator).run()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.connections.discard(task)
            for side in (writer, broker_writer):
                if side is not None:
                    side.transport.abort()

    async def serve_control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                try:
                    await self.obey(line.decode("ascii").split())
                    answer = "ok"
                except (ValueError, UnicodeDecodeError) as error:
                    answer = f"error: {error}"
                writer.write(answer.encode() + b"\n")
                await writer.drain()
        writer.close()

    async def obey(self, words: list[str]) -> None:
        match words:
            case ["cut"]:
                cut = list(self.connections)
                for connection in cut:
                    connection.cancel()
                await asyncio.gather(*cut, return_exceptions=True)
            case ["refuse", ("on" | "off") as switch]:
                self.faults.refuse = switch == "on"
            case ["delay", milliseconds]:
                self.faults.delay_seconds = max(int(milliseconds), 0) / 1000
            case ["hold", ("on" | "produce" | "off") as kind]:
                async with self.faults.changed:
                    self.faults.hold = kind
                    self.faults.changed.notify_all()
            case _:
                raise ValueError("unknown command")

    async def wait_for_broker(self) -> None:
        """Returns when the broker accepts connections."""
        deadline = asyncio.get_running_loop().time() + UPSTREAM_PATIENCE_SECONDS
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
            except ConnectionError:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return


async def run(port: int, upstream_port: int, control_port: int | None) -> None:
    """Serves until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    relay = Relay(upstream_port)
    await relay.wait_for_broker()
    if control_port is not None:
        await asyncio.start_server(relay.serve_control, "127.0.0.1", control_port)
    await asyncio.start_server(relay.serve_client, "127.0.0.1", port)
    looking = asyncio.create_task(relay.coordinator.look_after())
    print(f"ready 127.0.0.1:{port}", flush=True)
    await stop.wait()
    looking.cancel()


def main() -> int:
    parser = argparse.ArgumentParser(description="TCP relay in front of the embedded Kafka broker")
    parser.add_argument("--port", type=int, required=True, help="where clients connect")
    parser.add_argument("--upstream", type=int, required=True, help="the broker's own port")
    parser.add_argument("--control", type=int, help="port for the fault commands; none by default")
    arguments = parser.parse_args()
    logging.basicConfig(format="relay: %(message)s")
    try:
        asyncio.run(run(arguments.port, arguments.upstream, arguments.control))
    except OSError as error:
        log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
