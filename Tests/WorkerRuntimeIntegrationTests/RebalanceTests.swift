import Contract
import Messaging
import Postgres
import TestSupport
import Testing
import TokenCore
import TokenStore

@testable import WorkerRuntime

/// Lanes that come, go, and end.
@Suite("Lanes: rebalances")
struct RebalanceTests {
    @Test("what was written before the database came back is not passed over by a lane that came meanwhile")
    func newLaneWithoutDatabase() async throws {
        try await LaneWorld.run { world in
            let worker = try world.stranger()
            try world.enroll("1")
            try world.sql("ALTER TABLE lane RENAME TO lane_away")
            try world.wait("the worker is told of its partitions") {
                _ = try worker.consumer.take(max: 1, waitMilliseconds: 20)
                return !worker.consumer.assignment.isEmpty
            }
            for _ in 0..<20 {
                #expect(throws: PostgresError.self) { try worker.turn() }
            }
            try world.sql("ALTER TABLE lane_away RENAME TO lane")
            try worker.recover(after: .zero)
            try worker.work(to: 1)
            #expect(try world.replies().map(\.cause) == ["1"])
            try world.expectAccountsBalance()
        }
    }

    @Test("a recovery that fails is done again as a whole: nothing stays paused, nothing is passed over")
    func recoveryFails() async throws {
        try await LaneWorld.run { world in
            let worker = try world.owner()
            for id in 1...3 { try world.enroll("\(id)") }
            // Taken and never handled, as before an error.
            _ = try worker.take(3)
            worker.store.close()
            try world.sql("ALTER TABLE data_key RENAME TO data_key_away")
            #expect(throws: PostgresError.self) { try worker.recover(after: .zero) }
            try world.sql("ALTER TABLE data_key_away RENAME TO data_key")
            try worker.recover(after: .zero)
            try worker.work(to: 3)
            #expect(try world.replies().map(\.cause) == ["1", "2", "3"])
            try world.expectAccountsBalance()
        }
    }

    @Test("a lane that stays when another one is lost sends again what was under way")
    func partialRevocation() async throws {
        try await LaneWorld.run(partitions: 2, withFaults: true) { world in
            let faults = try world.faults()
            let worker = try world.owner()
            for partition in 0...1 {
                try world.enroll("\(partition)", user: "user-\(partition)", partition: Int32(partition))
            }
            let taken = try worker.take(2).map(\.record)
            try faults.hold(.produce)
            try worker.handle(taken)
            let lost = TopicPartition(topic: world.topics.commandsEnrollment, partition: 1)
            worker.consumer.onRevoke?([lost], true)
            #expect(worker.lanes[lost] == nil)
            #expect(worker.lanes[worker.enrollment]?.epoch == nil)
            try faults.cut()
            try faults.hold(.none)

            try world.enroll("2", user: "user-0", partition: 0)
            try worker.work(to: 2)
            #expect(try world.lane().next == 2)
            #expect(Set(try world.replies().compactMap(\.cause)).isSuperset(of: ["0", "2"]))
        }
    }

    @Test("a stop settles, says how far it came, and leaves the group's offsets there")
    func stop() async throws {
        try await LaneWorld.run { world in
            let running = try RunningWorkers(world, count: 1, batchSize: 2)
            for id in 1...5 { try world.enroll("\(id)") }
            try running.waitForAnswers("", count: 5)
            try running.stop()
            let lane = try world.lane()
            #expect(lane.next == 5)
            #expect(lane.answered == lane.sequence)

            let next = try world.owner(group: running.group)
            try world.enroll("6")
            try next.work(to: 6)
            #expect(try world.replies().compactMap(\.cause) == (1...6).map { "\($0)" })
            try world.expectAccountsBalance()
        }
    }
}
