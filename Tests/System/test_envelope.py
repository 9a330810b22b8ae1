"""Envelope, identity, reply topics and dead letters (contract sections 1, 2, 3)."""

import json
import struct
import time
import uuid

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from accounting import answers
from world import in_seconds


def test_the_same_command_written_twice_has_one_effect_and_equal_answers(world):
    person = world.person("twice")
    command = world.client.command("token.enroll", person.id, {"tokenType": "hotp"})
    world.client.write(command)
    first = world.client.reply(command)
    world.client.write(command)
    world.client.write(command)
    for again in world.client.replies(command, 3):
        assert (again.id, again.value, again.key) == (first.id, first.value, first.key)
        assert sorted(again.headers) == sorted(first.headers)
    assert len(person.ask("token.list").result["tokens"]) == 1


def test_the_same_id_with_other_content_is_refused_and_shows_nothing(world):
    person = world.person("reused")
    first = person.send("token.enroll", {"tokenType": "hotp"})
    stored = world.client.reply(first)
    other = world.client.command("token.enroll", person.id, {"tokenType": "totp"}, id=first.id)
    world.client.write(other)
    second = world.client.replies(first, 2)[1]
    assert second.code == "id_reused" and second.id != stored.id
    assert "provisioning" not in second.value.decode()
    assert len(person.ask("token.list").result["tokens"]) == 1


def test_an_id_is_another_with_another_source(world):
    person = world.person("source")
    id = str(uuid.uuid4())
    for source in ("/one", "/two"):
        world.client.send("token.enroll", person.id, {"tokenType": "hotp"}, id=id, source=source)
    world.client.wait(lambda: len(world.client.find(topic="replies", cause=id)) == 2, 20, "both replies")
    assert len(person.ask("token.list").result["tokens"]) == 2


def test_structured_mode_is_read_and_binary_mode_written(world):
    person = world.person("structured")
    reply = person.ask("token.enroll", {"tokenType": "sms", "phone": person.phone}, structured=True)
    assert reply.result["token"]["status"] == "ACTIVE"
    assert reply.header("content-type") == "application/json" and reply.header("ce_type")


def test_a_structured_copy_may_be_spelled_otherwise(world):
    person = world.person("canonical")
    command = world.client.command("token.enroll", person.id, {"tokenType": "hotp", "description": "a"}, structured=True)
    world.client.write(command)
    envelope = json.loads(command.value)
    envelope["data"] = dict(reversed(envelope["data"].items()))
    world.client.produce(command.topic, command.key, json.dumps(envelope, indent=2).encode(), command.headers)
    first, second = world.client.replies(command, 2)
    assert first.value == second.value and first.status == "ok"


def test_correlation_and_trace_context_go_on(world):
    person = world.person("trace")
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    command = person.send("token.enroll", {"tokenType": "email", "email": person.email}, attributes={
        "correlationid": "flow-1", "traceparent": trace, "tracestate": "a=b", "authid": "desk@example.org"})
    reply = world.client.reply(command)
    event = world.client.events(command, "token.enrolled")[0]
    for message in (reply, event):
        assert message.header("ce_correlationid") == "flow-1"
        assert message.header("ce_traceparent") == trace and message.header("ce_tracestate") == "a=b"
        assert message.cause == command.id
    assert event.header("ce_authid") == "desk@example.org"


def make_topic(world, name, partitions=1):
    admin = AdminClient(world.broker.client_properties)
    admin.create_topics([NewTopic(name, partitions, 1)])[name].result(timeout=20)
    world.client.follow(name)
    return name


def test_a_reply_goes_where_the_command_asks(world):
    topic = make_topic(world, world.topic("replies.iam-1"))
    person = world.person("replyto")
    command = person.send("token.list", attributes={"replyto": topic})
    assert world.client.reply(command, topic=topic).status == "ok"
    assert not world.client.find(topic="replies", cause=command.id)


