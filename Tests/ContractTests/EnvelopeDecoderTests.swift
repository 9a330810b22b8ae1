import Contract
import Testing
import TokenCore

@Suite("Envelope decoder")
struct EnvelopeDecoderTests {
    @Test("a command in binary mode is read whole")
    func binary() throws {
        var record = Record.complete
        record.data = #"{"otp":"123456"}"#
        let command = try record.command()
        #expect(command.id == "c-1")
        #expect(command.source == "/iam")
        #expect(command.type == "usertokens.otp.verify.v1")
        #expect(command.subject == "a subject")
        #expect(command.time == Instant(rfc3339: "2026-11-24T10:00:00Z"))
        #expect(command.expiryTime == Instant(rfc3339: "2026-11-24T10:05:00Z"))
        #expect(command.tenant == "acme")
        #expect(command.userID == "alice/b")
        #expect(command.key == Array("acme/alice/b".utf8))
        #expect(command.replyTo == "tokens.replies.iam")
        #expect(command.replyPartition == nil)
        #expect(command.kafkaCorrelationID == [1, 2, 255])
        #expect(command.correlationID == "flow-7")
        #expect(command.causationID == "cause-1")
        #expect(command.traceParent == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        #expect(command.traceState == "vendor=1")
        #expect(command.authType == "user")
        #expect(command.authID == "operator-1")
        #expect(command.authorization?.exposed == "Bearer abc")
        #expect(command.data == ["otp": "123456"])
        #expect(command.dataBytes == Array(record.data.utf8))
        #expect(command.defect == nil)
    }

    @Test("both content modes give the same envelope, apart from the bytes that make copies equal")
    func modesAgree() throws {
        var record = Record.complete
        record.data = #"{"z": 1.50, "a": {"c": [], "b": "é"}}"#
        let binary = try record.command()
        var structured = try record.structured().command()
        #expect(structured.dataBytes == Array(#"{"a":{"b":"é","c":[]},"z":1.5}"#.utf8))
        structured.content.bytes = binary.dataBytes
        #expect(structured == binary)
    }

    @Test("in structured mode the spelling of data does not matter for equality, in binary mode it does")
    func fingerprints() throws {
        var one = Record()
        one.data = #"{"a":1,"b":2}"#
        var other = Record()
        other.data = #"{"b": 2, "a": 1e0}"#
        #expect(try one.structured().command().fingerprintBytes == other.structured().command().fingerprintBytes)
        #expect(try one.command().fingerprintBytes != other.command().fingerprintBytes)
        other.data = one.data
        #expect(try one.command().fingerprintBytes == other.command().fingerprintBytes)
        other.key = "default/bob"
        #expect(try one.command().fingerprintBytes != other.command().fingerprintBytes)
        #expect(try one.command().identityBytes == other.command().identityBytes)
        other["ce_id"] = "c-2"
        #expect(try one.command().identityBytes != other.command().identityBytes)
    }

    @Test("data may come as Base64 in structured mode, and mean the same")
    func base64() throws {
        var record = Record().structured()
        let plain = try record.command()
        record.data = record.data.replacing(#""data":{"tokenId":"x"}"#, with: #""data_base64":"eyJ0b2tlbklkIjoieCJ9""#)
        #expect(record.data.contains("base64"))
        #expect(try record.command() == plain)
    }

    @Test("header names are read in any case, content types with parameters")
    func caseOfNames() throws {
        let plain = try Record().command()
        var record = Record()
        record.headers = record.headers.map { ($0.name.uppercased(), $0.value) }
        record["CONTENT-TYPE"] = nil
        record["Content-Type"] = "Application/JSON; charset=utf-8"
        #expect(try record.command() == plain)
        record["Content-Type"] = nil
        #expect(try record.command() == plain, "no content type is JSON")
        record["Content-Type"] = "application/vnd.acme+json"
        #expect(try record.command() == plain)
    }

    @Test("replyto wins over kafka_replyTopic, whose partition then does not count")
    func replyTopics() throws {
        var record = Record()
        record["kafka_replyTopic"] = "tokens.replies.spring"
        record.bytes("kafka_replyPartition", [0, 0, 1, 2])
        #expect(try record.command().reply == ReplyRoute(topic: "tokens.replies.spring", partition: 258))
        record["ce_replyto"] = "tokens.replies.spring"
        #expect(try record.command().replyPartition == 258)
        record["ce_replyto"] = "tokens.replies.iam"
        #expect(try record.command().reply == ReplyRoute(topic: "tokens.replies.iam"))
        record["kafka_replyTopic"] = nil
        #expect(try record.command().replyPartition == 258)
        for wrong in [[], [1], [0, 0, 0, 0, 1], [0xFF, 0, 0, 0]] as [[UInt8]] {
            record.bytes("kafka_replyPartition", wrong)
            #expect(try record.command().replyPartition == nil)
        }
        record["ce_replyto"] = nil
        record["replyto"] = "tokens.replies.plain"
        #expect(try record.command().replyTo == "tokens.replies.plain")
    }

    @Test("the tenant is default where the attribute is absent")
    func defaultTenant() throws {
        #expect(try Record().command().tenant == "default")
    }

    @Test("ce_time is not trusted, whatever it says")
    func senderTime() throws {
        var record = Record()
        record["ce_time"] = "yesterday"
        #expect(try record.command().time == nil)
        #expect(try record.command().defect == nil)
    }

    @Test("a trace context that is none is not carried on")
    func traces() throws {
        for wrong in [
            "x", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        ] {
            var record = Record.complete
            record["ce_traceparent"] = wrong
            let command = try record.command()
            #expect(command.traceParent == nil, "\(wrong)")
            #expect(command.traceState == nil)
        }
    }

    @Test("what a sender may have invented, types and unknown attributes among it, is passed over")
    func unknownThings() throws {
        var record = Record()
        record["ce_type"] = "no.such.type"
        record["ce_invented"] = "x"
        record["invented"] = ""
        record["dlq_reason"] = "json_invalid"
        let command = try record.command()
        #expect(command.type == "no.such.type")
        #expect(command.commandType.topic == nil)
        #expect(command.defect == nil)
    }

    @Test(
        "the audit takes a reason only from commands that have one, and only a well-formed one",
        arguments: [
            ("token.disable", #"{"reason":"lost"}"#, "lost"), ("user.unlock", #"{"reason":"asked"}"#, "asked"),
            ("token.disable", #"{"reason":"a\u0000b"}"#, nil), ("token.disable", #"{"reason":7}"#, nil),
            ("token.disable", "{\"reason\":\"\(String(repeating: "x", count: 256))\"}", nil),
            ("token.disable", "{}", nil),
            ("otp.verify", #"{"reason":"123456"}"#, nil), ("token.dance", #"{"reason":"why"}"#, nil),
        ] as [(String, String, String?)]
    )
    func reasons(type: String, data: String, reason: String?) throws {
        var record = Record()
        record["ce_type"] = "usertokens.\(type).v1"
        record.data = data
        #expect(try record.command().reason == reason)
    }

    @Test("a command shows neither OTP nor bearer token when it is described")
    func redaction() throws {
        var record = Record.complete
        record.data = #"{"otp":"815815"}"#
        let command = try record.command()
        var dumped = ""
        dump(command, to: &dumped)
        dump(DecodedCommand.command(command), to: &dumped)
        let all = "\(command)\(String(reflecting: command))\(dumped)\(command.asker)\(command.fields)"
        #expect(!all.contains("815815"))
        #expect(!all.contains("Bearer"))
    }
}
