"""How each kind of fault is made, and ended: a generator that yields while the fault lasts, in seconds."""

import glob
import os
import random
import signal
import subprocess
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from arena import FAKE_TIME, ROLES, WORKERS, Arena, set_clock
from processes import Failure
from servers import postgres_program


class CannotBeMade(Exception):
    """This machine has no means for it; the text says which."""


def kill(arena: Arena, draw: random.Random, lasts: float):
    """kill -9 of one, or of all of a kind."""
    victims = draw.choice((arena.running(), arena.running("verifier"), arena.running("enrollment")))
    for worker in draw.sample(victims, min(len(victims), draw.randint(1, 2))):
        worker.child.kill()
    yield lasts
    arena.bury()


def freeze(arena: Arena, draw: random.Random, lasts: float):
    """SIGSTOP for longer than the group waits: lanes move, then their former owner wakes."""
    frozen = draw.sample(arena.running(), 2)
    for worker in frozen:
        worker.child.send(signal.SIGSTOP)
    yield lasts
    for worker in frozen:
        worker.child.send(signal.SIGCONT)


def rolling_restart(arena: Arena, draw: random.Random, lasts: float):
    """SIGTERM, one after the other, each with a successor of its name."""
    for worker in arena.running(draw.choice(("verifier", "enrollment"))):
        worker.child.send(signal.SIGTERM)
        for _ in range(20):
            if not worker.child.is_running:
                break
            yield 0.2
        successor = arena.start(worker.kind)
        # The next one goes when this one is there, or after some time.
        for _ in range(10):
            yield lasts / 4
            if successor.get("/health/ready")[0] == 200:
                break


def four_and_one(arena: Arena, draw: random.Random, lasts: float):
    """From two workers to four, to one, and back."""
    kind = draw.choice(("verifier", "enrollment"))
    for _ in range(2):
        arena.start(kind)
    yield lasts / 2
    for worker in arena.running(kind)[1:]:
        worker.child.send(signal.SIGTERM)
    yield lasts / 2
    arena.bury()


def offsets_lost(arena: Arena, draw: random.Random, lasts: float):
    """All workers of a kind end, and the group's offsets with them: their successors read everything again."""
    kind = draw.choice(("verifier", "enrollment"))
    for worker in arena.running(kind):
        worker.child.kill()
    yield lasts
    group = arena.client.prefix + kind
    admin = AdminClient({**arena.broker.client_properties, "log_level": "2"})
    try:
        admin.delete_consumer_groups([group], request_timeout=3)[group].result(4)
    except KafkaException as error:
        raise Failure(f"the group is still there: {error}") from None
    finally:
        arena.bury()


def clock_back(arena: Arena, draw: random.Random, lasts: float):
    """A worker whose clock goes back by some seconds while it runs."""
    library = glob.glob(FAKE_TIME)
    if not library:
        raise CannotBeMade("faketime is not installed")
    clock = arena.directory / f"clock-{draw.randrange(10**6)}"
    set_clock(clock, 0)
    kind = draw.choice(("verifier", "enrollment"))
    worker = arena.start(kind, **arena.fake_time(library[0], clock))
    yield lasts / 2
    if not worker.child.is_running:
        raise CannotBeMade("a worker does not run under faketime")
    set_clock(clock, -draw.randint(10, 90))
    # It works alone with the clock that it has now.
    for other in arena.running(kind):
        if other is not worker:
            other.child.send(signal.SIGTERM)
    yield lasts
    worker.child.send(signal.SIGTERM)
    arena.bury()


def _postmaster(arena: Arena) -> int:
    return int(Path(arena.database.directory, "data/postmaster.pid").read_text().splitlines()[0])


def postgres_stopped(arena: Arena, draw: random.Random, lasts: float):
    """A fast shutdown."""
    os.kill(_postmaster(arena), signal.SIGINT)
    arena.database.server.process.wait(30)
    yield lasts
    arena.start_database()


def postgres_crashed(arena: Arena, draw: random.Random, lasts: float):
    """An immediate one: no checkpoint, recovery from the log."""
    arena.database.stop()
    yield lasts
    arena.start_database()