def test_springs_request_reply_client_is_served(world):
    topic = make_topic(world, world.topic("replies.spring"), 3)
    person = world.person("spring")
    correlation = uuid.uuid4().bytes
    command = person.send("token.list", headers=[
        ("kafka_replyTopic", topic.encode()), ("kafka_correlationId", correlation),
        ("kafka_replyPartition", struct.pack(">i", 2))])
    reply = world.client.reply(command, topic=topic)
    assert reply.partition == 2
    assert dict(reply.headers)["kafka_correlationId"] == correlation


@pytest.mark.parametrize("name", ["commands.enrollment", "commands.verification.dlq", "events", "replies.absent", "/etc"])
def test_a_reply_topic_that_is_not_allowed_changes_nothing(world, name):
    person = world.person("wrongtopic")
    target = world.topic(name) if name[0] != "/" else name
    reply = person.ask("token.enroll", {"tokenType": "hotp"}, attributes={"replyto": target})
    assert reply.code == "reply_topic_not_allowed"
    assert person.ask("token.list").result["tokens"] == []


def test_an_expired_command_changes_nothing(world):
    person = world.person("expired")
    late = person.ask("token.enroll", {"tokenType": "hotp"}, attributes={"expirytime": in_seconds(-1)})
    assert late.code == "expired"
    assert person.ask("token.list").result["tokens"] == []
    assert person.ask("token.list", attributes={"expirytime": in_seconds(60)}).status == "ok"
    bad = person.ask("token.list", attributes={"expirytime": "soon"})
    assert (bad.code, bad.details["field"]) == ("malformed", "ce_expirytime")


def test_an_old_command_is_expired(world):
    if not world.broker.is_embedded:
        pytest.skip("the topics of a real broker keep LogAppendTime")
    person = world.person("old")

    def ask(type, data, age):
        command = world.client.command(type, person.id, data)
        stamp = int((time.time() - age) * 1000)
        world.client.producer.produce(command.topic, key=command.key, value=command.value,
                                      headers=list(command.headers), timestamp=stamp)
        return world.client.reply(command)

    assert ask("token.enroll", {"tokenType": "sms", "phone": person.phone}, 3600).status == "ok"
    assert ask("token.enroll", {"tokenType": "sms", "phone": person.phone}, 25 * 3600).code == "expired"
    assert ask("otp.request", {"purpose": "login"}, 30).status == "ok"
    assert ask("otp.request", {"purpose": "test"}, 90).code == "expired"


@pytest.mark.parametrize("attributes, data, field", [
    ({"tenant": "other"}, {}, "ce_tenant"),
    ({}, {"userId": "somebody-else"}, "/userId"),
    ({}, {"tenant": "other"}, "/tenant"),
])
def test_who_disagrees_with_the_key_is_malformed(world, attributes, data, field):
    person = world.person("disagree")
    reply = person.ask("token.list", data, attributes=attributes)
    assert (reply.code, reply.details["field"]) == ("malformed", field)


GOOD = {"ce_specversion": b"1.0", "ce_id": None, "ce_source": b"/tests/broken", "ce_type": b"usertokens.token.list.v1",
        "content-type": b"application/json"}


def broken(**changes):
    """Headers of a command, some of them changed; None takes one out."""
    return {**GOOD, **{name.replace("content_type", "content-type"): value for name, value in changes.items()}}


