import Contract
import Messaging
import Postgres
import Telemetry
import TestSupport
import Testing
import TokenCore
import TokenStore

@testable import WorkerRuntime

/// Logs that are read again, and logs that are others than before.
@Suite("Lanes: reading again")
struct RereadingTests {
    @Test("interleaving 10a: offsets reset within the horizon repeat equal bytes")
    func resetWithinHorizon() async throws {
        try await LaneWorld.run { world in
            let (a, b) = try world.rivals()
            try a.takeOverLanes()
            for id in 1...3 { try world.enroll("\(id)") }
            try a.work(to: 3)
            try a.mark(Array(a.lanes.values))
            try b.takeOverLanes()
            try b.work(to: 3)
            let replies = try world.replies()
            #expect(replies.map(\.cause) == ["1", "2", "3", "1", "2", "3"])
            #expect(try world.count("token") == 3)
            try world.expectAccountsBalance()
        }
    }

    @Test("interleaving 10b, 10c: what was done and forgotten is passed over; what was never done is expired, once")
    func resetBeyondHorizon() async throws {
        try await LaneWorld.run { world in
            let metrics = MetricRegistry()
            let a = try world.stranger()
            // To B everything is old that was there when it came.
            let b = try world.stranger(horizon: 0, metrics: metrics)
            let c = try world.stranger()
            try world.assign(a, b, c)
            try a.takeOverLanes()
            for id in 1...2 { try world.enroll("\(id)") }
            try a.work(to: 2)
            try a.mark(Array(a.lanes.values))
            try world.sql("DELETE FROM inbox")
            try world.enroll("3")

            try b.takeOverLanes()
            try b.work(to: 3)
            #expect(try world.replies().map(\.cause) == ["1", "2", "3"])
            #expect(try world.replies().last?.code == "expired")
            #expect(try world.count("token") == 2)
            #expect(metrics.render().contains("silent_skips_total 2"))
            try b.mark(Array(b.lanes.values))

            // Stored like any decision: to one who reads all of it as new, it stays expired.
            try c.takeOverLanes()
            try c.find(nothingBelow: 2)
            try c.work(to: 3)
            let expired = try world.replies().filter { $0.cause == "3" }
            #expect(expired.count == 2)
            #expect(Set(expired.map(\.value)).count == 1)
            #expect(try world.count("token") == 2)
        }
    }

    @Test("interleaving 11: a topic that was created anew is read from its beginning", arguments: [false, true])
    func createdAnew(isProved: Bool) async throws {
        try await LaneWorld.run { world in
            let group = world.broker.uniqueName("group")
            let a = try world.owner(group: group)
            try world.enroll("old")
            try a.work(to: 1)
            try a.mark(Array(a.lanes.values))
            a.stopReading()

            try world.createTopicAnew()
            try world.assigned(group: group).putBack(offset: 1)
            for id in ["1", "2"] { try world.enroll(id) }
            // Without the proof the lane passes over what waited longer than the horizon; these did not.
            if !isProved { try world.sql("UPDATE lane SET next_offset = 7 WHERE next_offset = 1") }
            let b = try world.owner(group: group)
            #expect(b.lanes[b.enrollment]?.probe?.offset == 0)
            try b.work(to: 2)
            #expect(try world.lane().next == (isProved ? 2 : 7))
            #expect(try world.replies().map(\.cause) == ["old", "1", "2"])
            #expect(try world.count("token") == 3)
            try world.expectAccountsBalance()
        }
    }

    @Test(
        "interleaving 11: a topic that was created anew is read, though it ends before the group's offset",
        arguments: [3, 5]
    )
    func createdAnewAndShorter(committed: Int64) async throws {
        try await LaneWorld.run { world in
            let group = world.broker.uniqueName("group")
            let a = try world.owner(group: group)
            for id in 1...committed { try world.enroll("old-\(id)") }
            try a.work(to: committed)
            try a.mark(Array(a.lanes.values))
            a.stopReading()

            try world.createTopicAnew()
            try world.assigned(group: group).putBack(offset: committed)
            for id in ["1", "2"] { try world.enroll(id) }
            let b = try world.owner(group: group)
            #expect(b.lanes[b.enrollment]?.probe?.offset == committed - 1)
            try world.wait("the new commands are handled") {
                try b.turn()
                return try world.count("token") == committed + 2
            }
            try b.settle()
            #expect(try world.replies().map(\.cause).suffix(2) == ["1", "2"])
            try world.expectAccountsBalance()
        }
    }

    @Test("a restart reads on after the last record, without repeating its answer")
    func probeOfKnownRecord() async throws {
        try await LaneWorld.run { world in
            let group = world.broker.uniqueName("group")
            let a = try world.owner(group: group)
            for id in ["1", "2"] { try world.enroll(id) }
            try a.work(to: 2)
            try a.mark(Array(a.lanes.values))
            a.stopReading()
            try world.enroll("3")
            let b = try world.owner(group: group)
            #expect(b.lanes[b.enrollment]?.probe?.offset == 1)
            try b.work(to: 3)
            try b.recover(after: .zero)
            try world.enroll("4")
            try b.work(to: 4)
            #expect(try world.replies().map(\.cause) == ["1", "2", "3", "3", "4"])
            try world.expectAccountsBalance()
        }
    }

    @Test("interleaving 12: a clock that was set back hides no answer")
    func clockSetBack() async throws {
        try await LaneWorld.run { world in
            let (a, b) = try world.rivals()
            try a.takeOverLanes()
            for id in ["1", "2"] { try world.enroll(id) }
            let taken = try a.take(2)
            _ = try a.commit([taken[0]])
            // The first batch was written an hour ahead of the time it is now.
            try world.sql(
                """
                UPDATE lane SET last_at = last_at + interval '1 hour', unanswered_since = unanswered_since + interval '1 hour'
                WHERE batch_seq = 1
                """
            )
            try world.sql("UPDATE inbox SET received_at = received_at + interval '1 hour'")
            let second = try a.commit([taken[1]])
            #expect(second.advances[0].batchSequence == 2)
            #expect(try world.count("inbox WHERE received_at < now() + interval '59 minutes'") == 0)
            a.die()
            try b.takeOverLanes()
            #expect(try world.replies().map(\.cause) == ["1", "2"])
            try world.expectAccountsBalance()
        }
    }
}

extension LaneWorker {
    /// Leaves the group with its offsets committed.
    fileprivate func stopReading() {
        consumer.close()
        die()
    }
}

extension LaneWorker {
    /// The group's offset as it was before the topic was created anew; the embedded broker drops it with the topic.
    fileprivate func putBack(offset: Int64) throws {
        try consumer.storeOffset(enrollment, next: offset)
        try consumer.commitStored(sync: true)
        stopReading()
    }
}

extension LaneWorld {
    fileprivate func createTopicAnew() throws {
        let admin = try KafkaAdmin(kafka)
        defer { admin.close() }
        _ = try admin.delete([topics.commandsEnrollment], timeoutMilliseconds: 10_000)
        try wait("the topic is gone") { try admin.list(timeoutMilliseconds: 5_000)[topics.commandsEnrollment] == nil }
        try createTopics()
        try wait("the topic is back") { try admin.list(timeoutMilliseconds: 5_000)[topics.commandsEnrollment] != nil }
    }
}
