import Contract
import Testing

@Suite("Records that can't be decoded, and those that only are malformed")
struct UndecodableTests {
    @Test(
        "a required attribute that is missing is named",
        arguments: ["ce_specversion", "ce_id", "ce_source", "ce_type"]
    )
    func missing(name: String) throws {
        for mode in [{ $0 }, { $0.structured() }] as [(Record) -> Record] {
            var record = Record()
            record[name] = nil
            try check(mode(record), .attributeMissing, name)
        }
        var record = Record().structured()
        record.data = record.data.replacing("\"\(name.dropFirst(3))\":", with: "\"\(name.dropFirst(3))\":null,\"x\":")
        try check(record, .attributeMissing, name)
    }

    @Test("any attribute that is empty or null is named", arguments: EnvelopeNames.attributes + ["ce_invented"])
    func empty(name: String) throws {
        let field = name == "ce_replyto" ? "replyto" : name
        var record = Record.complete
        record[name] = ""
        try check(record, .attributeEmpty, field)
        record.headers.removeAll { $0.name == name }
        record.headers.append((name, nil))
        try check(record, .attributeEmpty, field)
        if name != "ce_invented" {
            record[name] = ""
            try check(record.structured(), .attributeEmpty, field)
        }
    }

    @Test(
        "an attribute or header given twice is refused, equal or not, in any case",
        arguments: EnvelopeNames.attributes + EnvelopeNames.otherHeaders + ["ce_invented"]
    )
    func twice(name: String) throws {
        for value in ["x", "y"] {
            var record = Record.complete
            record[name] = "x"
            record.headers.append((name.uppercased(), Array(value.utf8)))
            try check(record, .attributeRepeated, name == "ce_replyto" ? "replyto" : name)
        }
    }

    @Test("replyto with and without prefix is the same attribute twice")
    func twoSpellings() throws {
        var record = Record.complete
        record["replyto"] = "tokens.replies.iam"
        try check(record, .attributeRepeated, "replyto")
    }

    @Test("what is given twice is not read: no reply without a sure id and source")
    func ambiguousIdentity() throws {
        for name in ["ce_id", "ce_source"] {
            var record = Record()
            record.headers.append((name, Array("z".utf8)))
            #expect(try record.refusal().isAnswerable == false)
        }
        var record = Record()
        record.headers.append(("ce_type", Array("z".utf8)))
        let refusal = try record.refusal()
        #expect(refusal.isAnswerable)
        #expect(refusal.type == nil)
        #expect(refusal.replyType == "usertokens.malformed.v1.reply")
    }

    @Test("in structured mode an equal copy of an attribute among the headers is allowed, another value is not")
    func copiesInHeaders() throws {
        var record = Record().structured()
        record["ce_id"] = "c-1"
        #expect(try record.command().id == "c-1")
        record["ce_id"] = "c-2"
        try check(record, .attributeRepeated, "ce_id")
        #expect(try record.refusal().id == nil)
    }

