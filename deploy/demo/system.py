"""A whole User Tokens under one directory: servers, keys, schema, topics, workers."""

import os
import secrets
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from processes import Child, Failure, free_port, run, wait_until
from servers import Broker, Database, Receiver

WORKERS = ("enrollment", "verifier", "notifier", "expiry-scanner")


class Worker:
    """A running executable and its admin port."""

    def __init__(self, kind: str, child: Child, admin: int):
        self.kind = kind
        self.child = child
        self.admin = admin

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page of the admin port; status 0 where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait_ready(self, timeout: float = 40) -> None:
        def is_ready() -> bool:
            if not self.child.is_running:
                code = self.child.process.returncode
                raise Failure(f"{self.kind} ended with exit {code}\n{self.child.log_tail()}")
            return self.get("/health/ready")[0] == 200

        try:
            wait_until(is_ready, timeout, f"{self.kind} to be ready", every=0.05)
        except Failure as failure:
            raise Failure(f"{failure}\n{self.get('/health/ready')[1]}\n{self.child.log_tail()}") from None

    def metric(self, name: str) -> float:
        """The sum of a metric over all labels."""
        lines = self.get("/metrics")[1].splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)


class System:
    """Set up when made; `close` leaves no process and nothing on servers of others."""

    def __init__(
        self,
        directory: Path,
        binaries: Path,
        *,
        durable: bool = True,
        faults: bool = False,
        partitions: int = 4,
        settings: dict[str, str] | None = None,
    ):
        self.directory = directory
        self.binaries = binaries
        self.workers: list[Worker] = []
        self._open: list = []
        # The server's own user has to get through; what is secret inside has its own mode.
        directory.chmod(0o711)
        try:
            self.database = self._keep(Database(directory, durable))
            self.broker = self._keep(Broker(directory, faults))
            self.receiver = self._keep(Receiver(directory))
            self.prefix = "tokens." if self.broker.is_embedded else f"user-tokens-{secrets.token_hex(4)}."
            configuration = directory / "notifier.yaml"
            configuration.write_text(self.receiver.configuration())
            self.settings = {
                "POSTGRES_URL": self.database.url,
                "KEYS_FILE": str(directory / "keys.json"),
                "TOPIC_PREFIX": self.prefix,
                "NOTIFIER_CONFIG": str(configuration),
                **self.broker.settings,
                **(settings or {}),
            }
            self.tokenctl("keys", "init")
            self.tokenctl("migrate")
            self.databases = {kind: self.role_database(kind) for kind in WORKERS}
            self.tokenctl("topics", "create", "--partitions", str(partitions))
            self.tokenctl("tenant", "add", "default")
        except BaseException:
            self.close()
            raise

    def role_database(self, owner: str) -> str:
        """The database as a role that can do one service's work and no more, on a server of our own."""
        if not self.database.is_private:
            return self.database.url
        role = f"user_tokens_{owner.replace('-', '_')}"
        self.database.query(f"CREATE ROLE {role} LOGIN")
        self.tokenctl("grant", owner, role)
        parts = urllib.parse.urlsplit(self.database.url)
        host = parts.netloc.rsplit("@", 1)[-1]
        return parts._replace(netloc=f"{role}@{host}").geturl()

    def _keep(self, server):
        self._open.append(server)
        return server

    def environment(self, **more: str) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
        return {**inherited, **self.settings, **more}

    def program(self, name: str) -> str:
        return str(self.binaries / name)

    def tokenctl(self, *arguments: str, timeout: float = 60) -> str:
        """Runs tokenctl, which has to succeed."""
        return run([self.program("tokenctl"), *arguments], self.environment(), timeout)

    def start(self, kind: str, **settings: str) -> Worker:
        """Starts a worker; does not wait for it."""
        admin = free_port()
        number = sum(1 for worker in self.workers if worker.kind == kind) + 1
        log = self.directory / f"{kind}-{number}.log"
        environment = self.environment(
            **{"POSTGRES_URL": self.databases[kind], "ADMIN_LISTEN": f"127.0.0.1:{admin}", **settings}
        )
        worker = Worker(kind, Child(kind, [self.program(kind)], log, environment), admin)
        self.workers.append(worker)
        return worker

    def start_all(self, kinds: tuple[str, ...] = WORKERS) -> list[Worker]:
        """Starts workers and waits until all are ready."""
        started = [self.start(kind) for kind in kinds]
        for worker in started:
            worker.wait_ready()
        return started

    def close(self) -> None:
        running = [worker.child for worker in self.workers if worker.child.is_running]
        for child in running:
            child.send(subprocess.signal.SIGCONT)
            child.send(subprocess.signal.SIGTERM)
        deadline = time.monotonic() + 10
        for child in running:
            child.stop(timeout=max(0.1, deadline - time.monotonic()))
        broker = getattr(self, "broker", None)
        if broker and not broker.is_embedded and hasattr(self, "prefix"):
            broker.delete_topics(self.prefix)
        while self._open:
            self._open.pop().close()
