"""Child processes that end with their parent, however that ends."""

import os
import select
import signal
import socket
import subprocess
import time
from pathlib import Path


class Failure(Exception):
    """Something that should have worked did not; the text is for a person."""


def free_port() -> int:
    """A TCP port on the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, timeout: float, what: str, every: float = 0.02):
    """The first true value of `condition`; fails with what was waited for."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"waited {timeout:g} s for {what}")
        time.sleep(every)


class Child:
    """A process that the kernel kills when its parent is gone. Start it from a thread that lives as long as it does."""

    def __init__(self, name: str, command: list[str], log: Path, environment: dict[str, str] | None = None):
        self.name = name
        self.log = log
        with open(log, "ab") as sink:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=sink,
                env=environment,
                # Ctrl-C on the terminal is for the parent, which stops its children in order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def first_line(self, timeout: float) -> str:
        """The first line on standard output."""
        deadline = time.monotonic() + timeout
        output = self.process.stdout.fileno()
        text = b""
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([output], [], [], max(0.0, deadline - time.monotonic()))
            byte = os.read(output, 1) if ready else b""
            if not byte:
                raise Failure(f"{self.name} did not start\n{self.log_tail()}")
            text += byte
        return text.decode().strip()

    def log_tail(self, lines: int = 20) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def send(self, number: signal.Signals) -> None:
        if self.is_running:
            self.process.send_signal(number)

    def kill(self) -> None:
        """As `kill -9` does it."""
        self.send(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self, timeout: float = 10.0) -> int:
        """Asks it to end, insists after `timeout`; gives back its exit code."""
        self.send(signal.SIGTERM)
        try:
            self.process.wait(timeout)
            self.process.stdout.close()
        except subprocess.TimeoutExpired:
            self.kill()
        return self.process.returncode


def run(command: list[str], environment: dict[str, str] | None = None, timeout: float = 60.0) -> str:
    """Runs a command to its end and gives back its standard output."""
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout
    )
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout
