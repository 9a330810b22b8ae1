"""What providers tell later of messages that they took (contract section 8: `notification.delivered`, `.failed`)."""

import json
import urllib.error
import urllib.request

import pytest

from processes import wait_until


@pytest.fixture(autouse=True)
def silence(world):
    """Nobody calls back after the test that wanted it."""
    yield
    world.receiver.misbehave(callback=None)


def call(world, body, *, provider="gateway", token=None, type="application/json") -> int:
    """One call to the notifier's admin port; the status."""
    port = world.worker("notifier").admin
    request = urllib.request.Request(f"http://127.0.0.1:{port}/receipts/{provider}", data=body, method="POST",
                                     headers={"content-type": type})
    if token is not False:
        request.add_header("authorization", f"Bearer {token or world.receiver.receipt_token}")
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def requested(world, hint):
    person = world.person(hint)
    challenge = person.request(person.enroll("sms")["tokenId"])["challengeId"]
    return person, challenge


def status(person, challenge):
    return person.ask("otp.status", {"challengeId": challenge}).result["delivery"]


@pytest.mark.parametrize(("word", "event", "delivery"), [
    ("delivered", "notification.delivered", "delivered"), ("undelivered", "notification.failed", "failed")])
def test_a_receipt_becomes_an_event_and_shows_in_the_status(world, word, event, delivery):
    world.receiver.call_back(world.worker("notifier").admin, "gateway", word)
    person, challenge = requested(world, "receipt")
    told = world.client.event(event, challengeId=challenge)
    sent = world.client.event("notification.sent", challengeId=challenge)
    assert told.data["notificationId"] == sent.data["notificationId"] and told.key == sent.key
    assert told.header("ce_correlationid") == sent.header("ce_correlationid") and told.cause == sent.cause
    assert told.id != sent.id
    assert told.data.get("code") == ("rejected_by_provider" if delivery == "failed" else None)
    wait_until(lambda: status(person, challenge) == delivery, 10, "the status")
    assert person.verify(person.received(), challengeId=challenge).status == "ok", "a receipt is no judge of the OTP"


def test_a_receipt_told_twice_is_the_same_event(world):
    person, challenge = requested(world, "twice")
    person.received()
    number = next(index for index, message in enumerate(world.receiver.messages(), 1) if message["to"] == person.phone)
    body = json.dumps({"id": f"sms-{number}", "status": "delivered"}).encode()
    world.client.event("notification.sent", challengeId=challenge)
    assert call(world, body) == 204 and call(world, body) == 204
    # The last word stays.
    assert call(world, body.replace(b"delivered", b"failed")) == 204

    def events():
        return [m for m in world.client.find(topic="events") if m.data.get("challengeId") == challenge
                and m.type in ("notification.delivered", "notification.failed")]

    wait_until(lambda: len(events()) == 3, 10, "three copies of the event")
    assert len({(m.id, m.value) for m in events()}) == 1
    assert status(person, challenge) == "delivered"


def test_strangers_and_nonsense_are_refused(world):
    person, challenge = requested(world, "stranger")
    person.received()
    world.client.event("notification.sent", challengeId=challenge)
    good = json.dumps({"id": f"sms-{len(world.receiver.messages())}", "status": "failed"}).encode()
    assert call(world, good, token=False) == 401
    assert call(world, good, token="wrong") == 401
    assert call(world, good, provider="mailbox") == 404
    assert call(world, good, provider="nobody") == 404
    assert call(world, b"{") == 400
    assert call(world, b"[1]") == 400
    assert call(world, b"", type="text/plain") == 400
    assert call(world, b"x" * 100_000) == 413
    assert call(world, json.dumps({"id": "sms-0", "status": "failed"}).encode()) == 404
    assert call(world, json.dumps({"id": "sms-0", "status": "sending"}).encode()) == 204
    assert not [m for m in world.client.find(topic="events") if m.type == "notification.failed"
                and m.data.get("challengeId") == challenge]
