"""Plays the commands of a history, in the order of their effects, over the model; each answer has to be the model's.

The order is that in which PostgreSQL committed, by its own log, then the place in the batch; whoever holds a user's lock
until the commit comes before whoever waits for it. Another rule (`order`) compares it with the topics' logs and with what was
answered before what was written.
"""

import re
from collections import defaultdict
from datetime import datetime, timezone

from commands import Command, DirectoryChange, directory_changes_of
from finding import Finding
from history import History
from model import AFTER, COUNTED, MAX_ATTEMPTS, MAX_FAILURES, STATUS, USER_MAX_FAILURES, VOIDING, Challenge, Token, User

MAX_QUEUE_AGE = 60_000_000
CLOCK_BACK = 90_000_000
"""How far the database's clock is set back at most; microseconds, as all instants."""
NOBODY = ("expired", "malformed", "unknown_type", "id_reused", "version_conflict")


def microseconds(text: str) -> int:
    instant = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ" if "." in text else "%Y-%m-%dT%H:%M:%SZ")
    return round(instant.replace(tzinfo=timezone.utc).timestamp() * 1_000_000)


class Replay:
    def __init__(self, history: History, commands: list[Command]):
        self.history = history
        self.commands = sorted((c for c in commands if c.stored and c.answers), key=lambda command: command.order)
        self.directory = directory_changes_of(history)
        self.users: dict[str, User] = defaultdict(User)
        self.tokens: dict[str, Token] = {}
        self.devices: dict[str, Token] = {}
        self.findings: list[Finding] = []
        self.accepted: list[tuple[Command, str, str, int | str]] = []
        """What was accepted: command, `token` or `challenge`, whose, and which counter, step, code or value."""
        self.sent = self._sent()
        self.obsoleted = {event.data["token"]["tokenId"] for event in history.events if event.type == "token.obsoleted"}

    def _sent(self) -> dict[str, str]:
        """The OTP that each `otp.request` gave rise to."""
        found = {}
        for record in self.history.by_topic["notifications"]:
            otp = self.history.otps.get(record.data["notificationId"])
            if otp:
                found[record.cause] = otp
        return found

    def run(self) -> "Replay":
        for step in sorted([*self.commands, *self.directory], key=lambda step: step.order):
            if isinstance(step, DirectoryChange):
                self._directory(step, self.users[step.user])
                continue
            command = step
            self._end_by_the_scanner(command)
            play = getattr(self, "_" + command.type.replace(".", "_"), None)
            if command.code in NOBODY:
                self._nobody(command)
            elif play:
                play(command, command.data, command.reply, self.users[command.user])
        return self

    def _end_by_the_scanner(self, command: Command) -> None:
        """The scanner makes a token OBSOLETE for good, also where the database's clock goes back behind its end after that."""
        told = command.reply.get("details", {}).get("status") == "OBSOLETE" or command.code == "challenge_void"
        challenge = self.users[command.user].challenges.get(command.data.get("challengeId")) if told else None
        token = self.tokens.get(challenge.token if challenge else command.data.get("tokenId")) if told else None
        if token and token.id in self.obsoleted and token.ends and token.ends - CLOCK_BACK <= command.at < token.ends:
            token.status = "OBSOLETE"

    def _directory(self, change: DirectoryChange, user: User) -> None:
        """New contact data void what was sent to the old; who left has no virtual token and no open challenge."""
        before, contact = user.contact, change.contact
        if before and contact and contact["revision"] < before["revision"]:
            return
        user.contact = contact
        mine = [token for token in self.tokens.values() if f"default/{token.user}" == change.user]
        for token in mine:
            is_virtual = token.kind == "virtual"
            moved = any((before or {}).get(name) != (contact or {}).get(name) for name in ("phone", "email"))
            if contact is None or (is_virtual and moved):
                self._void(user, token)
            if contact is None and is_virtual and token.status in ("PENDING", "ACTIVE", "DISABLED"):
                token.status = "OBSOLETE"

    def _complain(self, rule: str, command: Command, text: str, kind: str = "other") -> None:
        self.findings.append(Finding(rule, f"{command}: {text}", kind))

    def _want(self, rule: str, command: Command, wanted: str | set[str], why: str = "") -> bool:
        """Whether the answer is the model's."""
        wanted = {wanted} if isinstance(wanted, str) else wanted
        if command.code in wanted:
            return True
        self._complain(rule, command, f"answered {command.code}, not {' or '.join(sorted(wanted))}{', ' + why if why else ''}")
        return False

    def _nobody(self, command: Command) -> None:
        """Answers that say nothing of tokens: only where the command asked for them."""
        age = command.at - command.executed.timestamp * 1000
        if command.code == "expired" and (command.mark == "late" or (age > MAX_QUEUE_AGE and "verification" in command.executed.topic)):
            return
        if command.code in ("malformed", "unknown_type") and command.mark == "ill-typed":
            return
        if command.code == "malformed" and "expiresAt" in command.data and microseconds(command.data["expiresAt"]) <= command.at:
            return
        self._complain("states", command, f"answered {command.code}")

    # Tokens

    def _find(self, command: Command, id: str) -> Token | None:
        token = self.tokens.get(id)
        owner = command.user.split("/", 1)[1]
        return token if token and token.user == owner and token.status != "DELETED" else None

    def _token_enroll(self, command: Command, data: dict, reply: dict, user: User) -> None:
        device = self.devices.get(data.get("serial"))
        if command.code in COUNTED:
            left = 10**9
            if user.is_known:
                left = self._count_user(user, command.at)
            if device:
                left = min(left, self._count_token(device, command.at))
            return self._compare_left(command, left, user, [device] if device else [])
        if data["tokenType"] == "virtual" and command.code in ("ok", "no_contact"):
            self._want("states", command, "ok" if user.contact else "no_contact", "by the directory")
        if command.code != "ok":
            if command.code in ("serial_taken", "serial_not_found", "serial_compromised"):
                free = device is not None and device.status == "UNASSIGNED" and device.type == data["tokenType"]
                if free:
                    self._complain("states", command, f"answered {command.code}, though the device lay in the stock")
            return
        view, result = reply["result"]["token"], reply["result"]
        if "serial" in data:
            if device is None or device.status != "UNASSIGNED":
                self._complain("states", command, f"a device was assigned that is {device.status if device else 'not there'}", "double")
                device = device or Token(None, view["kind"], True, None, "UNASSIGNED")
            token, token.user, token.status = device, view["userId"], view["status"]
            token.id = view["tokenId"]
            token.count.clear()
            if "otp1" in data and token.secret:
                factor = token.find_pair(data["otp1"], data.get("otp2", ""), command.at)
                if factor is None:
                    self._complain("values", command, "possession was proved by values that are not next")
                else:
                    self.accepted.append((command, "token", token.id, factor))
                    token.spend(factor, command.at)
        else:
            token = Token(view["tokenId"], view["kind"], view["hardware"], view["userId"], view["status"], data.get("secret"))
            token.codes = set(self.history.codes.get(result.get("provisioning", {}).get("codes"), ()))
            token.is_loose = view["tokenType"].startswith("own-")
            token.type = view["tokenType"]
            if view["expiresAt"]:
                token.ends = microseconds(view["expiresAt"])
            if token.id in self.tokens:
                self._complain("states", command, f"token {token.id} was made before", "double")
        self.tokens[token.id] = token
        user.is_known = True

    def _token_import(self, command: Command, data: dict, reply: dict, user: User) -> None:
        if command.code != "ok":
            return
        skipped = {entry["serial"] for entry in reply["result"]["skipped"]}
        for entry in data["tokens"]:
            serial = entry["serial"]
            if serial in skipped:
                if serial not in self.devices:
                    self._complain("states", command, f"{serial} was skipped, though it was not there", "loss")
                continue
            if serial in self.devices and self.devices[serial].status != "DELETED":
                self._complain("states", command, f"{serial} was imported again", "double")
            kind = data["tokenType"].split("-")[0]
            self.devices[serial] = Token(None, kind, True, None, "UNASSIGNED", entry["secret"], type=data["tokenType"])

    def _change(self, command: Command, data: dict, reply: dict, user: User) -> Token | None:
        """What status and owner say of a command on one token; gives back the token where it was changed."""
        if "serial" in data:
            token = self.devices.get(data["serial"])
            token = token if token and token.status != "DELETED" else None
        else:
            token = self._find(command, data["tokenId"])
        if token is None:
            self._want("states", command, "token_not_found")
            return None
        if command.code == "token_not_found":
            self._complain("states", command, f"the token is there, {token.status}", "loss")
            return None
        if command.type in ("token.unassign", "token.compromise") and not token.hardware:
            self._want("states", command, "not_hardware")
            return None
        if command.code in ("not_editable", "not_provisionable", "not_resettable"):
            return None
        if token.is_loose:
            return token if command.code == "ok" else None
        status = token.status_at(command.at)
        admission = STATUS[command.type][status]
        if not self._want("states", command, "ok" if admission in (True, "unchanged") else admission, f"the token is {status}"):
            return None
        if command.code != "ok":
            told = reply.get("details", {}).get("status")
            if told not in (None, status):
                self._complain("states", command, f"says that the token is {told}, it is {status}")
            return None
        if command.type in ("token.enable", "token.disable", "token.compromise"):
            if bool(reply["result"].get("unchanged")) != (admission == "unchanged"):
                self._complain("states", command, f"wrong about whether anything changes: the token is {status}")
        return token

    def _status_change(self, command: Command, data: dict, reply: dict, user: User) -> None:
        token = self._change(command, data, reply, user)
        if token is None:
            return
        token.status = AFTER[command.type]
        owner = self.users[f"default/{token.user}"] if token.user else user
        if command.type in VOIDING and not reply["result"].get("unchanged"):
            self._void(owner, token)
        if command.type == "token.unassign":
            token.user = None
            token.count.clear()

    _token_enable = _token_disable = _token_delete = _token_unassign = _token_compromise = _status_change

    def _token_edit(self, command: Command, data: dict, reply: dict, user: User) -> None:
        token = self._change(command, data, reply, user)
        if token and ("phone" in data or "email" in data):
            # Edits to what was there already change nothing: then the next answers tell.
            for challenge in user.challenges.values():
                if challenge.token == token.id and challenge.state == "open":
                    challenge.state = "void"

    def _token_provision(self, command: Command, data: dict, reply: dict, user: User) -> None:
        token = self._change(command, data, reply, user)
        if token:
            token.secret = self.history.secrets[reply["result"]["provisioning"]["uri"]]
            token.next = token.drift = 0

    def _token_view(self, command: Command, data: dict, reply: dict, user: User) -> None:
        token = self._change(command, data, reply, user)
        if token and not token.is_loose:
            view = reply["result"]["token"]
            if view["status"] != token.status_at(command.at):
                self._complain("states", command, f"shows {view['status']}, the token is {token.status_at(command.at)}")

    def _void(self, user: User, token: Token) -> None:
        for challenge in user.challenges.values():
            if challenge.token == token.id and challenge.state == "open":
                challenge.state = "void"

    # Counting

    def _count_user(self, user: User, at: int, is_of_challenges: bool = False) -> int:
        user.count.fail(USER_MAX_FAILURES, at, is_of_challenges)
        return user.count.left(USER_MAX_FAILURES, at)

    def _count_token(self, token: Token, at: int, is_reset: bool = False) -> int:
        if is_reset:
            token.count.of_resets += 1
        if not token.count.is_locked(at):
            token.count.fail(MAX_FAILURES, at)
        return token.count.left(MAX_FAILURES, at)

    def _compare_left(self, command: Command, left: int, user: User, tokens: list[Token]) -> None:
        details = command.reply.get("details", {})
        if details.get("attemptsLeft") != left:
            self._complain("counts", command, f"says that {details.get('attemptsLeft')} attempts are left, there are {left}")
        ends = [count.locked_until for count in (user.count, *(token.count for token in tokens)) if count.is_locked(command.at)]
        told = details.get("lockedUntil")
        if bool(ends) != bool(told) or (told and microseconds(told) // 1000 != max(ends) // 1000):
            self._complain("counts", command, f"says locked until {told}, not {max(ends) if ends else 'unlocked'}")

    def _token_unlock(self, command: Command, data: dict, reply: dict, user: User) -> None:
        token = self._find(command, data["tokenId"])
        if self._want("states", command, "ok" if token else "token_not_found") and token:
            token.count.clear()

    def _user_unlock(self, command: Command, data: dict, reply: dict, user: User) -> None:
        if self._want("states", command, "ok"):
            user.count.clear()

    # OTPs

    def _otp_request(self, command: Command, data: dict, reply: dict, user: User) -> None:
        token = self._find(command, data["tokenId"])
        if token is None:
            self._want("states", command, "token_not_found")
            return
        if not token.is_loose and not token.admits(data["purpose"], command.at):
            self._want("states", command, "wrong_status", f"the token is {token.status_at(command.at)}")
            return
        is_locked = user.count.is_locked(command.at) or token.count.is_locked(command.at)
        if command.code in ("ok", "too_many_requests", "locked") and is_locked != (command.code == "locked"):
            self._complain("counts", command, f"answered {command.code} while {'' if is_locked else 'not '}locked")
        if command.code != "ok":
            return
        result, otp = reply["result"], self.sent.get(command.id)
        if otp is None:
            self._complain("answers", command, "no message was written", "loss")
        context = data.get("context")
        same = [c for c in user.challenges.values()
                if c.token == token.id and c.purpose == data["purpose"] and self._state(c, command.at) == "open"]
        if result["resend"]:
            challenge = user.challenges.get(result["challengeId"])
            if challenge is None or (challenge not in same and not challenge.is_loose) or challenge.context != context:
                self._complain("values", command, "a value was sent again for a challenge that is not open")
            else:
                challenge.otps.append(otp)
            return
        for challenge in same:
            if challenge.context == context and not challenge.is_loose:
                self._complain("values", command, f"a second open challenge beside {challenge.id}", "double")
            challenge.state = "superseded"
        user.challenges[result["challengeId"]] = Challenge(
            result["challengeId"], token.id, data["purpose"], microseconds(result["expiresAt"]), context, [otp],
            is_loose=token.is_loose)

    def _state(self, challenge: Challenge, at: int) -> str:
        if challenge.state != "open":
            return challenge.state
        token = self.tokens.get(challenge.token)
        if token is None or not token.admits(challenge.purpose, at):
            return "void"
        return "expired" if at // 1000 >= challenge.ends // 1000 else "open"

    def _otp_cancel(self, command: Command, data: dict, reply: dict, user: User) -> None:
        challenge = user.challenges.get(data["challengeId"])
        if challenge and command.code == "ok" and challenge.state == "open":
            challenge.state = "void"

    def _otp_status(self, command: Command, data: dict, reply: dict, user: User) -> None:
        challenge = user.challenges.get(data["challengeId"])
        if challenge and command.code == "ok" and not challenge.is_loose:
            state = self._state(challenge, command.at)
            if reply["result"]["state"] != state:
                self._complain("states", command, f"says {reply['result']['state']}, the challenge is {state}")

    def _otp(self, data: dict, member: str = "otp") -> str:
        return re.sub("[ -]", "", self.history.opened.get(data[member], data[member]))

    def _otp_verify(self, command: Command, data: dict, reply: dict, user: User) -> None:
        otp, purpose, at = self._otp(data), data["purpose"], command.at
        if "challengeId" in data:
            return self._verify_challenge(command, user, otp, data)
        if "tokenId" not in data:
            return self._verify_unnamed(command, user, otp, purpose)
        token = self._find(command, data["tokenId"])
        if token is None:
            self._want("states", command, "token_not_found")
            return
        if token.is_loose:
            return self._follow(command, user, [token], otp, purpose, [token])
        if not token.admits(purpose, at):
            self._want("states", command, "wrong_status", f"the token is {token.status_at(at)}")
            return
        if user.count.is_locked(at) or token.count.is_locked(at):
            self._want("counts", command, "locked")
            return
        if command.code == "locked":
            self._complain("counts", command, "neither user nor token are locked")
            return
        challenges = [c for c in user.challenges.values()
                      if c.token == token.id and c.purpose == purpose and self._state(c, at) == "open"]
        wanted = self._judged(user, [token] if token.holds_values else [], challenges, token.id, otp, purpose, at)
        if not token.holds_values and not challenges and wanted == "otp_mismatch":
            wanted = "challenge_not_found"
        self._want("values", command, wanted)
        self._settle(command, user, [token] if token.holds_values else [], challenges, otp, [token])

    def _judged(self, user: User, tokens: list[Token], challenges: list[Challenge], named: str | None, otp: str, purpose: str,
                at: int) -> str:
        """The answer to a value by what it fits."""
        found = [token.judge(otp, at)[0] for token in tokens]
        if "ok" in found or any(c.otps[-1] == otp and c.context is None for c in challenges):
            return "ok"
        refusals = ["otp_replayed"] * found.count("otp_replayed")
        refusals += ["challenge_superseded" for c in challenges if otp in c.otps[:-1]]
        spent = [c for c in user.challenges.values() if c.state in ("superseded", "used") and c.purpose == purpose
                 and at // 1000 < c.ends // 1000 and named in (None, c.token) and otp in c.otps]
        if refusals:
            return refusals[-1]
        if any(c.otps[-1] == otp and c.context is not None for c in challenges) and not spent:
            return "context_mismatch"
        if spent:
            return "challenge_used" if spent[-1].state == "used" and spent[-1].otps[-1] == otp else "challenge_superseded"
        return "otp_mismatch"

    def _settle(self, command: Command, user: User, tokens: list[Token], challenges: list[Challenge], otp: str,
                counted: list[Token]) -> None:
        """Follows the answer, right or not: what it spends, clears and counts."""
        at = command.at
        if command.code == "ok":
            fits = [challenge for challenge in challenges if challenge.otps[-1] == otp]
            for challenge in fits:
                challenge.state = "used"
                self.accepted.append((command, "challenge", challenge.id, otp))
            for token in tokens:
                verdict, factor = token.judge(otp, at)
                if verdict == "ok":
                    token.spend(factor, at)
                    self.accepted.append((command, "token", token.id, factor))
                    fits.append(token)
            if not fits:
                self._complain("values", command, "a value was accepted that fits nothing", "double")
            credited = self.tokens.get(command.reply["result"]["tokenId"])
            if credited:
                credited.count.clear()
                if command.data["purpose"] == "enrollment":
                    credited.status = "ACTIVE"
            user.count.clear()
        elif command.code in COUNTED:
            left = self._count_user(user, at, is_of_challenges=not tokens)
            if "tokenId" in command.data:
                left = min([left, *(self._count_token(token, at) for token in counted)])
            else:
                for challenge in challenges:
                    challenge.fail()
                    left = min(left, MAX_ATTEMPTS - challenge.attempts)
                    if not tokens:
                        self.tokens[challenge.token].count.consecutive += 1
            self._compare_left(command, left, user, counted if "tokenId" in command.data else [])

    def _verify_challenge(self, command: Command, user: User, otp: str, data: dict) -> None:
        at = command.at
        challenge = user.challenges.get(data["challengeId"])
        if challenge is None:
            self._want("values", command, "challenge_not_found")
            return
        token = self.tokens[challenge.token]
        if user.count.is_locked(at) or (token.status != "DELETED" and token.count.is_locked(at)):
            self._want("counts", command, "locked")
            return
        state = self._state(challenge, at)
        if challenge.is_loose and command.code in ("challenge_void", "wrong_status", "challenge_expired"):
            challenge.state = "void"
            return
        if state != "open":
            self._want("values", command, f"challenge_{state}")
            return
        if data["purpose"] != challenge.purpose:
            wanted = "purpose_mismatch"
        elif challenge.context is not None and data.get("context") != challenge.context:
            wanted = "context_mismatch"
        elif otp == challenge.otps[-1]:
            wanted = "ok"
        else:
            wanted = "challenge_superseded" if otp in challenge.otps else "otp_mismatch"
        self._want("values", command, wanted)
        self._settle(command, user, [], [challenge], otp, [])

    def _verify_unnamed(self, command: Command, user: User, otp: str, purpose: str) -> None:
        at, owner = command.at, command.user.split("/", 1)[1]
        mine = [token for token in self.tokens.values() if token.user == owner and token.status != "DELETED"]
        admitted = [token for token in mine if token.admits(purpose, at)]
        if any(token.is_loose for token in mine):
            return self._follow(command, user, admitted, otp, purpose, [])
        if not admitted:
            self._want("states", command, "no_active_token")
            return
        if user.count.is_locked(at):
            self._want("counts", command, "locked")
            return
        challenges = [c for c in user.challenges.values() if c.purpose == purpose and self._state(c, at) == "open"
                      and not self.tokens[c.token].count.is_locked(at)]
        tokens = [token for token in admitted if token.holds_values and not token.count.is_locked(at)]
        if not tokens and not challenges:
            wanted = {"locked", "challenge_not_found", "challenge_used", "challenge_superseded"}
            self._want("values", command, wanted)
            return
        self._want("values", command, self._judged(user, tokens, challenges, None, otp, purpose, at))
        self._settle(command, user, tokens, challenges, otp, [])

    def _follow(self, command: Command, user: User, tokens: list[Token], otp: str, purpose: str, counted: list[Token]) -> None:
        """Where a token's type may have been retired: believes the answer about it."""
        challenges = [c for c in user.challenges.values() if c.purpose == purpose and self._state(c, command.at) == "open"
                      and (not counted or c.token == counted[0].id)]
        values = [token for token in tokens if token.holds_values]
        if command.code in COUNTED and any(self.tokens[c.token].is_loose for c in challenges):
            # Whether a challenge of such a token was still open, and counted, can't be told.
            user.count.fail(USER_MAX_FAILURES, command.at, is_of_challenges=not values)
            for token in counted:
                self._count_token(token, command.at)
            for challenge in challenges if not counted else ():
                challenge.fail()
            return
        self._settle(command, user, values, challenges, otp, counted)

    def _token_reset(self, command: Command, data: dict, reply: dict, user: User) -> None:
        token = self._change_for_reset(command, data, user)
        if token is None:
            return
        first, second = self._otp(data, "otp1"), self._otp(data, "otp2")
        factor = token.find_pair(first, second, command.at) if token.secret else None
        if factor is not None:
            self._want("values", command, "ok")
        elif command.code == "ok":
            self._complain("values", command, "a pair was accepted that is not next")
        if command.code == "ok" and factor is not None:
            token.spend(factor, command.at)
            self.accepted.append((command, "token", token.id, factor))
            token.count.clear()
            if token.status == "PENDING":
                token.status = "ACTIVE"
        elif command.code in COUNTED:
            left = self._count_user(user, command.at)
            self._compare_left(command, min(left, self._count_token(token, command.at, True)), user, [token])

    def _change_for_reset(self, command: Command, data: dict, user: User) -> Token | None:
        token = self._find(command, data["tokenId"])
        if token is None:
            self._want("states", command, "token_not_found")
            return None
        if token.kind not in ("hotp", "totp"):
            self._want("states", command, "not_resettable")
            return None
        status = token.status_at(command.at)
        if STATUS["token.reset"][status] is not True:
            self._want("states", command, "wrong_status", f"the token is {status}")
            return None
        is_locked = user.count.is_locked(command.at) or (
            token.count.of_resets >= MAX_FAILURES and token.count.is_locked(command.at))
        if is_locked != (command.code == "locked"):
            self._complain("counts", command, f"answered {command.code} while {'' if is_locked else 'not '}locked")
        return None if is_locked else token
