"""deploy/asyncapi.yaml: a valid AsyncAPI 3 document, and true of every message that the other tests saw."""

import json
from functools import cache
from pathlib import Path

import jsonschema
import pytest
import yaml

from asyncapi_schema import ASYNCAPI

PATH = Path(__file__).resolve().parents[2] / "deploy/asyncapi.yaml"
DIALECT = jsonschema.Draft7Validator


class Document:
    def __init__(self):
        self.content = yaml.safe_load(PATH.read_text(encoding="utf-8"))

    def at(self, reference: str) -> dict:
        """What a reference within the document points to."""
        place = self.content
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        return place

    @cache
    def messages(self, channel: str) -> dict[str, dict]:
        """Messages of a channel by their `ce_type`."""
        found = self.content["channels"][channel]["messages"].values()
        found = [self.at(message["$ref"]) if "$ref" in message else message for message in found]
        messages = {message["name"]: message for message in found}
        if channel == "replies":
            refused = messages["usertokens.malformed.v1.reply"]
            messages["usertokens.unknown.reply"] = {**refused, "payload": {"$ref": "#/components/schemas/Rejected"}}
        return messages

    @cache
    def validator(self, channel: str, name: str, part: str) -> jsonschema.Draft7Validator:
        """- part: `payload` or `headers`."""
        message = self.messages(channel)[name]
        for trait in message.get("traits", []):
            message = {**self.at(trait["$ref"]), **message}
        return DIALECT({**message[part], "components": self.content["components"]})

    @cache
    def complaint(self, channel: str, name: str, part: str, text: str) -> str | None:
        """Why a JSON text is not what the document says; equal texts are looked at once."""
        error = jsonschema.exceptions.best_match(self.validator(channel, name, part).iter_errors(json.loads(text)))
        return error and f"{name}: {error.json_path}: {error.message[:300]}"


@pytest.fixture(scope="module")
def document() -> Document:
    return Document()


@pytest.fixture(scope="module")
def seen(request, world, canaries):
    if request.config.is_partial:
        pytest.skip("tells something only after all the other tests")
    canaries.collect(world)
    canaries.messages = [message for message in canaries.messages if written_by_us(message)]
    return canaries


def references(place):
    if isinstance(place, dict):
        if isinstance(place.get("$ref"), str):
            yield place["$ref"]
        for value in place.values():
            yield from references(value)
    elif isinstance(place, list):
        for value in place:
            yield from references(value)


def test_the_document_is_asyncapi_3(document):
    validator = jsonschema.Draft202012Validator(ASYNCAPI)
    errors = [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document.content)]
    assert not errors, errors[:5]
    for reference in references(document.content):
        assert document.at(reference) is not None
    channels = document.content["channels"]
    for operation in document.content["operations"].values():
        # An operation's messages are some of its channel's; so are a reply's.
        for part in [operation, *([operation["reply"]] if "reply" in operation else [])]:
            for message in part["messages"]:
                assert message["$ref"].startswith(part["channel"]["$ref"] + "/messages/")
    used = {part["channel"]["$ref"].removeprefix("#/channels/") for part in document.content["operations"].values()}
    assert used | {"replies"} == set(channels)


def test_every_schema_is_one_and_every_example_fits(document):
    for name, schema in document.content["components"]["schemas"].items():
        DIALECT.check_schema(schema)
        for example in schema.get("examples", []):
            whole = {**schema, "components": document.content["components"]}
            assert DIALECT(whole).is_valid(example), f"{name}: {example}"
    for channel in document.content["channels"]:
        for name, message in document.messages(channel).items():
            DIALECT.check_schema(message["payload"])
            for example in message.get("examples", []):
                assert not document.complaint(channel, name, "payload", json.dumps(example["payload"], default=str))


def test_no_schema_is_forgotten(document):
    used = {reference.split("/")[-1] for reference in references(document.content) if "/schemas/" in reference}
    assert set(document.content["components"]["schemas"]) - used == {"JWTClaims"}


