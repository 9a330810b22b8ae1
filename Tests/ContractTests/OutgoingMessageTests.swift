import Contract
import Testing
import TokenCore

@Suite("Messages that are written")
struct OutgoingMessageTests {
    static let identity = UUIDValue(high: 0x0193_D2C4_5B7E_7A10, low: 0x8C3D_9F0E_1A2B_3C4D)
    static let time = Instant(milliseconds: 1_795_514_400_123)

    private func cause(_ record: Record) throws -> MessageCause {
        let command = try record.command()
        return MessageCause(
            command,
            asker: command.authID,
            identity: Self.identity,
            source: "/usertokens/verifier",
            time: Self.time
        )
    }

    @Test("a reply has the command's key, tenant, correlation and trace, and its id derives from the command's")
    func reply() throws {
        let outcome = ReplyOutcome.ok(["token": ["version": 3]])
        let message = ReplyEnvelope(to: try cause(.complete), outcome: outcome).message(
            to: "tokens.replies.iam",
            partition: 2
        )
        #expect(message.topic == "tokens.replies.iam")
        #expect(message.partition == 2)
        #expect(message.key == Array("acme/alice/b".utf8))
        #expect(text(message.value) == #"{"status":"ok","result":{"token":{"version":3}}}"#)
        #expect(
            texts(message) == [
                "ce_specversion: 1.0", "ce_id: 0193d2c4-5b7e-7a10-8c3d-9f0e1a2b3c4d.r",
                "ce_source: /usertokens/verifier",
                "ce_type: usertokens.otp.verify.v1.reply", "ce_time: 2026-11-24T10:00:00.123Z",
                "ce_subject: acme/alice/b",
                "content-type: application/json", "ce_tenant: acme", "ce_correlationid: flow-7", "ce_causationid: c-1",
                "ce_traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "ce_tracestate: vendor=1",
            ]
        )
        #expect(message.headers.last == WireHeader("kafka_correlationId", [1, 2, 255]))
        #expect(message.headers.count == 13)
    }

    @Test("what the command has not, the reply has not")
    func shortReply() throws {
        let message = ReplyEnvelope(to: try cause(Record()), outcome: .ok([:])).message(to: "tokens.replies")
        #expect(message.partition == nil)
        #expect(
            message.headers.map(\.name) == [
                "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "content-type", "ce_tenant",
                "ce_causationid",
            ]
        )
        #expect(text(message.value) == #"{"status":"ok","result":{}}"#)
    }

    @Test("a rejection has code, message and details, and the public code beside the code")
    func rejection() throws {
        var reply = RejectedReply(code: "token_not_found", message: "There is no such token.")
        #expect(
            String(decoding: ReplyOutcome.rejected(reply).data.serialized(), as: UTF8.self)
                == #"{"status":"rejected","code":"token_not_found","message":"There is no such token.","details":{}}"#
        )
        reply.publicCode = "otp_mismatch"
        reply.details = ["attemptsLeft": 2]
        #expect(
            String(decoding: ReplyOutcome.rejected(reply).data.serialized(), as: UTF8.self)
                == #"{"status":"rejected","code":"token_not_found","publicCode":"otp_mismatch","#
                + #""message":"There is no such token.","details":{"attemptsLeft":2}}"#
        )
    }

    @Test("a record that could not be decoded is answered as far as it could be read")
    func malformedReply() throws {
        var record = Record.complete
        record.key = nil
        record["ce_type"] = nil
        let refusal = try record.refusal()
        let cause = try #require(MessageCause(refusal, identity: Self.identity, source: "/s", time: Self.time))
        let rejected = RejectedReply(code: "malformed", message: "", details: ["field": .string(refusal.field)])
        let message = ReplyEnvelope(to: cause, outcome: .rejected(rejected)).message(to: "tokens.replies")
        #expect(message.key == nil)
        #expect(texts(message).contains("ce_type: usertokens.malformed.v1.reply"))
        #expect(texts(message).contains("ce_causationid: c-1"))
        #expect(texts(message).contains("ce_tenant: acme"))
        #expect(!message.headers.contains { $0.name == "ce_subject" })
        record["ce_source"] = nil
        #expect(MessageCause(try record.refusal(), identity: Self.identity, source: "/s", time: Self.time) == nil)
    }

    @Test("a key that is no UTF-8 stays the reply's key, but is no subject")
    func keyWithoutSubject() throws {
        let decoded = EnvelopeDecoder.decode(headers: Record().headers, key: [0x61, 0x2F, 0xFF], value: [])
        guard case .refused(let refusal) = decoded else {
            Issue.record("not refused")
            return
        }
        let cause = try #require(MessageCause(refusal, identity: Self.identity, source: "/s", time: Self.time))
        let message = ReplyEnvelope(to: cause, outcome: .ok([:])).message(to: "t")
        #expect(message.key == [0x61, 0x2F, 0xFF])
        #expect(!message.headers.contains { $0.name == "ce_subject" })
    }

    @Test("an event says who did it and is told apart by its index")
    func event() throws {
        let cause = try cause(.complete)
        let message = EventEnvelope(.tokenDisabled, index: 1, of: cause, data: ["a": 1]).message(to: "tokens.events")
        #expect(texts(message).contains("ce_type: usertokens.token.disabled.v1"))
        #expect(texts(message).contains("ce_id: 0193d2c4-5b7e-7a10-8c3d-9f0e1a2b3c4d.e1"))
        #expect(texts(message).contains("ce_authid: operator-1"))
        #expect(texts(message).contains("ce_causationid: c-1"))
        #expect(!message.headers.contains { $0.name == "kafka_correlationId" })
        let user = RecordKey(tenant: "acme", userID: "bob")
        let other = EventEnvelope(.tokenEnrolled, index: 2, of: cause, key: user, data: [:]).message(
            to: "tokens.events"
        )
        #expect(other.key == Array("acme/bob".utf8))
        #expect(texts(other).contains("ce_subject: acme/bob"))
        #expect(texts(other).contains("ce_id: 0193d2c4-5b7e-7a10-8c3d-9f0e1a2b3c4d.e2"))
    }

    @Test("a notification has an end")
    func notification() throws {
        let envelope = NotificationEnvelope(
            index: 1,
            of: try cause(.complete),
            expiryTime: Instant(seconds: 1_795_514_700),
            data: ["channel": "sms"]
        )
        let message = envelope.message(to: "tokens.notifications")
        #expect(texts(message).contains("ce_type: usertokens.notification.deliver.v1"))
        #expect(texts(message).contains("ce_id: 0193d2c4-5b7e-7a10-8c3d-9f0e1a2b3c4d.n1"))
        #expect(texts(message).contains("ce_expirytime: 2026-11-24T10:05:00.000Z"))
        let read = EnvelopeDecoder.decode(
            headers: message.headers.map { ($0.name, $0.value) },
            key: message.key,
            value: message.value
        )
        guard case .command(let command) = read else {
            Issue.record("a notification of ours is refused")
            return
        }
        #expect(command.defect == nil)
        #expect(command.expiryTime == Instant(seconds: 1_795_514_700))
    }

    @Test("the same command gives the same bytes")
    func deterministic() throws {
        let one = ReplyEnvelope(to: try cause(.complete), outcome: .ok(["b": 1, "a": [true, nil]])).message(to: "t")
        let two = ReplyEnvelope(to: try cause(.complete), outcome: .ok(["b": 1, "a": [true, nil]])).message(to: "t")
        #expect(WireMessageCodec.encode([one]) == WireMessageCodec.encode([two]))
    }

    private func text(_ value: [UInt8]?) -> String? { value.map { String(decoding: $0, as: UTF8.self) } }

    private func texts(_ message: WireMessage) -> [String] {
        message.headers.filter { $0.name != "kafka_correlationId" }.map { "\($0.name): \(text($0.value) ?? "")" }
    }
}
