"""The order in which transactions took effect, from PostgreSQL's own log: no clock has to be believed for it."""

import contextlib

from processes import Failure
from servers import Database

SLOT = "prove"


class Commits:
    """Reads a logical replication slot now and then, so that the small disk need not keep the log for it."""

    def __init__(self, database: Database):
        self.database = database
        self.database.query(f"SELECT pg_create_logical_replication_slot('{SLOT}', 'test_decoding')")
        self.places: dict[int, int] = {}
        """By transaction: its place in the order of commits."""

    def watch(self):
        """A generator like those of the faults."""
        while True:
            # A database that is down is asked again later: what was not taken note of is kept.
            with contextlib.suppress(Failure):
                self.read()
            yield 2.0

    def read(self) -> None:
        rows = self.database.query(f"SELECT lsn, xid FROM pg_logical_slot_peek_changes('{SLOT}', NULL, NULL) WHERE data LIKE 'COMMIT %'")
        for _, transaction in rows:
            self.places.setdefault(int(transaction), len(self.places))
        if rows:
            self.database.query(f"SELECT pg_replication_slot_advance('{SLOT}', '{rows[-1][0]}')")
