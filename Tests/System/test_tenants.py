"""Tenants: nothing under one tenant reads, changes or tells anything of another's. From outside, with random commands."""

import random
import subprocess
import uuid

import pytest

from processes import wait_until
from world import base32_secret, hotp, in_seconds

SEED = 20_260_731
COMMANDS = 600
TYPES = ["token.enroll", "token.provision", "token.edit", "token.enable", "token.disable", "token.delete", "token.unassign",
         "token.compromise", "token.view", "token.list", "token.import", "tokentype.define", "tokentype.edit",
         "tokentype.retire", "tokentype.list", "otp.request", "otp.verify", "otp.cancel", "otp.status", "token.reset",
         "token.unlock", "user.unlock"]
MARK = "of-the-other-tenant"
"""In every text of the victim's: nowhere else may it be seen."""


class Tenant:
    """A tenant whose users, serial numbers and token types have names that others use too."""

    def __init__(self, world, name: str, users: list[str], serials: list[str], mark: str):
        self.world, self.name, self.users, self.serials, self.mark = world, name, users, serials, mark
        command = [world.system.program("tokenctl"), "tenant", "add", name]
        subprocess.run(command, env=world.system.environment(), check=True, capture_output=True, timeout=60)
        self.tokens: list[str] = []
        self.challenges: list[str] = []
        self.secrets: list[str] = []
        self.sources: list[tuple[str, str]] = []

    def ask(self, type: str, user: str, data: dict) -> dict:
        command = self.world.client.send(type, user, data, tenant=self.name)
        self.sources.append((command.source, command.id))
        return self.world.client.reply(command).result

    def settle(self) -> None:
        """Tokens of all kinds, open challenges, stock, a type of its own."""
        seeds = {serial: base32_secret() for serial in self.serials}
        self.world.canaries.seeds |= set(seeds.values())
        policy = {"maxPerUser": 50, "notices": ["disabled", "edited"]}
        type = {"tokenType": "shared-type", "kind": "sms", "names": {"en": self.mark}, "policy": policy}
        self.ask("tokentype.define", "~types", type)
        texts = {"manufacturer": self.mark, "model": self.mark, "batch": self.mark}
        entries = [{"serial": serial, "secret": secret, **texts} for serial, secret in seeds.items()]
        imported = self.ask("token.import", "~stock", {"tokenType": "hotp-hardware", "tokens": entries})
        assert imported["imported"] == len(entries)
        self.secrets += seeds.values()
        listed = self.ask("token.list", "~stock", {"status": "UNASSIGNED"})["tokens"]
        self.tokens += [token["tokenId"] for token in listed]
        for index, user in enumerate(self.users):
            # Numbers of its own: how often a destination is sent to counts for all tenants alike.
            phone = f"+4178{index:03}{random.Random(self.mark + user).randrange(10_000):04}"
            secret = base32_secret()
            self.world.canaries.seeds.add(secret)
            self.world.canaries.contacts.add(phone)
            self.secrets.append(secret)
            for data in ({"tokenType": "shared-type", "phone": phone}, {"tokenType": "sms", "phone": phone},
                         {"tokenType": "hotp", "secret": secret, "activate": "now"}, {"tokenType": "totp"},
                         {"tokenType": "recovery"}, {"tokenType": "hotp-hardware", "serial": self.serials[index]}):
                view = self.ask("token.enroll", user, {"description": self.mark, **data})["token"]
                self.tokens.append(view["tokenId"])
                if view["kind"] == "sms":
                    requested = self.ask("otp.request", user, {"purpose": "login", "tokenId": view["tokenId"]})
                    self.challenges.append(requested["challengeId"])
            self.ask("token.disable", user, {"tokenId": view["tokenId"], "reason": self.mark})

    def rows(self) -> dict[str, list[list[str]]]:
        """All that is stored of the tenant."""
        mine = f"tenant = '{self.name}'"
        keys = f"select user_key from user_state where {mine} union select user_key from token where {mine}"
        users = f"user_key in ({keys})"
        tokens = f"token_id in (select token_id from token where {mine})"
        wanted = {
            "tenant": f"name = '{self.name}'", "token_type": mine, "user_state": mine, "user_contact": users,
            "token": mine, "token_secret": tokens, "challenge": users, "expiry_notice": tokens, "audit_log": mine,
        }
        query = self.world.database.query
        return {table: sorted(query(f"select * from {table} where {where}")) for table, where in wanted.items()}


