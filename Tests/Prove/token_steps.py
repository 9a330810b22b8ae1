"""What commands on tokens do to the model, and what wrong values count."""

from collections import defaultdict
from datetime import datetime, timezone

from commands import Command
from finding import Finding
from history import History
from model import AFTER, COUNTED, MAX_FAILURES, STATUS, USER_MAX_FAILURES, VOIDING, Token, User


def microseconds(text: str) -> int:
    instant = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ" if "." in text else "%Y-%m-%dT%H:%M:%SZ")
    return round(instant.replace(tzinfo=timezone.utc).timestamp() * 1_000_000)


class TokenSteps:
    def __init__(self, history: History):
        self.history = history
        self.users: dict[str, User] = defaultdict(User)
        self.tokens: dict[str, Token] = {}
        self.devices: dict[str, Token] = {}
        self.findings: list[Finding] = []
        self.accepted: list[tuple[Command, str, str, int | str]] = []
        """What was accepted: command, `token` or `challenge`, whose, and which counter, step, code or value."""

    def _complain(self, rule: str, command: Command, text: str, kind: str = "other") -> None:
        self.findings.append(Finding(rule, f"{command}: {text}", kind))

    def _want(self, rule: str, command: Command, wanted: str | set[str], why: str = "") -> bool:
        """Whether the answer is the model's."""
        wanted = {wanted} if isinstance(wanted, str) else wanted
        if command.code in wanted:
            return True
        self._complain(rule, command, f"answered {command.code}, not {' or '.join(sorted(wanted))}{', ' + why if why else ''}")
        return False

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
                if free and not (command.code == "serial_not_found" and self._may_have_missed(command, device)):
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
            self.devices[serial] = Token(None, kind, True, None, "UNASSIGNED", entry["secret"], type=data["tokenType"],
                                         imported_by=command)

    @staticmethod
    def _may_have_missed(command: Command, device: Token) -> bool:
        """Nobody can lock a device that is not there yet: who looks for it while it is imported may commit after that and have
        found nothing. Not so who was written after the import had been answered."""
        answers = device.imported_by.answers if device.imported_by else ()
        return bool(command.written) and all(answer.place >= command.written.seen for answer in answers)

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
            if "serial" not in data or not self._may_have_missed(command, token):
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
