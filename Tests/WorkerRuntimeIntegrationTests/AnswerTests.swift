import Contract
import Messaging
import Postgres
import TestSupport
import Testing
import TokenCore
import TokenStore

@testable import WorkerRuntime

/// What is committed is answered, in order, and called answered only when it is.
@Suite("Lanes: answers")
struct AnswerTests {
    @Test("interleaving 5: a batch whose acknowledgements are out is not called answered by the next one")
    func acknowledgementsWithheld() async throws {
        try await LaneWorld.run(withFaults: true) { world in
            let faults = try world.faults()
            let (a, b) = try world.rivals()
            try a.takeOverLanes()
            try world.enroll("1")
            try world.enroll("2")
            let taken = try a.take(2)
            try faults.hold(.produce)
            try a.handle([taken[0].record])
            _ = try a.commit([taken[1]])
            let lane = try world.lane()
            #expect(lane.sequence == 2 && lane.answered == 0)

            a.die()
            try faults.hold(.none)
            try b.takeOverLanes()
            try b.find(nothingBelow: 2)
            try b.mark(Array(b.lanes.values))
            #expect(try world.lane().answered == 2)
            let causes = try world.replies().map(\.cause)
            #expect(causes.suffix(2) == ["1", "2"])
            try world.expectAccountsBalance()
        }
    }

    @Test("interleaving 5: a batch of which one message is acknowledged is sent whole")
    func oneOfTwoAcknowledged() async throws {
        try await LaneWorld.run { world in
            let (a, b) = try world.rivals()
            try a.takeOverLanes()
            try world.enroll("1")
            try world.enroll("2")
            let batch = try a.commit(try a.take(2))
            try a.send(batch.messages.prefix(1))
            try world.enroll("3")
            _ = try a.commit(try a.take(1))
            #expect(try world.lane().answered == 0)
            a.die()
            try b.takeOverLanes()
            #expect(try world.replies().map(\.cause) == ["1", "1", "2", "3"])
            try world.expectAccountsBalance()
        }
    }

    @Test("interleaving 6: a commit whose outcome nobody heard of is answered, also when a smaller batch follows")
    func commitInDoubt() async throws {
        try await LaneWorld.run { world in
            let (a, b) = (try world.stranger(batchSize: 1), try world.stranger())
            try world.assign(a, b)
            try a.takeOverLanes()
            try world.enroll("1")
            try world.enroll("2")
            _ = try a.commit(try a.take(2))
            // The connection is gone before the answer is read.
            a.store.close()
            #expect(throws: (any Error).self) { try a.checkEpochs() }
            try a.recover(after: .zero)
            try a.takeOverLanes()
            #expect(try world.replies().map(\.cause) == ["1", "2"])
            try a.turn()
            try a.turn()
            #expect(try world.lane().sequence >= 1)
            a.die()

            try b.takeOverLanes()
            try b.find(nothingBelow: 2)
            try world.enroll("3")
            try b.work(to: 3)
            #expect(try world.count("token") == 3)
            #expect(Set(try world.replies().compactMap(\.cause)) == ["1", "2", "3"])
            try world.expectAccountsBalance()
        }
    }

    @Test("interleaving 7: connections that break between two messages do not turn them round")
    func brokenConnections() async throws {
        try await LaneWorld.run(withFaults: true) { world in
            let faults = try world.faults()
            let a = try world.owner()
            for id in 1...6 { try world.enroll("\(id)") }
            let taken = try a.take(6).map(\.record)
            for records in [taken[0..<2], taken[2..<4], taken[4..<6]] {
                try faults.hold(.produce)
                let work = Meanwhile {
                    try a.handle(Array(records))
                    try a.settle()
                }
                try world.wait("the batch is committed") { try world.lane().next > records.last?.offset ?? 0 }
                try faults.cut()
                try faults.hold(.none)
                try work.value()
            }
            #expect(try world.count("token") == 6)
            try world.expectAccountsBalance()
        }
    }

    @Test("interleaving 7: a message that can never be written goes to the dead letters, and those after it in order")
    func unwritable() async throws {
        try await LaneWorld.run { world in
            let worker = try world.stranger()
            func message(_ id: String, _ size: Int) -> WireMessage {
                WireMessage(
                    topic: world.topics.replies,
                    key: Array("default/alice".utf8),
                    headers: [WireHeader(.id, id)],
                    value: Array(repeating: UInt8(ascii: "x"), count: size)
                )
            }
            // The first does not fit its topic, and sealed it does not fit that of the dead letters either.
            try worker.send([message("1", 900_000), message("2", 2_200_000), message("3", 10), message("4", 10)])
            #expect(try world.records(of: world.topics.replies).suffix(3).map { $0.text(.id) } == ["1", "3", "4"])
            let letters = try world.records(of: world.topics.dlq(of: world.topics.commandsEnrollment))
            #expect(letters.count == 1)
            #expect(letters.first?.text(.dlqReason) == "outcome_undeliverable")
            #expect(letters.first?.text(.dlqTopic) == world.topics.replies)
        }
    }

    @Test("interleaving 9: what is not answered outlives the inbox's keep time")
    func keptUntilAnswered() async throws {
        try await LaneWorld.run { world in
            let (a, b) = try world.rivals()
            try a.takeOverLanes()
            try world.enroll("1")
            _ = try a.commit(try a.take(1))
            a.die()
            let retire = "SELECT inbox_partitions_retire(now() + interval '1 day')"
            #expect(try world.sql(retire).int32(0, 0) == 1)
            #expect(try world.count("inbox") == 1)

            try b.takeOverLanes()
            try b.find(nothingBelow: 1)
            try b.mark(Array(b.lanes.values))
            #expect(try world.replies().map(\.cause) == ["1"])
            #expect(try world.sql(retire).int32(0, 0) == 0)
            #expect(try world.count("inbox") == 0)
        }
    }

    @Test(
        "interleaving 15: a batch of hits repeats equal bytes, and its offset is stored only after the acknowledgements"
    )
    func hitsOnly() async throws {
        try await LaneWorld.run(withFaults: true) { world in
            let faults = try world.faults()
            let a = try world.owner()
            try world.enroll("1")
            try a.work(to: 1)
            try world.enroll("1")
            try world.enroll("1")
            let copies = try a.take(2).map(\.record)
            try faults.hold(.produce)
            try a.handle(copies)
            #expect(try a.committedOffset() ?? 0 < 3)
            #expect(a.lanes[a.enrollment]?.resumeAt == 1)
            try faults.hold(.none)
            try a.settle()
            try world.wait("the offset is committed") { try a.committedOffset() == 3 }
            #expect(try world.count("inbox") == 1)
            #expect(Set(try world.replies().map(\.value)).count == 1)
            try world.expectAccountsBalance()
        }
    }
}

extension LaneWorker {
    fileprivate func committedOffset() throws -> Int64? {
        try consumer.committed([enrollment], timeoutMilliseconds: 5_000)[enrollment]
    }
}