@pytest.mark.parametrize("name, headers, key, value, answered", [
    ("no JSON", GOOD, "default/{user}", b"{nonsense", True),
    ("an empty value", GOOD, "default/{user}", b"", True),
    ("no value", GOOD, "default/{user}", None, True),
    ("a member twice", GOOD, "default/{user}", b'{"a":1,"a":2}', True),
    ("a lone surrogate", GOOD, "default/{user}", b'{"a":"\\ud800"}', True),
    ("too deep", GOOD, "default/{user}", b"[" * 17 + b"]" * 17, True),
    ("no UTF-8", GOOD, "default/{user}", b'{"a":"\xff"}', True),
    ("too large", GOOD, "default/{user}", b'{"a":"' + b"x" * 262_144 + b'"}', True),
    ("no type", broken(ce_type=False), "default/{user}", b"{}", True),
    ("an empty type", broken(ce_type=b""), "default/{user}", b"{}", True),
    ("no source", broken(ce_source=False), "default/{user}", b"{}", False),
    ("no id", broken(ce_id=False), "default/{user}", b"{}", False),
    ("an id too long", broken(ce_id=b"x" * 256), "default/{user}", b"{}", None),
    ("another content type", broken(content_type=b"text/plain"), "default/{user}", b"{}", True),
    ("another version", broken(ce_specversion=b"0.3"), "default/{user}", b"{}", True),
    ("no key", GOOD, None, b"{}", True),
    ("a key without a user", GOOD, "default", b"{}", True),
    ("a key with a bad tenant", GOOD, "Default!/{user}", b"{}", True),
    ("a key with a control character", GOOD, "default/a\u0001b", b"{}", True),
])
def test_what_cannot_be_decoded_is_a_sealed_dead_letter(world, name, headers, key, value, answered):
    person = world.person("dlq")
    id, mark = str(uuid.uuid4()), uuid.uuid4().hex
    written = [(header, id.encode() if content is None else content)
               for header, content in headers.items() if content is not False]
    written.append(("x-mark", mark.encode()))
    topic = world.topic("commands.enrollment")
    record_key = key.format(user=person.id) if key else None
    world.client.produce(topic, record_key, value, written)

    marked = lambda: [r for r in world.client.find(topic="commands.enrollment.dlq") if r.header("x-mark") == mark]
    dead = world.client.wait(marked, 20, f"a dead letter for {name}")[0]
    assert world.keys.open(dead.value, "dlq") == (value or b"")
    assert dead.key == (record_key.encode() if record_key else None)
    assert dead.headers[: len(written)] == tuple(written)
    assert dead.header("dlq_topic") == topic and dead.header("dlq_service") == "enrollment"
    assert int(dead.header("dlq_partition")) >= 0 and int(dead.header("dlq_offset")) >= 0
    assert dead.header("dlq_timestamp").endswith("Z") and dead.header("dlq_reason")
    if answered:
        reply = world.client.wait(lambda: world.client.find(topic="replies", cause=id), 20, f"a reply to {name}")[0]
        assert reply.code == "malformed" and "field" in reply.details
        typed = headers["ce_type"] not in (False, b"")
        assert reply.type == ("token.list.reply" if typed else "malformed.reply")
    elif answered is False:
        # The next command in the partition is answered, so this one was passed over.
        assert person.ask("token.list").status == "ok"
        assert not world.client.find(topic="replies", cause=id)


def test_a_header_twice_is_a_dead_letter_even_if_equal(world):
    person = world.person("header")
    mark = uuid.uuid4().hex
    command = world.client.command("token.list", person.id, headers=[("CE_Type", b"usertokens.token.list.v1"),
                                                                     ("x-mark", mark.encode())])
    reply = world.client.reply(world.client.write(command))
    assert reply.code == "malformed"
    assert world.client.wait(lambda: [r for r in world.client.find(topic="commands.enrollment.dlq")
                                      if r.header("x-mark") == mark], 20, "a dead letter")


def test_verification_has_its_own_dead_letters(world):
    person = world.person("vdlq")
    command = world.client.command("otp.verify", person.id, {})
    world.client.produce(command.topic, command.key, b'{"otp": "123456",', command.headers)
    assert world.client.reply(command).code == "malformed"
    key = command.key.encode()
    dead = world.client.wait(lambda: [r for r in world.client.find(topic="commands.verification.dlq") if r.key == key],
                             20, "a dead letter")[0]
    assert world.keys.open(dead.value, "dlq") == b'{"otp": "123456",'
    assert dead.header("dlq_service") == "verifier"
    assert b"123456" not in dead.value


def test_answers_to_a_users_commands_come_in_their_order(world):
    people = [world.person("order") for _ in range(8)]
    commands = [person.send("token.list", {"limit": number + 1}) for number in range(25) for person in people]
    assert all(reply.status == "ok" for reply in answers(world.client, commands).values())


def test_names_and_tenants_are_compared_bytewise(world):
    person = world.person("Case")
    person.enroll("sms")
    assert world.client.ask("token.list", person.id.lower()).result["tokens"] == []
    for user in (f" {person.id}", f"{person.id} ", "ü" * 127, "a/b"):
        assert world.client.ask("token.list", user).result["tokens"] == []
