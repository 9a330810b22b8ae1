"""A private world to break: real PostgreSQL, the embedded broker behind its relay, a receiver, several workers of each kind."""

import contextlib
import glob
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from client import Client, Keys
from commits import Commits
from history import COMMAND_TOPICS
from processes import Failure, wait_until
from system import System

WORKERS = ("enrollment", "verifier", "notifier", "expiry-scanner", "enrollment", "verifier")
# Locks that end within a run, and nobody who runs out of tokens; the rest is as it comes.
POLICY = {"lockSeconds": [2, 4, 8], "resendAfter": 10, "maxPerUser": 50}
BUILT_IN = ("sms", "email", "virtual", "hotp", "totp", "hotp-hardware", "totp-hardware", "recovery")
SETTINGS = {"SCAN_INTERVAL": "1s", "LOG_LEVEL": "debug", "AUDIT_CHECKPOINT_INTERVAL": "5s",
            "SEND_LIMIT_USER": "100000/15m", "SEND_LIMIT_DESTINATION": "100000/15m",
            # So long the group waits for a member that died in a rebalance: 5 minutes by default.
            "KAFKA_PROPERTY_MAX_POLL_INTERVAL_MS": "10000"}
DISK_MEGABYTES = 400
# The workers' roles, as LIKE takes it.
ROLES = "user_tokens_%"
PASSWORD = "canary-of-the-database"


FAKE_TIME = "/usr/lib/*/faketime/libfaketimeMT.so.1"


def set_clock(file: Path, seconds: int) -> None:
    """Moves the clock of the programs that were told of the file, at once: nobody reads it half written."""
    new = file.with_suffix(".new")
    new.write_text(f"{seconds:+}\n")
    new.chmod(0o644)
    new.replace(file)


def binaries() -> Path:
    given = os.environ.get("USER_TOKENS_BINARIES")
    if given:
        return Path(given)
    root = Path(__file__).resolve().parents[2]
    command = ["swift", "build", "--package-path", str(root), "--show-bin-path"]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


class Arena:
    settings = SETTINGS
    system_of = System

    def __init__(self, directory: Path, built: Path | None = None):
        self.directory = directory
        self.disk = self._small_disk(directory / "postgres")
        self.client: Client | None = None
        self.system: System | None = None
        self.members: dict[int, int] = {}
        """Numbers of workers among their kind, by process."""
        self.has_database_clock = False
        try:
            self.system = self.system_of(directory, built or binaries(), durable=True, faults=True, partitions=4, settings=self.settings)
            self.database, self.broker = self.system.database, self.system.broker
            # The private server asks for no password, but workers are given one, which they must not show.
            databases = self.system.databases
            self.system.databases = {kind: url.replace("@", f":{PASSWORD}@", 1) for kind, url in databases.items()}
            self._prepare_database()
            self.keys = Keys(self.system.settings["KEYS_FILE"])
            self.client = Client(self.broker.client_properties, self.system.prefix, source="/prove/iam")
            for topic in (*COMMAND_TOPICS, "users"):
                self.client.follow(self.system.prefix + topic)
            for worker in [self.start(kind) for kind in WORKERS]:
                worker.wait_ready()
            for type in BUILT_IN:
                self.client.ask("tokentype.edit", "~types", {"tokenType": type, "policy": POLICY},
                                id=f"setup-{type}", attributes={"correlationid": "/prove/iam"}).result
        except BaseException:
            self.close()
            raise

    def _prepare_database(self) -> None:
        """Its log tells the order of commits, and fits the small disk; who waits for our locks is soon ended as a deadlock; and
        its clock is ours, where faketime is installed."""
        for setting in ("deadlock_timeout = '200ms'", "max_wal_size = '96MB'", "wal_level = logical"):
            self.database.query(f"ALTER SYSTEM SET {setting}")
        if library := glob.glob(FAKE_TIME):
            self.set_database_clock(0)
            self.database.environment = {**os.environ, **self.fake_time(library[0], self.directory / "database-clock")}
            self.has_database_clock = True
        self.database.stop()
        self.database.start()
        self.commits = Commits(self.database)

    @staticmethod
    def fake_time(library: str, clock: Path) -> dict[str, str]:
        """The environment of a program whose wall clock is moved as the file says."""
        return {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    @staticmethod
    def _small_disk(directory: Path) -> Path | None:
        """A disk of its own for the database, where this machine lets us mount one."""
        directory.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m,mode=0755", "prove", str(directory)]
        try:
            done = subprocess.run(mount, capture_output=True)
        except FileNotFoundError:
            return None
        return directory if done.returncode == 0 else None

    # Workers

    def running(self, kind: str | None = None) -> list:
        return [worker for worker in self.system.workers
                if worker.child.is_running and kind in (None, worker.kind)]

    def start(self, kind: str, **settings: str):
        """Starts a worker under the first name that no living one of its kind bears. Those of odd number are static members
        of their group, who have their partitions again where they are back in time."""
        borne = {self.members.get(worker.child.pid) for worker in self.running(kind)}
        number = next(number for number in range(1, 99) if number not in borne)
        if number % 2:
            settings["KAFKA_PROPERTY_GROUP_INSTANCE_ID"] = f"{kind}-{number}"
        worker = self.system.start(kind, **settings)
        self.members[worker.child.pid] = number
        return worker

    def bury(self) -> None:
        """Keeps the logs of those that have ended, and starts as many as there should be."""
        for kind in set(WORKERS):
            for _ in range(WORKERS.count(kind) - len(self.running(kind))):
                self.start(kind)

    def restore(self) -> None:
        """Ends all faults."""
        for order in ("hold off", "refuse off", "delay 0"):
            self.broker.tell(order)
        self.free_disk()
        self.set_database_clock(0)
        self.start_database()
        self.alter_roles("RESET ALL")
        for worker in self.running():
            worker.child.send(subprocess.signal.SIGCONT)
        self.bury()

    # The database

    def alter_roles(self, change: str) -> None:
        """For each of the workers' roles, which have no other settings."""
        for (role,) in self.database.query(f"SELECT rolname FROM pg_roles WHERE rolname LIKE '{ROLES}'"):
            self.database.query(f"ALTER ROLE {role} {change}")

    def start_database(self) -> None:
        """Starts it unless it is there; a disk that was full a moment ago may keep it from coming up at first."""
        server = self.database.server
        if server and server.is_running:
            return

        def comes_up() -> bool:
            try:
                self.database.start()
                return True
            except Failure:
                return False

        wait_until(comes_up, 60, "PostgreSQL to start", every=0.5)

    def set_database_clock(self, seconds: int) -> None:
        """Moves the clock of the database by some seconds against ours."""
        set_clock(self.directory / "database-clock", seconds)

    def fill_disk(self) -> bool:
        if self.disk is None:
            return False
        with open(self.disk / "filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(65_536))
        return True

    def free_disk(self) -> None:
        if self.disk:
            (self.disk / "filler").unlink(missing_ok=True)

    def keep_logs(self, seed: int) -> Path:
        """Copies what all have written to a folder that stays."""
        logs = Path(tempfile.mkdtemp(prefix=f"prove-{seed}-"))
        for log in [*self.directory.glob("*.log"), *self.directory.glob("postgres/server.log")]:
            shutil.copy(log, logs)
        return logs

    def close(self) -> None:
        if self.client:
            self.client.close()
        if self.system:
            for worker in self.system.workers:
                worker.child.send(subprocess.signal.SIGCONT)
            self.system.close()
        if self.disk:
            subprocess.run(["umount", "-l", str(self.disk)], check=False)