def channel_of(document, message) -> str:
    """Replies go where commands ask; all else is on the topic of its channel."""
    if message.type.endswith(".reply") and not message.topic.endswith(".dlq"):
        return "replies"
    return max((name for name in document.content["channels"] if message.topic.endswith("." + name)), key=len)


def written_by_us(message) -> bool:
    """Tests write notifications too."""
    return message.topic.endswith(".dlq") or (message.header("ce_source") or "").startswith("/usertokens/")


def headers_of(message) -> str:
    """As JSON; what a dead letter got of its sender is left out, since it can be anything."""
    own = message.headers[-6:] if message.topic.endswith(".dlq") else message.headers
    assert len({name for name, _ in own}) == len(own), own
    # A Kafka header is bytes; only Spring's correlation id is more than text.
    return json.dumps({name: (value or b"").decode(errors="replace") for name, value in own})


def name_of(document, channel: str, message) -> str:
    if channel.endswith(".dlq"):
        return "deadLetter"
    name = message.header("ce_type")
    if channel == "replies" and name not in document.messages("replies"):
        # To a command that nobody knows: refused, like what can't be decoded.
        assert message.code in EARLY, message
        return "usertokens.unknown.reply"
    return name


# What can be answered before a command's type is looked at.
EARLY = {"malformed", "unknown_type", "id_reused", "reply_topic_not_allowed", "forbidden", "expired", "tenant_not_found"}


def test_every_message_is_as_the_document_says(document, seen):
    complaints: dict[str, str] = {}
    for message in seen.messages:
        channel = channel_of(document, message)
        name = name_of(document, channel, message)
        payload = json.dumps(message.value.decode()) if channel.endswith(".dlq") else message.value.decode()
        if message.type != "token.deleted":
            assert '"DELETED"' not in payload, payload
        for part, text in [("payload", payload), ("headers", headers_of(message))]:
            complaint = document.complaint(channel, name, part, text)
            if complaint:
                complaints.setdefault(complaint, text[:400])
    assert not complaints, "\n".join(f"{why}\n    {text}" for why, text in list(complaints.items())[:20])


def without_null(data):
    """A member that is null counts as absent, except within `policy` and `names`."""
    return {name: without_null(value) if isinstance(value, dict) and name not in ("policy", "names") else value
            for name, value in data.items() if value is not None}


def test_every_command_that_was_executed_is_as_the_document_says(document, seen):
    executed = {message.cause for message in seen.messages if message.type.endswith(".reply") and message.status == "ok"}
    complaints = set()
    for command in seen.commands:
        channel = next((name for name in document.content["channels"] if command.topic.endswith("." + name)), "")
        name = f"usertokens.{command.type}.v1"
        if command.id in executed and channel.startswith("commands.") and name in document.messages(channel):
            complaints.add(document.complaint(channel, name, "payload", json.dumps(without_null(command.data))))
    complaints.discard(None)
    assert not complaints, "\n".join(sorted(complaints)[:20])


def test_every_message_of_the_document_was_seen(document, seen):
    """Commands answered `ok`, their replies, the notification, events, dead letters."""
    short = lambda name: name.removeprefix("usertokens.").replace(".v1", "")
    channels = ("replies", "events", "notifications")
    named = {short(name) for channel in channels for name in document.messages(channel)} - {"unknown.reply"}
    got = {message.type for message in seen.messages if channel_of(document, message) in channels}
    assert named - got == set(), "never seen"
    ok = {message.type for message in seen.messages if message.type.endswith(".reply") and message.status == "ok"}
    assert {name for name in named if name.endswith(".reply")} - ok == {"malformed.reply"}, "never answered ok"
    dead = {channel_of(document, message) for message in seen.messages if message.topic.endswith(".dlq")}
    assert {name for name in document.content["channels"] if name.endswith(".dlq")} - dead - {"notifications.dlq"} == set()