    @Test("attributes are UTF-8 without control characters, and strings")
    func invalidAttributes() throws {
        var record = Record()
        record.bytes("ce_correlationid", [0xC3, 0x28])
        try check(record, .attributeInvalid, "ce_correlationid")
        for text in ["a\nb", "\u{0}", "a\u{7F}", "a\u{85}"] {
            record = Record()
            record["ce_id"] = text
            try check(record, .attributeInvalid, "ce_id")
            try check(record.structured(), .attributeInvalid, "ce_id")
        }
        record = Record().structured()
        record.data = record.data.replacing(#""id":"c-1""#, with: #""id":5"#)
        try check(record, .attributeInvalid, "ce_id")
    }

    @Test("identifiers have at most 255 bytes", arguments: ["ce_id", "ce_source", "ce_correlationid"])
    func lengths(name: String) throws {
        var record = Record()
        record[name] = String(repeating: "é", count: 127) + "a"
        _ = try record.command()
        record[name] = String(repeating: "é", count: 128)
        try check(record, .attributeTooLong, name)
        #expect(try record.refusal().isAnswerable, "it could be read, so it is answered")
    }

    @Test("specversion is 1.0", arguments: ["1", "0.3", "1.0.0", "2.0"])
    func specVersion(version: String) throws {
        var record = Record()
        record["ce_specversion"] = version
        try check(record, .specVersionUnsupported, "ce_specversion")
        try check(record.structured(), .specVersionUnsupported, "ce_specversion")
    }

    @Test(
        "a content type that is no JSON is refused",
        arguments: [
            "text/plain", "application/xml", "application/cloudevents", "application/cloudevents-batch+json", "json",
            "application/cloudevents+avro",
        ]
    )
    func contentTypes(type: String) throws {
        var record = Record()
        record["content-type"] = type
        try check(record, .contentTypeUnsupported, "content-type")
    }

    @Test("structured data of another content type are refused")
    func structuredContentType() throws {
        var record = Record().structured()
        record.data = "{\"datacontenttype\":\"text/xml\"," + record.data.dropFirst()
        try check(record, .contentTypeUnsupported, "datacontenttype")
        record.data = record.data.replacing("text/xml", with: "application/json")
        _ = try record.command()
    }

    @Test("a record without a key is a dead letter, and is answered")
    func noKey() throws {
        for key in [nil, ""] {
            var record = Record()
            record.key = key
            try check(record, .keyMissing, "key")
            #expect(try record.refusal().isAnswerable)
        }
    }

    @Test(
        "a key that is not tenant/userId is a dead letter",
        arguments: [
            "alice", "/alice", "default/", "/", "Default/alice", "de fault/alice", "de_fault/alice", "défault/alice",
            "default/a\u{0}b",
            "default/a\nb", "default/\u{9F}", "default/" + String(repeating: "a", count: 256),
            String(repeating: "a", count: 64) + "/alice",
        ]
    )
    func invalidKeys(key: String) throws {
        var record = Record()
        record.key = key
        try check(record, .keyInvalid, "key")
        #expect(try record.refusal().key == Array(key.utf8))
    }

    @Test("a key is split at its first slash and kept byte for byte")
    func validKeys() throws {
        #expect(RecordKey(Array("a-1/~stock".utf8))?.isTenantWide == true)
        #expect(RecordKey(Array("t/a/b~".utf8))?.userID == "a/b~")
        #expect(RecordKey(Array("t/a/b".utf8))?.isTenantWide == false)
        #expect(RecordKey(tenant: String(repeating: "a", count: 63), userID: String(repeating: "u", count: 255)) != nil)
        #expect(RecordKey([0x74, 0x2F, 0xFF]) == nil)
        #expect(RecordKey(tenant: "t", userID: "e\u{301}") != RecordKey(tenant: "t", userID: "\u{E9}"))
        #expect(RecordKey(tenant: "t/x", userID: "u") == nil)
    }

    @Test(
        "a value that is not the JSON of section 2 is a dead letter",
        arguments: [
            ("{", .jsonInvalid), ("", .jsonInvalid), ("{} {}", .jsonInvalid), (#"{"a":1,"a":1}"#, .jsonDuplicateMember),
            (#"{"a":"\ud800"}"#, .jsonLoneSurrogate), (#"{"a":NaN}"#, .jsonInvalid), ("\u{FEFF}{}", .jsonInvalid),
            (String(repeating: #"{"a":"#, count: 17) + "1" + String(repeating: "}", count: 17), .jsonTooDeep),
        ] as [(String, Undecodable.Reason)]
    )
    func invalidJSON(data: String, reason: Undecodable.Reason) throws {
        var record = Record()
        record.data = data
        try check(record, reason, "")
        #expect(try record.refusal().isAnswerable)
        if !data.isEmpty { #expect(try record.structured().refusal().reason == reason) }
    }

    @Test("data may nest 16 levels deep, in both modes")
    func depth() throws {
        var record = Record()
        record.data = String(repeating: #"{"a":"#, count: 16) + "1" + String(repeating: "}", count: 16)
        _ = try record.command()
        _ = try record.structured().command()
    }

    @Test("bytes that are no UTF-8 and a null value are dead letters")
    func invalidValues() throws {
        var record = Record()
        record.value = [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]
        try check(record, .jsonInvalid, "")
        record.hasValue = false
        try check(record, .valueMissing, "")
        #expect(try record.structured().refusal().reason == .valueMissing)
    }

    @Test("a structured envelope is an object with data once")
    func invalidEnvelopes() throws {
        var record = Record().structured()
        record.data = "[]"
        try check(record, .envelopeInvalid, "")
        for (addition, field) in [
            (#","data_base64":"e30=""#, "/data_base64"), (#","data_base64":5"#, "/data_base64"),
        ] {
            record = Record().structured()
            record.data = String(record.data.dropLast()) + addition + "}"
            try check(record, .envelopeInvalid, field)
        }
        for base64 in ["e30", "e3 0", "e31=", "====", "e30=e30=", "e-0="] {
            record = Record().structured()
            record.data = record.data.replacing(#""data":{"tokenId":"x"}"#, with: "\"data_base64\":\"\(base64)\"")
            try check(record, .envelopeInvalid, "/data_base64")
        }
    }

    @Test("headers tell who asked even where a structured value can't be read")
    func structuredFallback() throws {
        var record = Record().structured()
        record["ce_id"] = "c-9"
        record["ce_source"] = "/iam"
        record.bytes("kafka_correlationId", [7])
        record.data = "{"
        let refusal = try record.refusal()
        #expect(refusal.reason == .jsonInvalid)
        #expect(refusal.isAnswerable)
        #expect(refusal.reply.kafkaCorrelationID == [7])
    }

    @Test("a record has at most 256 KB, an import 900 KB, in both modes")
    func sizes() throws {
        func record(_ size: Int, _ type: String) -> Record {
            var record = Record()
            record["ce_type"] = type
            record.data = "{\"a\":\"" + String(repeating: "a", count: size) + "\"}"
            return record
        }
        let verify = "usertokens.otp.verify.v1"
        let tokenImport = "usertokens.token.import.v1"
        for mode in [{ $0 }, { $0.structured() }] as [(Record) -> Record] {
            _ = try mode(record(261_000, verify)).command()
            try check(mode(record(263_000, verify)), .recordTooLarge, "")
            _ = try mode(record(920_000, tokenImport)).command()
            try check(mode(record(922_000, tokenImport)), .recordTooLarge, "")
        }
        #expect(try record(263_000, verify).refusal().isAnswerable)
        var headers = Record()
        headers["ce_subject"] = String(repeating: "a", count: 263_000)
        try check(headers, .recordTooLarge, "")
    }

    @Test("what could be read of a refused record is kept for the reply")
    func remains() throws {
        var record = Record.complete
        record.data = "{"
        let refusal = try record.refusal()
        #expect(refusal.id == "c-1")
        #expect(refusal.source == "/iam")
        #expect(refusal.replyType == "usertokens.otp.verify.v1.reply")
        #expect(refusal.tenant == "acme")
        #expect(refusal.key == Array("acme/alice/b".utf8))
        #expect(refusal.reply == ReplyRoute(topic: "tokens.replies.iam", kafkaCorrelationID: [1, 2, 255]))
        #expect(refusal.correlation.correlationID == "flow-7")
        #expect(refusal.correlation.traceParent != nil)
        record.key = nil
        #expect(try record.refusal().tenant == "acme", "the attribute's, where the key tells none")
    }

    @Test("reasons quote nothing and are distinct")
    func reasons() {
        let names = Undecodable.Reason.allCases.map(\.rawValue)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.allSatisfy { $0.isLowercase || $0 == "_" } })
    }

    // MARK: Malformed, but no dead letters

    @Test(
        "data that are no object are malformed as a whole",
        arguments: ["[]", "null", "\"x\"", "5", "true"]
    )
    func dataNoObject(data: String) throws {
        var record = Record()
        record.data = data
        #expect(try record.command().defect == FieldError(pointer: ""))
        #expect(try record.command().data.isEmpty)
        #expect(try record.structured().command().defect == FieldError(pointer: ""))
    }

    @Test("a structured command without data is malformed as a whole")
    func noData() throws {
        var record = Record().structured()
        record.data = record.data.replacing(#","data":{"tokenId":"x"}"#, with: "")
        #expect(try record.command().defect == FieldError(pointer: ""))
    }

    @Test("a tenant that disagrees with the key is malformed: the attribute's, the default one, the data's")
    func tenants() throws {
        var record = Record()
        record["ce_tenant"] = "acme"
        #expect(try record.command().defect == FieldError(pointer: "ce_tenant"))
        #expect(try record.command().tenant == "default", "the key's")
        record["ce_tenant"] = nil
        record.key = "acme/alice"
        #expect(try record.command().defect == FieldError(pointer: "ce_tenant"))
        record["ce_tenant"] = "acme"
        #expect(try record.command().defect == nil)
        record.data = #"{"tenant":"default"}"#
        #expect(try record.command().defect == FieldError(pointer: "/tenant"))
        record.data = #"{"tenant":"acme"}"#
        #expect(try record.command().defect == nil)
    }

    @Test("a userId in the data that is not the key's, byte for byte, is malformed")
    func users() throws {
        var record = Record()
        for (data, isGood) in [
            (#"{"userId":"alice"}"#, true), (#"{"userId":null}"#, true), (#"{"userId":"Alice"}"#, false),
            (#"{"userId":7}"#, false),
        ] {
            record.data = data
            #expect(try record.command().defect == (isGood ? nil : FieldError(pointer: "/userId")))
        }
        record.key = "default/\u{E9}"
        record.data = "{\"userId\":\"e\u{301}\"}"
        #expect(try record.command().defect == FieldError(pointer: "/userId"))
    }

    @Test("an expirytime that is no time is malformed")
    func expiryTime() throws {
        var record = Record()
        record["ce_expirytime"] = "2026-11-24T10:00:00"
        #expect(try record.command().defect == FieldError(pointer: "ce_expirytime"))
        #expect(try record.command().expiryTime == nil)
    }

    private func check(_ record: Record, _ reason: Undecodable.Reason, _ field: String) throws {
        let refusal = try record.refusal()
        #expect(refusal.reason == reason)
        #expect(refusal.field == field)
    }
}

/// Names of headers, as the contract spells them.
enum EnvelopeNames {
    static let attributes = [
        "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_tenant", "ce_replyto",
        "ce_expirytime",
        "ce_correlationid", "ce_causationid", "ce_traceparent", "ce_tracestate", "ce_authtype", "ce_authid",
    ]
    static let otherHeaders = [
        "content-type", "authorization", "kafka_replyTopic", "kafka_replyPartition", "kafka_correlationId",
    ]
}
