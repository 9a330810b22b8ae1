#!/usr/bin/env python3
"""A TCP relay between Kafka clients and the embedded broker.

It mends what Tansu 0.6.0 gets wrong. Its ApiVersions v3 answer ends with tagged fields, which librdkafka 2.0.2 misreads
("Local: Read underflow"): they are cut off. It loses its way in groups whose members come and go quickly: groups are kept
here (`coordinator.py`), their offsets by the broker. It shows a later record before an earlier one, and finds nothing in a
long log when asked with a short wait: who writes takes turns, and who reads waits here (`logs.py`). Clients are told of no
versions but those that are read here; what is not read passes unchanged.

Unlike a broker's, answers may overtake each other on a connection: librdkafka tells them apart by their ids.

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
from collections.abc import Coroutine
from dataclasses import dataclass, field

from coordinator import Coordinator
from group_protocol import answer, commit
from log_protocol import Fetch, Produce, deleted
from logs import Logs, Writing
from wire import API_VERSIONS, DELETE_TOPICS, FETCH, OFFSET_COMMIT, PRODUCE, Request, of_spoken_versions

UPSTREAM_PATIENCE_SECONDS = 30.0
LAST_ANSWERS_SECONDS = 5.0
"""How long the broker may take over what it was sent before its client went."""

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
    """An ApiVersions answer without tagged fields, and without versions that are not read here.

    Layout: correlation id (4 bytes), error (2), array of 6-byte entries, throttle (4); from version 3 on a compact array of
    7-byte entries, throttle, tags.
    """
    if version < 3:
        (count,) = struct.unpack_from(">i", answer, 6)
        end = 10 + 6 * count
        return answer[:10] + of_spoken_versions(answer[10:end], 6) + answer[end:]
    count_plus_one, shift, position = 0, 0, 6
    while True:
        byte = answer[position]
        position += 1
        count_plus_one |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    end = position + 7 * max(count_plus_one - 1, 0)
    return answer[:position] + of_spoken_versions(answer[position:end], 7) + answer[end : end + 4] + b"\0"


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
        relay: "Relay",
    ) -> None:
        self.client_reader, self.client_writer = client
        self.broker_reader, self.broker_writer = broker
        self.faults, self.coordinator, self.logs = relay.faults, relay.coordinator, relay.logs
        self.tasks: set[asyncio.Task[None]] = set()
        self.kinds: dict[int, tuple[int, int]] = {}
        """Of requests that the broker has: correlation id -> API key, version."""
        self.writes: dict[int, Writing] = {}
        """By correlation id."""
        self.deletions: dict[int, list[str]] = {}
        """The topics, by correlation id."""
        self.answers: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()
        """The broker's, for the client: API key, frame."""
        self.is_over = False

    async def take_requests(self) -> None:
        while True:
            frame = await read_frame(self.client_reader)
            request = Request.of(frame)
            if request is None:
                await self.forward(frame)
            elif request.key == PRODUCE:
                await self.write(request, frame)
            elif request.key == DELETE_TOPICS:
                self.deletions[request.correlation] = deleted(request)
                await self.forward(frame)
            elif request.key == OFFSET_COMMIT:
                commitment, refusal = commit(request, frame, self.coordinator)
                if commitment:
                    await self.forward(commitment)
                else:
                    await self.send(request.key, refusal)
            else:
                # A join waits for others and a fetch for records, but nobody else on this connection for them.
                self.start(self.fetch(request, frame) if request.key == FETCH else self.answer(request))

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Does what may take long; the connection is over if it fails."""

        async def run() -> None:
            try:
                await work
            except Exception as error:
                if not isinstance(error, ConnectionError):
                    log.error("connection ended by %r", error)
                self.client_writer.transport.abort()

        task = asyncio.create_task(run())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def forward(self, frame: bytes) -> None:
        api_key, version, correlation = struct.unpack_from(">hhi", frame)
        self.kinds[correlation] = (api_key, version)
        await write_frame(self.broker_writer, frame)

    async def write(self, request: Request, frame: bytes) -> None:
        if request.correlation in self.writes:
            raise ValueError("a correlation id that is in use")
        writing = self.writes[request.correlation] = Writing(self.logs, Produce.of(request), self)
        await writing.take_turns()
        writing.is_sent = True
        await self.forward(writing.produce.with_acknowledgement(frame))

    async def fetch(self, request: Request, frame: bytes) -> None:
        fetch = Fetch.of(request)
        if await self.logs.wait_for_more(fetch.offsets, fetch.wait_seconds):
            await self.forward(fetch.with_long_wait(frame))
        else:
            await self.send(FETCH, fetch.empty_answer(request, self.logs.ends(fetch.offsets)))

    async def answer(self, request: Request) -> None:
        await self.send(request.key, await answer(request, self.coordinator))

    async def send(self, api_key: int, frame: bytes) -> None:
        await self.faults.pass_when_allowed(api_key)
        await write_frame(self.client_writer, frame)

    async def take_answers(self) -> None:
        """Until the broker's connection ends, or the client's has ended and nothing is being written for it."""
        while self.writes or not self.is_over:
            frame = await read_frame(self.broker_reader)
            (correlation,) = struct.unpack_from(">i", frame)
            api_key, version = self.kinds.pop(correlation, (-1, 0))
            writing = self.writes.get(correlation)
            if writing:
                writing.finish(frame)
                del self.writes[correlation]
            for topic in self.deletions.pop(correlation, ()):
                self.logs.empty(topic)
            if api_key == API_VERSIONS:
                frame = mended(frame, version)
            if not writing or writing.produce.wants_answer:
                self.answers.put_nowait((api_key, frame))

    async def send_answers(self) -> None:
        while True:
            await self.send(*await self.answers.get())

    async def run(self) -> None:
        """Forwards both ways until either side is gone."""
        requests, answers, sending = ways = [
            asyncio.create_task(way()) for way in (self.take_requests, self.take_answers, self.send_answers)]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.client_writer.transport.abort()
            # To its end, even if it is cut again meanwhile.
            await asyncio.shield(asyncio.create_task(self.wind_up(requests, answers, sending)))

    async def wind_up(self, requests: asyncio.Task[None], answers: asyncio.Task[None], sending: asyncio.Task[None]) -> None:
        """Gives the turns back once the broker is done with what it was sent, which it goes on with."""
        await self.cancel(requests, sending, *self.tasks)
        self.is_over = True
        for correlation in [correlation for correlation, writing in self.writes.items() if not writing.is_sent]:
            self.writes.pop(correlation).give_up()
        if self.writes:
            await asyncio.wait([answers], timeout=LAST_ANSWERS_SECONDS)
        await self.cancel(answers)
        for writing in self.writes.values():
            writing.give_up()
        self.broker_writer.transport.abort()

    @staticmethod
    async def cancel(*tasks: asyncio.Task[None]) -> None:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if not isinstance(result, (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError, type(None))):
                log.error("connection ended by %r", result)


class Relay:
    """Accepts clients, and obeys the control port."""

    def __init__(self, upstream_port: int) -> None:
        self.upstream_port = upstream_port
        self.faults = Faults()
        self.coordinator = Coordinator()
        self.logs = Logs()
        self.connections: set[asyncio.Task[None]] = set()

    async def serve_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.connections.add(task)
        try:
            if not self.faults.refuse:
                broker = await asyncio.open_connection("127.0.0.1", self.upstream_port)
                await Connection((reader, writer), broker, self).run()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.connections.discard(task)
            writer.transport.abort()

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
