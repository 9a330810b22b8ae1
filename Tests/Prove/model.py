"""What the contract says about one user's tokens: as little state as its rules need."""

from dataclasses import dataclass, field

import oath

LOCK_SECONDS = (2, 4, 8)
MAX_FAILURES, USER_MAX_FAILURES, MAX_ATTEMPTS = 5, 10, 5
LOOK_AHEAD, WINDOW, RESET_WINDOW = 10, 1, 1000
COUNTED = {"otp_mismatch", "otp_wrong_order", "purpose_mismatch", "context_mismatch"}

# Contract section 7: what is asked of a token by its status; True allowed, "unchanged", or the refusal.
NO = "wrong_status"
STATUS = {
    "token.edit": {"PENDING": True, "ACTIVE": True, "DISABLED": True, "OBSOLETE": NO, "COMPROMISED": NO},
    "token.enable": {"PENDING": NO, "ACTIVE": "unchanged", "DISABLED": True, "OBSOLETE": NO, "COMPROMISED": NO},
    "token.disable": {"PENDING": NO, "ACTIVE": True, "DISABLED": "unchanged", "OBSOLETE": NO, "COMPROMISED": NO},
    "token.delete": dict.fromkeys(("PENDING", "ACTIVE", "DISABLED", "OBSOLETE", "COMPROMISED"), True),
    "token.view": dict.fromkeys(("PENDING", "ACTIVE", "DISABLED", "OBSOLETE", "COMPROMISED"), True),
    "token.unassign": {"PENDING": True, "ACTIVE": True, "DISABLED": True, "OBSOLETE": NO, "COMPROMISED": NO, "UNASSIGNED": "not_assigned"},
    "token.compromise": {"PENDING": True, "ACTIVE": True, "DISABLED": True, "OBSOLETE": True, "COMPROMISED": "unchanged", "UNASSIGNED": True},
    "token.provision": {"PENDING": True, "ACTIVE": NO, "DISABLED": NO, "OBSOLETE": NO, "COMPROMISED": NO},
    "token.reset": {"PENDING": True, "ACTIVE": True, "DISABLED": True, "OBSOLETE": NO, "COMPROMISED": NO},
}
AFTER = {"token.enable": "ACTIVE", "token.disable": "DISABLED", "token.delete": "DELETED", "token.unassign": "UNASSIGNED",
         "token.compromise": "COMPROMISED"}
VOIDING = {"token.disable", "token.delete", "token.unassign", "token.compromise"}


@dataclass
class Count:
    """Failures, and the lock that they lead to. Instants are microseconds."""

    failures: int = 0
    consecutive: int = 0
    level: int = 0
    locked_until: int | None = None
    of_resets: int = 0

    def is_locked(self, at: int) -> bool:
        return self.locked_until is not None and at < self.locked_until

    def left(self, limit: int, at: int) -> int:
        if self.is_locked(at):
            return 0
        return max(0, limit - (self.failures if self.locked_until is None else 0))

    def fail(self, limit: int, at: int, is_of_challenges: bool = False) -> bool:
        """Counts one; at the limit the next lock begins. Guesses at challenges are none in a row for their user."""
        if self.locked_until is not None and self.locked_until <= at:
            self.locked_until, self.failures = None, 0
        self.failures += 1
        self.consecutive += not is_of_challenges
        if self.failures < limit:
            return False
        self.locked_until = at + LOCK_SECONDS[min(self.level, len(LOCK_SECONDS) - 1)] * 1_000_000
        self.level += 1
        return True

    def clear(self) -> None:
        self.__init__()


@dataclass
class Token:
    id: str | None
    kind: str
    hardware: bool
    user: str | None
    status: str
    secret: str | None = None
    codes: set[str] = field(default_factory=set)
    next: int = 0
    drift: int = 0
    count: Count = field(default_factory=Count)
    ends: int | None = None
    is_loose: bool = False
    """Its status can be changed by others than its user: its type can be retired."""
    type: str = ""

    @property
    def holds_values(self) -> bool:
        return self.kind in ("hotp", "totp", "recovery")

    def status_at(self, at: int) -> str:
        if self.ends is not None and at >= self.ends and self.status in ("PENDING", "ACTIVE", "DISABLED"):
            return "OBSOLETE"
        return self.status

    def admits(self, purpose: str, at: int) -> bool:
        return self.status_at(at) == ("PENDING" if purpose == "enrollment" else "ACTIVE")

    def judge(self, otp: str, at: int) -> tuple[str, int | str | None]:
        """`ok` with the counter, step or code; `otp_replayed`; or `differs`."""
        if self.kind == "recovery":
            return ("ok", otp) if otp in self.codes else ("differs", None)
        if self.secret is None or len(otp) != 6 or not otp.isdigit():
            return "differs", None
        if self.kind == "totp":
            center = oath.step_at(at / 1_000_000) + self.drift
            found = [s for s in range(center - WINDOW, center + WINDOW + 1) if oath.value(self.secret, s) == otp]
            if found:
                fresh = [step for step in found if step >= self.next]
                return ("otp_replayed", None) if found[-1] < self.next else ("ok", fresh[0])
            return "differs", None
        for counter in range(self.next, self.next + LOOK_AHEAD + 1):
            if oath.value(self.secret, counter) == otp:
                return "ok", counter
        is_last = self.next > 0 and oath.value(self.secret, self.next - 1) == otp
        return ("otp_replayed", None) if is_last else ("differs", None)

    def spend(self, factor: int | str, at: int) -> None:
        if self.kind == "recovery":
            self.codes.discard(factor)
            return
        self.next = max(self.next, factor + 1)
        if self.kind == "totp":
            self.drift = factor - oath.step_at(at / 1_000_000)

    def find_pair(self, first: str, second: str, at: int) -> int | None:
        """The second factor of two consecutive values, as `token.reset` looks for them."""
        center = oath.step_at(at / 1_000_000)
        low, high = (self.next, self.next + RESET_WINDOW) if self.kind == "hotp" else (
            max(self.next, center - RESET_WINDOW), center + RESET_WINDOW)
        for factor in range(low, high + 1):
            if oath.value(self.secret, factor) == first and oath.value(self.secret, factor + 1) == second:
                return factor + 1
        return None


@dataclass
class Challenge:
    id: str
    token: str
    purpose: str
    ends: int
    context: dict | None
    otps: list[str] = field(default_factory=list)
    state: str = "open"
    attempts: int = 0
    is_loose: bool = False

    def fail(self) -> None:
        self.attempts += 1
        if self.attempts >= MAX_ATTEMPTS:
            self.state = "exhausted"


@dataclass
class User:
    count: Count = field(default_factory=Count)
    is_known: bool = False
    """Has had a token: only then is there something to count for."""
    contact: dict | None = None
    """What the directory says of him."""
    challenges: dict[str, Challenge] = field(default_factory=dict)
