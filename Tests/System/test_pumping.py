"""The guard that learns from conversion which prefixes of numbers nobody verifies at."""

import pytest

from conftest import make_world

PREFIX = "+491511"


def history(world, sent, verified, prefix=PREFIX):
    """As if so much had been sent and verified a quarter of an hour ago."""
    for name in (prefix, ""):
        world.database.query(
            f"INSERT INTO otp_conversion VALUES ('default', '{name}', now() - interval '15 minutes', 0, {sent}, {verified})"
            " ON CONFLICT (tenant, prefix, bucket, lane_id) DO UPDATE SET sent = otp_conversion.sent + excluded.sent")


def counts(world, prefix):
    rows = world.database.query(
        f"SELECT sum(sent), sum(verified) FROM otp_conversion WHERE prefix = '{prefix}' AND bucket > now() - interval '10 minutes'")
    return tuple(int(count or 0) for count in rows[0])


@pytest.fixture(scope="module")
def guarded(binaries, canaries):
    """A world whose guard is switched on."""
    workers = ("enrollment", "verifier", "notifier")
    yield from make_world(binaries, canaries, durable=False, workers=workers, settings={"PUMPING_GUARD": "enforce"})


def test_a_suspect_is_named_and_gets_its_message_while_the_guard_only_watches(world):
    person = world.person("watched")
    token = person.enroll("sms", phone="+4915112345678")["tokenId"]
    history(world, 60, 1)
    challenge = person.request(token)["challengeId"]
    assert world.client.event("otp.requested", challengeId=challenge).data["suspect"] is True
    otp = person.received(address="+4915112345678")
    assert person.verify(otp, challengeId=challenge).status == "ok"
    assert counts(world, PREFIX) == (1, 1)


def test_a_number_that_verifies_is_no_suspect(world):
    person = world.person("trusted")
    token = person.enroll("sms", phone="+4916012345678")["tokenId"]
    history(world, 60, 50, "+491601")
    challenge = person.request(token)["challengeId"]
    assert "suspect" not in world.client.event("otp.requested", challengeId=challenge).data


def test_switched_on_it_blocks_the_suspect_and_tells_it(guarded):
    person, other = guarded.person("blocked"), guarded.person("other")
    token = person.enroll("sms", phone="+4915112345678")["tokenId"]
    history(guarded, 60, 1)
    command = person.send("otp.request", {"tokenId": token, "purpose": "login"})
    reply = guarded.client.reply(command)
    assert (reply.status, reply.code) == ("rejected", "destination_blocked")
    event = guarded.client.events(command, "otp.rejected")[0]
    assert event.data["code"] == "destination_blocked"
    assert guarded.receiver.messages("+4915112345678") == []
    assert other.request(other.enroll("sms")["tokenId"])["sendsLeft"] == 4


def test_a_mailbox_in_capitals_is_the_same_destination(guarded):
    people = [guarded.person("capitals") for _ in range(6)]
    codes = []
    for number, person in enumerate(people):
        address = "shared@example.org" if number % 2 else "SHARED@Example.org"
        token = person.enroll("email", email=address)["tokenId"]
        codes.append(person.ask("otp.request", {"tokenId": token, "purpose": "login"}).code)
    assert codes == [None] * 5 + ["too_many_requests"]
