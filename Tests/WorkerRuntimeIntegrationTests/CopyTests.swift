import Contract
import Messaging
import Postgres
import Testing
import TokenCore
import TokenStore

@testable import WorkerRuntime

/// One id at the same time on two lanes: each is driven by a worker of its own, up to just before the look-up.
@Suite("Lanes: copies on two lanes")
struct CopyTests {
    /// A worker with one lane, as a group of two would give it, that is handed its records.
    private struct Side {
        let worker: LaneWorker
        let lane: LaneID
        let epoch: Int64
        let arrivals: [Arrival]

        init(_ world: LaneWorld, topic: String, partition: Int32 = 0) throws {
            // Nothing is too old: a test moves the time of a lane.
            worker = try world.stranger(horizon: 4 * 86_400)
            lane = try worker.store.lane(topic: topic, partition: partition)
            epoch = try worker.store.takeOver(lane).lane.epoch
            let (worker, lane) = (worker, lane)
            arrivals = try world.records(of: topic).filter { $0.partition == partition }
                .map { try worker.intake.arrival($0, lane: lane) }
        }

        func load() throws -> LoadedBatch {
            try worker.runner.load(arrivals, epochs: [lane: epoch])
        }

        func finish(_ loaded: LoadedBatch) throws -> CommittedBatch {
            try worker.runner.commit(worker.runner.decide(arrivals, loaded), acknowledged: [:])
        }
    }

    /// Both at once: the second one waits at the first one's locks.
    private func race(_ first: Side, _ second: Side, in world: LaneWorld) throws -> (CommittedBatch, CommittedBatch) {
        let loaded = try first.load()
        let other = Meanwhile { try second.finish(try second.load()) }
        try world.waitForLock()
        let batch = try first.finish(loaded)
        return (batch, try other.value())
    }

    private func code(_ batch: CommittedBatch) throws -> String? {
        let reply = try #require(batch.messages.first { $0.topic.hasSuffix("replies") })
        return try JSONParser.parse(reply.value ?? []).objectValue?["code"]?.stringValue
    }

    @Test(
        "interleaving 13: a copy on another partition waits, and gets the first one's bytes",
        arguments: [false, true]
    )
    func copy(isKnownUser: Bool) async throws {
        try await LaneWorld.run(partitions: 2) { world in
            if isKnownUser {
                try world.enroll("0", partition: 0)
                let first = try Side(world, topic: world.topics.commandsEnrollment)
                _ = try first.finish(try first.load())
            }
            for partition in 0...1 { try world.enroll("1", partition: Int32(partition)) }
            let a = try Side(world, topic: world.topics.commandsEnrollment, partition: 0)
            let b = try Side(world, topic: world.topics.commandsEnrollment, partition: 1)
            let (first, second) = try race(a, b, in: world)
            #expect(first.messages.suffix(2) == second.messages.suffix(2))
            #expect(try world.count("token") == (isKnownUser ? 2 : 1))
        }
    }

    @Test("interleaving 13: the same id with another key is refused, whichever partition of the inbox has the first")
    func otherKey() async throws {
        try await LaneWorld.run(partitions: 2) { world in
            try world.enroll("1", user: "alice", partition: 0)
            try world.enroll("1", user: "bob", partition: 1)
            let a = try Side(world, topic: world.topics.commandsEnrollment, partition: 0)
            let b = try Side(world, topic: world.topics.commandsEnrollment, partition: 1)
            // A's row lands in tomorrow's partition, B looks for it with today's time.
            try world.sql("UPDATE lane SET last_at = now() + interval '1 day' WHERE lane_id = \(a.lane.rawValue)")
            let (first, second) = try race(a, b, in: world)
            #expect(try code(first) == nil)
            #expect(try code(second) == "id_reused")
            #expect(try world.count("token WHERE user_id = 'alice'") == 1)
            #expect(try world.count("token WHERE user_id = 'bob'") == 0)
        }
    }

    @Test("interleaving 13: the same id on both topics is one command")
    func otherTopic() async throws {
        try await LaneWorld.run { world in
            try world.enroll("1")
            try world.write(.unlockUser, id: "1", [:])
            let a = try Side(world, topic: world.topics.commandsVerification)
            let b = try Side(world, topic: world.topics.commandsEnrollment)
            let (_, second) = try race(a, b, in: world)
            #expect(try code(second) == "id_reused")
            #expect(try world.count("token") == 0)
        }
    }

    @Test("interleaving 13: an import on two partitions, which locks no user, delivers once")
    func importCopy() async throws {
        try await LaneWorld.run(partitions: 2) { world in
            let device: JSONObject = ["serial": "S-1", "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"]
            let data: JSONObject = ["tokenType": "hotp-hardware", "tokens": .array([.object(device)])]
            for partition in 0...1 {
                try world.write(.importTokens, id: "1", user: "~stock", partition: Int32(partition), data)
            }
            let a = try Side(world, topic: world.topics.commandsEnrollment, partition: 0)
            let b = try Side(world, topic: world.topics.commandsEnrollment, partition: 1)
            let (first, second) = try race(a, b, in: world)
            #expect(try code(first) == nil)
            #expect(!first.messages.isEmpty && first.messages == second.messages)
            #expect(try world.count("token") == 1)
            #expect(try world.count("audit_log") == 1)
        }
    }

    @Test("two commands of a user who is new meet on two lanes: the second is done again")
    func newUser() async throws {
        try await LaneWorld.run(partitions: 2) { world in
            for partition in 0...1 { try world.enroll("\(partition)", partition: Int32(partition)) }
            let a = try Side(world, topic: world.topics.commandsEnrollment, partition: 0)
            let b = try Side(world, topic: world.topics.commandsEnrollment, partition: 1)
            let (early, late) = (try a.load(), try b.load())
            _ = try a.finish(early)
            let lost = #expect(throws: PostgresError.self) { _ = try b.finish(late) }
            #expect(lost?.sqlState == .uniqueViolation && lost?.disposition == .retry)
            _ = try b.finish(try b.load())
            #expect(try world.count("token") == 2)
            #expect(try world.count("user_state") == 1)
        }
    }

    @Test("a token that came between the lock of its user and the look at the tokens is left alone")
    func tokenWithoutLock() async throws {
        try await LaneWorld.run(partitions: 2) { world in
            try world.enroll("1", partition: 0)
            let a = try Side(world, topic: world.topics.commandsEnrollment, partition: 0)
            _ = try a.finish(try a.load())
            // As B would see it: the token is there, its user's row was not when it was locked.
            try world.sql("DELETE FROM user_state")
            try world.enroll("2", partition: 1)
            let b = try Side(world, topic: world.topics.commandsEnrollment, partition: 1)
            let loaded = try b.load()
            defer { b.worker.store.rollback() }
            #expect(loaded.state.users.values.allSatisfy { $0.tokens.isEmpty })
        }
    }
}
