"""A private world with workers of two versions."""

import signal
import subprocess
import urllib.parse
from pathlib import Path

from arena import PASSWORD, SETTINGS, Arena
from servers import postgres_program
from system import WORKERS, System

# A user, a token, a challenge and a delivery each, of nobody: they only make the tables large.
FILL = """
    INSERT INTO token (token_id, tenant, user_key, user_id, type_name, kind, hardware, status, created_at, updated_at, version)
    SELECT gen_random_uuid(), 'filler', gen_random_uuid(), n::text, 'sms', 0, false, 1, now(), now(), 1
    FROM generate_series(1, ROWS) n;
    INSERT INTO challenge (challenge_id, token_id, user_key, purpose, state, created_at, expires_at, digits, current_digest,
                           replaced_digests, sends, last_sent_at, notification_id, attempts, reference)
    SELECT gen_random_uuid(), token_id, user_key, 0, 0, now(), now() + '1 day', 6, '\\x00', '', 1, now(), gen_random_uuid(), 0,
           'filler' FROM token WHERE tenant = 'filler';
    INSERT INTO delivery (notification_id, tenant, state, claimed_at, claim)
    SELECT notification_id, 'filler', 1, now() + '1 day', gen_random_uuid() FROM challenge;
    INSERT INTO user_contact (user_key, revision) SELECT user_key, -1 FROM token WHERE tenant = 'filler';
    INSERT INTO user_state (user_key, tenant, user_id) SELECT user_key, tenant, user_id FROM token WHERE tenant = 'filler';
"""
EMPTY = """
    DELETE FROM token WHERE tenant = 'filler';
    DELETE FROM challenge WHERE reference = 'filler';
    DELETE FROM delivery WHERE tenant = 'filler';
    DELETE FROM user_contact WHERE revision = -1;
    DELETE FROM user_state WHERE tenant = 'filler';
"""


OLD_ROLE = "user_tokens_worker"


class OneRole(System):
    """Its services share a role, as `tokenctl grant ROLE` of every version gives it."""

    def role_database(self, owner: str) -> str:
        if not self.database.query(f"SELECT 1 FROM pg_roles WHERE rolname = '{OLD_ROLE}'"):
            self.database.query(f"CREATE ROLE {OLD_ROLE} LOGIN")
        self.tokenctl("grant", OLD_ROLE)
        parts = urllib.parse.urlsplit(self.database.url)
        return parts._replace(netloc=f"{OLD_ROLE}@{parts.netloc.rsplit('@', 1)[-1]}").geturl()


class Field(Arena):
    settings = {**SETTINGS, "LOG_LEVEL": "info"}
    system_of = OneRole

    def __init__(self, directory: Path, old: Path, new: Path):
        self.built = {"old": old, "new": new}
        self.version = "old"
        """Of which version those are who are started now."""
        self.databases: dict[str, dict[str, str]] = {"old": {}, "new": {}}
        """Where those connect who have a role of their own."""
        self.versions: dict = {}
        super().__init__(directory, old)

    @staticmethod
    def _small_disk(directory: Path) -> None:
        """Its tables are to be large."""

    def use(self, version: str) -> None:
        self.version = version
        self.system.binaries = self.built[version]

    def start(self, kind: str, **settings: str):
        if database := self.databases[self.version].get(kind):
            settings["POSTGRES_URL"] = database
        worker = self.system.start(kind, NOTIFIER_CONFIG=str(self._configuration()), **settings)
        self.versions[worker] = self.version
        return worker

    def of(self, kind: str, version: str) -> list:
        return [worker for worker in self.running(kind) if self.versions[worker] == version]

    def _configuration(self) -> Path:
        """What both versions understand: an upgrade keeps the configuration that is there."""
        path = self.directory / "notifier-both.yaml"
        if not path.exists():
            lines = self.system.receiver.configuration().splitlines()
            path.write_text("\n".join(line for line in lines if "receipts:" not in line) + "\n")
        return path

    def fill(self, rows: int) -> None:
        """Makes the tables that every command needs large: a lock that lasts for a look at all rows is seen then."""
        self.database.query(FILL.replace("ROWS", str(rows)))
        self.commits.read()

    def empty(self) -> None:
        self.database.query(EMPTY)

    def tool(self, *arguments: str) -> subprocess.Popen:
        """tokenctl of the present version, in the background."""
        return subprocess.Popen([self.system.program("tokenctl"), *arguments], env=self.system.environment(),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def reader(self, seconds: float) -> subprocess.Popen:
        """Somebody else's transaction, such as a backup's: it has read every table, and goes on for some time."""
        tables = self.database.query("SELECT quote_ident(relname) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = "
                                     "current_schema()::regnamespace AND NOT relispartition")
        reads = "".join(f"SELECT 1 FROM {table} LIMIT 1;" for [table] in tables)
        sql = f"BEGIN; {reads} SELECT pg_sleep({seconds}); COMMIT"
        return subprocess.Popen([postgres_program("psql"), "-Xqc", sql, "-d", self.database.url],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def grant(self) -> None:
        """What has to follow a migration. The new services have a role each; the old ones keep theirs."""
        self.system.tokenctl("grant", OLD_ROLE)
        for kind in WORKERS:
            database = System.role_database(self.system, kind)
            self.databases["new"][kind] = database.replace("@", f":{PASSWORD}@", 1)

    def forgive(self, worker) -> None:
        """That one need not have ended well."""
        self.system.workers.remove(worker)

    def end(self, worker, number: signal.Signals = signal.SIGTERM) -> None:
        worker.child.send(number)

    def check_ends(self) -> list[str]:
        """Whoever ended did so because he was told to."""
        ends = [(worker, worker.child.process.poll()) for worker in self.system.workers]
        return [f"{self.versions[worker]} {worker.kind} ended with exit {code}: {worker.child.log_tail(3)}"
                for worker, code in ends if code not in (None, 0, -signal.SIGKILL)]
