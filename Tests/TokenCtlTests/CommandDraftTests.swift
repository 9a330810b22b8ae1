import Contract
import Messaging
import Testing
import TokenCore

@testable import TokenCtl

@Suite("Command as it is sent")
struct CommandDraftTests {
    private let topics = Topics(prefix: "site.")

    private func draft(key: String = "acme/alice", tenant: String? = nil, replyTo: String? = nil) -> CommandDraft {
        CommandDraft(
            type: .verifyOTP,
            key: Array(key.utf8),
            tenant: tenant,
            id: "one",
            source: "/desk",
            replyTo: replyTo,
            data: Array(#"{ "otp":"123456" }"#.utf8),
            time: Instant(seconds: 1_700_000_000)
        )
    }

    private func decode(_ message: OutgoingMessage) -> CommandEnvelope? {
        let decoded = EnvelopeDecoder.decode(
            headers: message.headers.map { ($0.name, $0.value) },
            key: message.key,
            value: message.value
        )
        guard case .command(let command) = decoded else { return nil }
        return command
    }

    @Test("the services read it as it was meant")
    func decoding() throws {
        let command = try #require(decode(draft(replyTo: "site.replies.desk").message(topics)))
        #expect(command.commandType == .verifyOTP)
        #expect((command.id, command.source) == ("one", "/desk"))
        #expect((command.tenant, command.userID) == ("acme", "alice"))
        #expect(command.correlationID == "one")
        #expect(command.replyTo == "site.replies.desk")
        #expect(command.time == Instant(seconds: 1_700_000_000))
        #expect(command.dataBytes == Array(#"{ "otp":"123456" }"#.utf8))
        #expect(command.defect == nil)
    }

    @Test("the tenant is the key's, unless another is named: that is the service's to refuse")
    func tenants() throws {
        #expect(decode(draft().message(topics))?.defect == nil)
        #expect(decode(draft(tenant: "other").message(topics))?.defect != nil)
    }

    @Test("each type goes to its topic")
    func topic() {
        var command = draft()
        #expect(command.message(topics).topic == "site.commands.verification")
        command.type = .enrollToken
        #expect(command.message(topics).topic == "site.commands.enrollment")
    }

    @Test("a reply is known by its cause, correlation and key")
    func replies() {
        func record(key: String, cause: String, correlation: String) -> KafkaRecord {
            KafkaRecord(
                topic: "site.replies",
                partition: 0,
                offset: 0,
                timestamp: 0,
                timestampType: .createTime,
                key: Array(key.utf8),
                value: Array("{}".utf8),
                headers: [
                    KafkaHeader(name: "ce_causationid", value: Array(cause.utf8)),
                    KafkaHeader(name: "CE_CorrelationId", value: Array(correlation.utf8)),
                ]
            )
        }
        #expect(draft().isAnswered(by: record(key: "acme/alice", cause: "one", correlation: "one")))
        #expect(!draft().isAnswered(by: record(key: "acme/bob", cause: "one", correlation: "one")))
        #expect(!draft().isAnswered(by: record(key: "acme/alice", cause: "two", correlation: "one")))
        #expect(!draft().isAnswered(by: record(key: "acme/alice", cause: "one", correlation: "two")))
    }
}
