"""The expiry scanner (contract section 5, "Time", and 8)."""

from world import in_seconds


def test_an_expired_token_is_obsolete_at_its_instant_and_published_once(world):
    person = world.person("expiry")
    token = person.enroll("sms", expiresAt=in_seconds(2))["tokenId"]
    event = world.client.event("token.obsoleted", tokenId=token, timeout=30)
    assert event.data["reason"] == "expired" and event.data["token"]["status"] == "OBSOLETE"
    view = person.view(token)
    assert (view["status"], view["statusReason"]) == ("OBSOLETE", "expired")
    assert person.ask("token.enable", {"tokenId": token}).code == "wrong_status"
    # A second token's end shows that the scanner came by again.
    other = person.enroll("sms", expiresAt=in_seconds(1))["tokenId"]
    world.client.event("token.obsoleted", tokenId=other, timeout=30)
    events = world.client.find(topic="events", type="token.obsoleted")
    assert len({e.id for e in events if e.data["token"]["tokenId"] == token}) == 1


def test_a_token_about_to_expire_is_announced_once_for_the_nearest_mark(world):
    person = world.person("expiring")
    token = person.enroll("sms", expiresAt=in_seconds(5 * 86_400))["tokenId"]
    event = world.client.event("token.expiring", tokenId=token, timeout=30)
    assert event.data["daysLeft"] in (5, 7)
    other = person.enroll("email", expiresAt=in_seconds(20 * 86_400))["tokenId"]
    world.client.event("token.expiring", tokenId=other, timeout=30)
    events = world.client.find(topic="events", type="token.expiring")
    assert len({e.id for e in events if e.data["token"]["tokenId"] == token}) == 1


def test_the_user_is_told_where_the_policy_says_so(world):
    policy = {"notices": ["expiring"], "expiryNotices": [7]}
    world.client.ask("tokentype.define", "~types", {"tokenType": "fading", "kind": "email", "policy": policy}).result
    person = world.person("told")
    token = person.enroll("fading", email=person.email, expiresAt=in_seconds(5 * 86_400))["tokenId"]
    world.client.event("notification.sent", tokenId=token, timeout=30)
    assert "expire" in world.receiver.wait_for(person.email)["text"]


def test_an_open_challenge_of_an_expired_token_does_not_verify(world):
    person = world.person("late")
    token = person.enroll("sms", expiresAt=in_seconds(4))["tokenId"]
    challenge = person.request(token)["challengeId"]
    otp = person.received()
    world.client.event("token.obsoleted", tokenId=token, timeout=30)
    assert person.verify(otp, challengeId=challenge).status == "rejected"