@pytest.fixture(scope="module")
def tenants(world):
    run = uuid.uuid4().hex[:6]
    users = [f"u{number}-{run}" for number in range(4)]
    serials = [f"{run}-{number}" for number in range(8)]
    victim = Tenant(world, f"south-{run}", users, serials, MARK)
    attacker = Tenant(world, f"north-{run}", users, serials, "own")
    victim.settle()
    attacker.settle()
    due = f"select count(*) from token where tenant = '{victim.name}' and scan_at <= now()"
    wait_until(lambda: world.database.query(due) == [["0"]], 20, "the scanner's first look at new tokens")
    yield victim, attacker


def data_of(type: str, chance: random.Random, victim: Tenant, attacker: Tenant) -> dict:
    """Data that name things of the victim's mostly."""
    def name(kind: str):
        whose = chance.choices([victim, attacker], [7, 2])[0]
        return chance.choice([chance.choice(getattr(whose, kind))] * 9 + [str(uuid.UUID(int=chance.getrandbits(128)))])

    token, challenge, secret = name("tokens"), name("challenges"), name("secrets")
    serial = chance.choice(victim.serials)
    values = hotp(secret, 0, 2) if len(secret) == 32 and "-" not in secret else ["123456", "234567"]
    user = chance.choice(victim.users)
    match type:
        case "token.enroll":
            return chance.choice([
                {"tokenType": "hotp-hardware", "serial": serial}, {"tokenType": "shared-type", "phone": "+41791112233"},
                {"tokenType": "hotp", "secret": base32_secret()}, {"tokenType": "virtual", "channel": "sms"},
            ])
        case "token.import":
            entries = [{"serial": serial, "secret": base32_secret(), "userId": user},
                       {"serial": f"n{serial}", "secret": base32_secret()}]
            return {"tokenType": "hotp-hardware", "tokens": entries}
        case "token.edit":
            return {"tokenId": token, "description": "taken", "phone": "+41790000001"}
        case "token.unassign" | "token.compromise":
            return chance.choice([{"tokenId": token}, {"serial": serial}])
        case "token.list":
            cursor = token.replace("-", "") + "0"
            return chance.choice([{}, {"serial": serial}, {"tokenType": "shared-type"}, {"cursor": cursor}])
        case "tokentype.define":
            return {"tokenType": f"t{chance.randrange(1000)}", "kind": "sms"}
        case "tokentype.edit":
            return {"tokenType": "shared-type", "names": {"en": "own"}, "policy": {"maxPerUser": 49}}
        case "tokentype.retire":
            return {"tokenType": f"t{chance.randrange(1000)}"}
        case "otp.request":
            return {"tokenId": token, "purpose": "login"}
        case "otp.verify":
            named = chance.choice([{}, {"tokenId": token}, {"challengeId": challenge}])
            return {"otp": values[0], "purpose": "login", **named}
        case "otp.cancel" | "otp.status":
            return {"challengeId": challenge}
        case "token.reset":
            return {"tokenId": token, "otp1": values[0], "otp2": values[1]}
        case "tokentype.list" | "user.unlock":
            return {}
        case _:
            return {"tokenId": token, "reason": "taken"}


def test_no_command_of_one_tenant_reads_or_changes_anything_of_another(world, tenants):
    victim, attacker = tenants
    chance = random.Random(SEED)
    before = victim.rows()
    assert all(before[table] for table in ("token", "token_secret", "challenge", "token_type", "user_state", "audit_log"))
    commands = []
    for number in range(COMMANDS):
        type = TYPES[number % len(TYPES)]
        is_tenant_wide = type.startswith("tokentype") or type == "token.import"
        user = "~x" if is_tenant_wide else chance.choice([*attacker.users, "~x", "nobody"])
        # Ids of the victim's commands mean nothing here.
        source, id = chance.choice(victim.sources) if number % 10 == 0 and victim.sources else (None, None)
        if source:
            victim.sources.remove((source, id))
        command = world.client.command(type, user, data_of(type, chance, victim, attacker), tenant=attacker.name,
                                       source=source or f"/tests/{attacker.name}", id=id or str(uuid.uuid4()))
        commands.append(world.client.write(command))
    key = lambda command: command.key.encode()
    wanted = {(command.id, key(command)) for command in commands}
    answered = lambda: {(m.cause, m.key) for m in world.client.find(topic="replies")}
    world.client.wait(lambda: wanted <= answered(), 90, "all answers")
    codes = [m.code for m in world.client.find(topic="replies") if (m.cause, m.key) in wanted]
    assert "id_reused" not in codes and codes.count(None) > COMMANDS // 10
    told = [m for m in world.client.messages if m.header("ce_tenant") == attacker.name]
    for message in told:
        assert MARK not in message.value.decode(), message
        # What the sender named is told back to him there.
        if message.type != "otp.rejected":
            for token in victim.tokens:
                assert token not in message.value.decode(), message
    after = victim.rows()
    for table, rows in before.items():
        changed = [(old, new) for old, new in zip(rows, after[table], strict=True) if old != new]
        assert not changed, f"{table}: {changed[0]}"


