"""The parts of AsyncAPI 3.0.0 that deploy/asyncapi.yaml uses, as a JSON Schema (2020-12): closed, so that a misspelled or
misplaced field is found. After the specification's Fixed Fields tables."""

TEXT = {"type": "string", "minLength": 1}
REFERENCE = {"type": "object", "required": ["$ref"], "additionalProperties": False,
             "properties": {"$ref": {"type": "string", "pattern": "^#/"}}}
NAME = {"pattern": r"^[A-Za-z0-9._-]+$"}


def either(definition: str) -> dict:
    """An object, or a reference to one."""
    return {"if": {"type": "object", "required": ["$ref"]}, "then": REFERENCE, "else": {"$ref": f"#/$defs/{definition}"}}


def closed(required: list[str], **properties) -> dict:
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


def map_of(value: dict) -> dict:
    return {"type": "object", "minProperties": 1, "propertyNames": NAME, "additionalProperties": value}


# What a message and a message trait have in common.
MESSAGE = {"headers": either("schema"), "correlationId": either("correlationId"), "contentType": {"type": "string", "pattern": "^application/"},
           "name": TEXT, "title": TEXT, "summary": TEXT, "description": TEXT, "bindings": {"$ref": "#/$defs/messageBindings"},
           "examples": {"type": "array", "items": closed(["payload"], name=TEXT, summary=TEXT, headers={"type": "object"}, payload=True)}}

ASYNCAPI = {
    **closed(
        ["asyncapi", "info", "channels", "operations", "components"],
        asyncapi={"const": "3.0.0"},
        id={"type": "string", "format": "uri", "pattern": "^urn:"},
        defaultContentType={"const": "application/json"},
        info=closed(["title", "version"], title=TEXT, version={"type": "string", "pattern": r"^\d+\.\d+\.\d+$"}, description=TEXT),
        servers=map_of(either("server")),
        channels=map_of(either("channel")),
        operations=map_of(either("operation")),
        components=closed(
            [],
            schemas=map_of({"$ref": "#/$defs/schema"}),
            messages=map_of(either("message")),
            messageTraits=map_of(either("messageTrait")),
            correlationIds=map_of(either("correlationId")),
            securitySchemes=map_of(either("securityScheme")),
        ),
    ),
    "$defs": {
        "server": closed(
            ["host", "protocol"], host=TEXT, protocol={"enum": ["kafka", "kafka-secure"]}, description=TEXT,
            variables=map_of(closed([], default={"type": "string"}, description=TEXT, enum={"type": "array"})),
            security={"type": "array", "items": either("securityScheme")}),
        "channel": closed(
            ["address", "title", "messages"], address={"type": "string", "pattern": r"^[A-Za-z0-9._-]{1,249}$"}, title=TEXT, description=TEXT,
            messages=map_of(either("message")),
            bindings=closed(["kafka"], kafka=closed(
                ["bindingVersion"], bindingVersion={"const": "0.5.0"}, partitions={"type": "integer", "minimum": 1},
                topicConfiguration=closed([], **{"cleanup.policy": {"type": "array", "items": {"enum": ["delete", "compact"]}}})))),
        "operation": closed(
            ["action", "channel", "messages"], action={"enum": ["send", "receive"]}, channel=REFERENCE, summary=TEXT,
            messages={"type": "array", "minItems": 1, "items": REFERENCE},
            reply=closed(["channel", "messages"], channel=REFERENCE, messages={"type": "array", "minItems": 1, "items": REFERENCE})),
        "message": closed(["name", "title", "payload"], payload=either("schema"),
                          traits={"type": "array", "items": either("messageTrait")}, **MESSAGE),
        "messageTrait": closed([], **MESSAGE),
        "messageBindings": closed(["kafka"], kafka=closed(["bindingVersion"], key=either("schema"), bindingVersion={"const": "0.5.0"})),
        "correlationId": closed(["location"], description=TEXT, location={"type": "string", "pattern": r"^\$message\.(header|payload)#/"}),
        "securityScheme": closed(["type"], type={"enum": ["scramSha512", "scramSha256", "plain", "X509"]}, description=TEXT),
        # JSON Schema draft-07, AsyncAPI's own dialect; that each is valid is another check.
        "schema": {"type": ["object", "boolean"], "propertyNames": {"enum": [
            "$ref", "type", "enum", "const", "description", "default", "examples", "properties", "required", "additionalProperties",
            "propertyNames", "minProperties", "maxProperties", "items", "minItems", "maxItems", "uniqueItems", "pattern", "format",
            "minLength", "maxLength", "minimum", "maximum", "allOf", "anyOf", "oneOf"]}},
    },
}
