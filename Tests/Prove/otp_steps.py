"""What commands on OTPs do to the model: which value fits what, and what it spends, clears and counts."""

import re

from commands import Command
from history import History
from model import COUNTED, MAX_ATTEMPTS, MAX_FAILURES, STATUS, USER_MAX_FAILURES, Challenge, Token, User
from token_steps import TokenSteps, microseconds


class OTPSteps(TokenSteps):
    def __init__(self, history: History):
        super().__init__(history)
        self.sent = self._sent()

    def _sent(self) -> dict[str, str]:
        """The OTP that each `otp.request` gave rise to."""
        found = {}
        for record in self.history.by_topic["notifications"]:
            otp = self.history.otps.get(record.data["notificationId"])
            if otp:
                found[record.cause] = otp
        return found

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
