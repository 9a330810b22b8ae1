"""The notifier: what it delivers, and what it drops (contract sections 8 and 12)."""

import signal
import uuid

from world import in_seconds


def deliver(world, person, *, expires, address=None, channel="sms", otp="31415926"):
    """Writes a notification as somebody else would."""
    id = str(uuid.uuid4())
    sealed = world.keys.seal({
        "tenant": "default", "userId": person.id, "use": "notification", "exp": 4102444800,
        "to": address or person.phone, "otp": otp, "typeName": "SMS code", "maskedDevice": "+41*******67",
        "minutes": 5}, ring="notification")
    data = {"notificationId": id, "channel": channel, "template": "otp", "locale": "en",
            "tokenId": "01930000-0000-7000-8000-000000000000", "sealed": sealed}
    command = world.client.command("notification.deliver", person.id, data, topic=world.topic("notifications"),
                                   attributes={"expirytime": expires})
    world.client.write(command)
    return id


def test_a_notification_of_somebody_else_is_delivered(world):
    person = world.person("foreign")
    id = deliver(world, person, expires=in_seconds(60))
    assert person.received() == "31415926"
    assert world.client.event("notification.sent", notificationId=id)


def test_an_expired_notification_is_dropped(world):
    person = world.person("toolate")
    id = deliver(world, person, expires=in_seconds(-5))
    assert world.client.event("notification.dropped", notificationId=id).data["reason"] == "expired"
    assert world.receiver.messages(person.phone) == []


def test_a_bad_address_is_told(world):
    person = world.person("address")
    id = deliver(world, person, expires=in_seconds(60), address="not-a-number")
    assert world.client.event("notification.failed", notificationId=id).data["code"] == "invalid_destination"


def test_a_challenge_that_is_void_before_sending_is_not_sent(world):
    person = world.person("void")
    token = person.enroll("sms")["tokenId"]
    notifier = world.worker("notifier").child
    notifier.send(signal.SIGSTOP)
    try:
        challenge = person.request(token)["challengeId"]
        assert person.ask("otp.cancel", {"challengeId": challenge}).status == "ok"
    finally:
        notifier.send(signal.SIGCONT)
    dropped = world.client.event("notification.dropped", challengeId=challenge)
    assert dropped.data["reason"] == "void"
    assert world.receiver.messages(person.phone) == []
    assert person.ask("otp.status", {"challengeId": challenge}).result["delivery"] == "dropped"


def test_a_gateway_that_stumbles_is_tried_again(world):
    person = world.person("stumble")
    world.receiver.misbehave(http="503", times=1)
    challenge = person.request(person.enroll("sms")["tokenId"])["challengeId"]
    assert person.received()
    assert world.client.event("notification.sent", challengeId=challenge)


def test_a_broken_notification_is_a_dead_letter(world):
    person = world.person("brokennote")
    world.client.follow(world.topic("notifications.dlq"))
    world.client.produce(world.topic("notifications"), f"default/{person.id}", b"no JSON")
    key = f"default/{person.id}".encode()
    dead = world.client.wait(lambda: [r for r in world.client.find(topic="notifications.dlq") if r.key == key], 20,
                             "a dead letter")[0]
    assert world.keys.open(dead.value, "dlq") == b"no JSON"
    assert dead.header("dlq_service") == "notifier"