def backend_killed(arena: Arena, draw: random.Random, lasts: float):
    """kill -9 of one server process: PostgreSQL throws out all and recovers."""
    rows = arena.database.query(f"SELECT pid FROM pg_stat_activity WHERE usename LIKE '{ROLES}' ORDER BY pid")
    if rows:
        os.kill(int(draw.choice(rows)[0]), signal.SIGKILL)
    yield lasts


def connections_cut(arena: Arena, draw: random.Random, lasts: float):
    for _ in range(3):
        arena.database.query(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE '{ROLES}'")
        yield lasts / 3


def _session(arena: Arena, sql: str) -> subprocess.Popen:
    command = [postgres_program("psql"), "-Xq", "-d", arena.database.url, "-c", sql]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _locking(draw: random.Random, count: int, pause: float) -> str:
    """Locks the rows of some users, one after the other, in an order that nobody else keeps."""
    users = draw.sample(range(24), count)
    steps = [f"SELECT 1 FROM user_state WHERE user_id = 'user-{user:02}' FOR UPDATE; SELECT pg_sleep({pause:.2f});" for user in users]
    return "BEGIN; " + " ".join(steps) + " ROLLBACK;"


def rows_locked(arena: Arena, draw: random.Random, lasts: float):
    session = _session(arena, _locking(draw, 2, lasts / 2))
    yield lasts
    session.wait(60)


def deadlock(arena: Arena, draw: random.Random, lasts: float):
    """Locks taken in the wrong order: somebody's transaction is ended by `deadlock_timeout`."""
    sessions = [_session(arena, _locking(draw, 8, 0.1)) for _ in range(3)]
    yield lasts
    for session in sessions:
        session.wait(60)


def statement_timeout(arena: Arena, draw: random.Random, lasts: float):
    """Statements of workers that connect now are ended after 400 ms, and all users' rows are locked for longer."""
    arena.alter_roles("SET statement_timeout = '400ms'")
    arena.database.query(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE '{ROLES}'")
    session = _session(arena, f"BEGIN; SELECT 1 FROM user_state FOR UPDATE; SELECT pg_sleep({lasts / 2:.2f}); ROLLBACK;")
    yield lasts
    session.wait(60)
    arena.alter_roles("RESET statement_timeout")
    arena.database.query(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE '{ROLES}'")


def disk_full(arena: Arena, draw: random.Random, lasts: float):
    if not arena.fill_disk():
        raise CannotBeMade("no small disk can be mounted here")
    yield lasts
    arena.free_disk()
    arena.start_database()


def database_clock_back(arena: Arena, draw: random.Random, lasts: float):
    """The database's clock goes back by up to a minute and a half, and later forward again."""
    if not arena.has_database_clock:
        raise CannotBeMade("faketime is not installed")
    arena.set_database_clock(-draw.randint(5, 90))
    yield lasts
    arena.set_database_clock(0)


def _relay(order: str, end: str):
    def fault(arena: Arena, draw: random.Random, lasts: float):
        arena.broker.tell(order)
        yield lasts
        arena.broker.tell(end)

    return fault


def broker_refuses(arena: Arena, draw: random.Random, lasts: float):
    arena.broker.tell("refuse on")
    arena.broker.tell("cut")
    yield lasts
    arena.broker.tell("refuse off")


def broker_cut(arena: Arena, draw: random.Random, lasts: float):
    for _ in range(3):
        arena.broker.tell("cut")
        yield lasts / 3


MAKERS = {
    "kill": kill, "freeze": freeze, "rolling restart": rolling_restart, "four and one": four_and_one,
    "offsets lost": offsets_lost,
    "worker's clock back": clock_back, "PostgreSQL stopped": postgres_stopped, "PostgreSQL crashed": postgres_crashed,
    "backend killed": backend_killed, "database connections cut": connections_cut, "rows locked": rows_locked,
    "deadlock": deadlock, "statement timeout": statement_timeout, "disk full": disk_full,
    "database's clock back": database_clock_back,
    "broker paused": _relay("hold on", "hold off"), "acknowledgements held": _relay("hold produce", "hold off"),
    "broker cut": broker_cut, "broker delayed": _relay("delay 300", "delay 0"), "broker refuses": broker_refuses,
}
# What a fault of the other row can do to one that is being made: no failure of the run.
DISTURBED = (Failure, OSError, subprocess.TimeoutExpired)
assert set(WORKERS) == {"enrollment", "verifier", "notifier", "expiry-scanner"}
