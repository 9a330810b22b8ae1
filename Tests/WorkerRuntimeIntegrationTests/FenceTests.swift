import Contract
import Messaging
import Postgres
import Testing
import TokenCore
import TokenStore

@testable import WorkerRuntime

/// The lane's epoch is the fence: A stands still somewhere, B takes over.
@Suite("Lanes: the fence")
struct FenceTests {
    @Test("interleaving 1: a takeover waits for the batch that holds the lane, and its answer goes first")
    func stoppedBeforeCommit() async throws {
        try await LaneWorld.run { world in
            let (a, b) = try world.rivals()
            try a.takeOverLanes()
            try world.enroll("1")
            try world.enroll("2")
            let taken = try a.take(1)
            let loaded = try a.load(taken)

            let takeover = Meanwhile { try b.takeOverLanes() }
            try world.waitForLock()
            #expect(!takeover.isDone)
            _ = try a.commit(taken, loaded)
            a.die()
            try takeover.value()

            #expect(try world.replies().map(\.cause) == ["1"])
            try b.find(nothingBelow: 1)
            try b.work(to: 2)
            #expect(try world.replies().map(\.cause) == ["1", "2"])
            #expect(try world.count("token") == 2)
            try world.expectAccountsBalance()
        }
    }

    @Test("interleaving 2: a batch that was taken before the takeover writes and sends nothing")
    func stoppedAfterPoll() async throws {
        try await LaneWorld.run { world in
            let (a, b) = try world.rivals()
            try a.takeOverLanes()
            try world.enroll("1")
            try world.enroll("2")
            let taken = try a.take(1)
            try b.takeOverLanes()
            try b.work(to: 2)
            try b.mark(Array(b.lanes.values))
            let before = try world.lane()

            #expect(throws: ForeignEpoch.self) { _ = try a.load(taken) }
            #expect(try world.lane() == before)
            try a.handle(taken.map(\.record))
            #expect(a.lanes[a.enrollment]?.epoch == nil)
            #expect(try world.lane() == before)
            #expect(try world.count("token") == 2)
            #expect(try world.replies().map(\.cause) == ["1", "2"])

            // It is still assigned: it takes over in its turn, reads the records again and repeats the answers.
            try a.work(to: 2)
            #expect(try world.count("token") == 2)
            #expect(try world.replies().count == 4)
            try world.expectAccountsBalance()
        }
    }

    @Test("interleaving 3: a worker that wakes between commit and produce repeats equal bytes and moves nothing")
    func stoppedBeforeProduce() async throws {
        try await LaneWorld.run { world in
            let (a, b) = try world.rivals()
            try a.takeOverLanes()
            try world.enroll("1")
            let batch = try a.commit(try a.take(1))
            try b.takeOverLanes()
            try world.enroll("2")
            try b.work(to: 2)
            try b.mark(Array(b.lanes.values))
            let before = try world.lane()
            #expect(before.answered == before.sequence)

            try a.send(batch.messages)
            a.lanes[a.enrollment]?.acknowledged = batch.advances[0].batchSequence
            try a.mark(Array(a.lanes.values))
            #expect(try world.lane() == before)
            #expect(a.lanes[a.enrollment]?.epoch == nil)
            try world.enroll("3")
            #expect(throws: ForeignEpoch.self) { _ = try a.load(try a.take(2)) }
            try b.work(to: 3)

            // Owed to B, found by B in the log, and A's, late.
            let replies = try world.replies()
            #expect(replies.map(\.cause) == ["1", "1", "2", "1", "3"])
            #expect(Set(replies.filter { $0.cause == "1" }.map(\.value)).count == 1)
            #expect(try world.count("token") == 3)
            try world.expectAccountsBalance()
        }
    }

    @Test("interleaving 4: an idle owner finds the answer that a stale takeover left", arguments: [false, true])
    func staleTakeover(isBusyElsewhere: Bool) async throws {
        try await LaneWorld.run { world in
            let (a, b) = try world.rivals()
            try a.takeOverLanes()
            try a.turn()
            // B was told of its partitions long ago, and wakes now.
            try b.takeOverLanes()
            try world.enroll("1")
            let batch = try b.commit(try b.take(1))
            b.die()
            try a.find(nothingBelow: 1)
            #expect(try world.replies().isEmpty)

            let start = ContinuousClock.now
            var id = 0
            try world.wait("A sends what it did not commit") {
                if isBusyElsewhere {
                    id += 1
                    try world.write(.unlockUser, id: "v\(id)", [:])
                }
                try a.turn()
                return a.lanes[a.enrollment]?.acknowledged == batch.advances[0].batchSequence
            }
            #expect(ContinuousClock.now - start < .seconds(10))
            try a.settle()
            #expect(try world.replies().filter { $0.cause == "1" }.count == 1)
            try world.expectAccountsBalance()
        }
    }

    @Test("interleaving 8: a transaction that the server ended is done again after a takeover, once")
    func endedByServer() async throws {
        try await LaneWorld.run { world in
            let (a, b) = try world.rivals()
            try a.takeOverLanes()
            try world.enroll("1")
            let taken = try a.take(1)
            let loaded = try a.load(taken)
            // What idle_in_transaction_session_timeout does.
            let ended = try world.sql(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE datname = current_database() AND state = 'idle in transaction'
                """
            )
            #expect(ended.rowCount == 1)
            try b.takeOverLanes()
            try b.work(to: 1)

            #expect(throws: (any Error).self) { _ = try a.commit(taken, loaded) }
            try a.recover(after: .zero)
            #expect(a.lanes.values.allSatisfy { $0.epoch == nil })
            try a.work(to: 1)
            #expect(try world.count("token") == 1)
            #expect(Set(try world.replies().map(\.value)).count == 1)
            try world.expectAccountsBalance()
        }
    }
}
