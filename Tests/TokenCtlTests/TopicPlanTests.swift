import Contract
import Messaging
import Testing

@testable import TokenCtl

@Suite("Topic plan")
struct TopicPlanTests {
    private let topics = Topics(prefix: "site.")

    private func plan(
        replicationFactor: Int32 = -1,
        inboxRetention: Duration = .seconds(86_400)
    ) -> [String: TopicSpec] {
        let specs = TopicPlan.topics(
            topics,
            partitions: 4,
            replicationFactor: replicationFactor,
            inboxRetention: inboxRetention
        )
        return Dictionary(uniqueKeysWithValues: specs.map { ($0.name, $0) })
    }

    @Test("all topics of the contract are made, and one of dead letters for each that a service reads")
    func names() {
        #expect(Set(plan().keys) == Set(topics.all + topics.read.map { $0 + ".dlq" }))
        #expect(plan().count == 10)
    }

    @Test("the broker's clock is the commands' and nobody else's")
    func timestamps() {
        let appended = plan().values.filter { $0.configuration["message.timestamp.type"] == "LogAppendTime" }
        #expect(Set(appended.map(\.name)) == ["site.commands.enrollment", "site.commands.verification"])
    }

    @Test("contact data is compacted, and nothing else")
    func compaction() {
        let compacted = plan().values.filter { $0.configuration["cleanup.policy"] == "compact" }
        #expect(compacted.map(\.name) == ["site.users"])
        #expect(compacted.first?.configuration["retention.ms"] == nil)
    }

    @Test("a command outlives its identity in the inbox", arguments: [3_600, 86_400, 30 * 86_400])
    func commandRetention(seconds: Int64) throws {
        let spec = try #require(plan(inboxRetention: .seconds(seconds))["site.commands.verification"])
        let kept = try #require(spec.configuration["retention.ms"].flatMap { Int64($0) })
        #expect(kept >= 2 * seconds * 1_000)
        #expect(kept >= 7 * 86_400_000)
    }

    @Test("replies and events are kept for a week")
    func replyRetention() {
        #expect(plan()["site.replies"]?.configuration["retention.ms"] == "604800000")
        #expect(plan()["site.events"]?.configuration["retention.ms"] == "604800000")
    }

    @Test("the largest record fits its topic of dead letters when it is sealed")
    func deadLetterSize() throws {
        let spec = try #require(plan()["site.commands.enrollment.dlq"])
        let limit = try #require(spec.configuration["max.message.bytes"].flatMap { Int($0) })
        #expect(limit > EnvelopeDecoder.maximumImportSize * 4 / 3 + 65_536)
        #expect(spec.partitions == 1)
    }

    @Test("with three copies two must be written; with fewer one broker may be away")
    func replication() {
        #expect(plan(replicationFactor: 3).values.allSatisfy { $0.configuration["min.insync.replicas"] == "2" })
        #expect(plan(replicationFactor: 3).values.allSatisfy { $0.replicationFactor == 3 })
        #expect(plan(replicationFactor: 2).values.allSatisfy { $0.configuration["min.insync.replicas"] == nil })
        #expect(plan().values.allSatisfy { $0.replicationFactor == -1 })
    }
}
