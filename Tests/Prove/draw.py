"""What a seed draws: the commands of the load, and the faults, each at its second."""

import random
from dataclasses import dataclass

USERS = 24
RATE = 16
"""Steps a second; a step is one command, or a volley of them."""

# Weights: verification is what there is most of, and whoever changes tokens makes room for it to go wrong.
STEPS = {
    "enroll_hotp": 5, "enroll_totp": 4, "enroll_sms": 4, "enroll_email": 3, "enroll_virtual": 2, "enroll_recovery": 2,
    "enroll_device": 4, "enroll_own_type": 2, "enroll_ending": 1,
    "import_devices": 3, "provision": 2, "describe": 5, "change_contact": 4, "disable": 6, "enable": 6, "delete": 3,
    "unassign": 3, "unassign_by_serial": 2, "compromise": 1, "compromise_by_serial": 1, "view": 4, "list": 3, "list_all": 1,
    "define_type": 1, "edit_type": 1, "retire_type": 1, "list_types": 1,
    "request": 14, "request_approval": 4, "verify_challenge": 14, "verify_own": 24, "verify_unnamed": 6, "verify_wrong": 10,
    "verify_again": 6, "verify_approval": 4, "activate": 5, "cancel": 2, "status": 3, "reset": 3, "reset_wrong": 1,
    "unlock_token": 2, "unlock_user": 3, "directory": 2,
    "copy": 8, "copy_elsewhere": 5, "other_source": 3, "reuse": 3, "late": 2, "poison": 4, "ill_typed": 2,
    "volley_wrong": 1, "volley_same": 2, "hurry": 2,
}

# kind: (weight, seconds it lasts at least, at most)
WORKER_FAULTS = {
    "kill": (5, 1, 4), "freeze": (3, 8, 12), "rolling restart": (2, 2, 4), "four and one": (2, 5, 9),
    "worker's clock back": (1, 4, 8), "offsets lost": (1, 1, 3),
}
SERVER_FAULTS = {
    "PostgreSQL stopped": (2, 1, 5), "PostgreSQL crashed": (2, 1, 3), "backend killed": (1, 1, 2),
    "database connections cut": (3, 1, 2), "rows locked": (3, 2, 5), "deadlock": (3, 2, 5), "statement timeout": (2, 3, 5),
    "disk full": (2, 2, 5), "database's clock back": (2, 3, 6), "broker paused": (2, 2, 6), "acknowledgements held": (3, 2, 5), "broker cut": (3, 1, 2),
    "broker delayed": (2, 3, 6), "broker refuses": (2, 2, 5),
}


@dataclass(frozen=True)
class Step:
    number: int
    at: float
    kind: str
    user: int

    def draw(self, seed: int) -> random.Random:
        """Everything else that the step leaves to chance."""
        return random.Random(f"{seed}/{self.number}")


@dataclass(frozen=True)
class Fault:
    at: float
    kind: str
    lasts: float
    number: int

    def draw(self, seed: int) -> random.Random:
        return random.Random(f"{seed}/fault/{self.number}")


def steps(seed: int, seconds: float) -> list[Step]:
    draw = random.Random(f"{seed}/load")
    kinds, weights = zip(*STEPS.items())
    # Everybody begins with something.
    first = [(user, kind) for kind in ("enroll_hotp", "enroll_sms", "enroll_totp") for user in range(USERS)]
    first += [(user, "directory") for user in range(0, USERS, 2)]
    found = [Step(number, number * 0.03, kind, user) for number, (user, kind) in enumerate(first)]
    at = found[-1].at
    while at < seconds:
        found.append(Step(len(found), at, draw.choices(kinds, weights)[0], draw.randrange(USERS)))
        at += draw.expovariate(RATE)
    return found


def faults(seed: int, seconds: float) -> list[Fault]:
    """Two rows of faults that know nothing of each other: what happens to workers, and what happens to servers."""
    found: list[Fault] = []
    # Groups need some seconds to settle; servers are there again at once.
    for name, table, rest in (("workers", WORKER_FAULTS, (5, 9)), ("servers", SERVER_FAULTS, (1, 4))):
        draw = random.Random(f"{seed}/{name}")
        # Each kind once before any comes again, as far as time permits; the order is chance.
        pool: list[str] = []
        at = draw.uniform(4, 7)
        while at < seconds - 2:
            if not pool:
                pool = sorted(table, key=lambda kind: draw.random() ** (1 / table[kind][0]), reverse=True)
            kind = pool.pop(0)
            lasts = draw.uniform(*table[kind][1:])
            found.append(Fault(at, kind, lasts, len(found)))
            at += lasts + draw.uniform(*rest)
    return sorted(found, key=lambda fault: fault.at)