@pytest.mark.parametrize("type, data", [
    ("token.view", {}), ("token.edit", {"description": "x"}), ("token.enable", {}), ("token.disable", {}),
    ("token.delete", {}), ("token.provision", {}), ("token.unassign", {}), ("token.compromise", {}), ("token.unlock", {}),
    ("token.reset", {"otp1": "123456", "otp2": "234567"}), ("otp.request", {"purpose": "test"}),
    ("otp.verify", {"otp": "123456", "purpose": "test"}),
])
def test_a_token_of_another_tenant_is_like_one_that_never_existed(world, tenants, type, data):
    victim, attacker = tenants
    stock = type in ("token.view", "token.edit", "token.delete", "token.unassign", "token.compromise")
    for user in [attacker.users[0], *(["~x"] if stock else [])]:
        unknown = world.client.ask(type, user, {"tokenId": str(uuid.uuid4()), **data}, tenant=attacker.name)
        assert unknown.code == "token_not_found" or user == "~x" and type in ("token.unassign", "token.compromise")
        for token in victim.tokens[::5]:
            reply = world.client.ask(type, user, {"tokenId": token, **data}, tenant=attacker.name)
            assert reply.value == unknown.value
            assert [name for name, _ in reply.headers] == [name for name, _ in unknown.headers]


def test_a_challenge_of_another_tenant_is_like_one_that_never_existed(world, tenants):
    victim, attacker = tenants
    for type, data in [("otp.status", {}), ("otp.cancel", {}), ("otp.verify", {"otp": "123456", "purpose": "login"})]:
        for user in (attacker.users[1], "nobody"):
            unknown = world.client.ask(type, user, {"challengeId": str(uuid.uuid4()), **data}, tenant=attacker.name)
            assert unknown.code in ("challenge_not_found", "no_active_token")
            for challenge in victim.challenges:
                reply = world.client.ask(type, user, {"challengeId": challenge, **data}, tenant=attacker.name)
                assert reply.value == unknown.value or "attemptsLeft" in unknown.details


def test_equal_serials_and_seeds_of_two_tenants_do_not_meet(world, tenants):
    victim, attacker = tenants
    secret, serial = victim.secrets[0], f"equal-{uuid.uuid4().hex[:8]}"
    entry = {"serial": serial, "secret": secret}
    # The victim's stock has this seed: nobody else can tell.
    assert attacker.ask("token.import", "~x", {"tokenType": "hotp-hardware", "tokens": [entry]}) == {"imported": 1, "skipped": []}
    soft = attacker.ask("token.enroll", "seeds", {"tokenType": "hotp", "secret": victim.secrets[-1]})
    assert soft["token"]["status"] == "PENDING"


def test_one_key_of_two_tenants_is_two_users(world, tenants):
    victim, attacker = tenants
    user = victim.users[2]
    mine = {token["tokenId"] for token in attacker.ask("token.list", user, {})["tokens"]}
    theirs = {token["tokenId"] for token in victim.ask("token.list", user, {})["tokens"]}
    assert mine and theirs and not mine & theirs
    # A wrong value counts for the user of this tenant alone.
    before = victim.rows()["user_state"]
    for _ in range(3):
        world.client.ask("otp.verify", user, {"otp": "000000", "purpose": "login"}, tenant=attacker.name)
    assert victim.rows()["user_state"] == before
    late = world.client.ask("token.list", user, {}, tenant="nosuch-tenant", attributes={"expirytime": in_seconds(60)})
    assert late.code == "tenant_not_found"
