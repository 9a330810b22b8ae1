import Contract
import Messaging
import Postgres
import Testing
import TokenCore
import TokenStore

@testable import WorkerRuntime

/// Records whose data the database refuses: the batch is split until each stands alone.
@Suite("Lanes: refused data")
struct PoisonTests {
    /// The store refuses a description that the rules would let pass.
    private func poison(_ world: LaneWorld) throws {
        try world.sql("ALTER TABLE token ADD CONSTRAINT poison CHECK (description <> 'poison')")
    }

    private func enroll(_ world: LaneWorld, _ id: String, description: String) throws {
        let data: JSONObject = [
            "tokenType": "sms", "phone": "+41791234567", "description": .string(description),
        ]
        try world.write(.enrollToken, id: id, data)
    }

    @Test("a refused record becomes a dead letter with a reply; those around it are done, in order")
    func split() async throws {
        try await LaneWorld.run { world in
            try poison(world)
            let worker = try world.owner()
            for id in 1...9 { try enroll(world, "\(id)", description: id == 4 ? "poison" : "good") }
            let taken = try worker.take(9).map(\.record)
            try worker.handle(taken)
            try worker.settle()
            var first: [String] = []
            for reply in try world.replies() {
                if let cause = reply.cause, !first.contains(cause) { first.append(cause) }
            }
            #expect(first == (1...9).map { "\($0)" })
            #expect(try world.replies().filter { $0.cause == "4" }.allSatisfy { $0.code == "malformed" })
            #expect(try world.count("token") == 8)
            let letters = try world.records(of: world.topics.dlq(of: world.topics.commandsEnrollment))
            #expect(Set(letters.map { $0.text(.dlqOffset) }) == ["3"])
            #expect(Set(letters.map { $0.text(.dlqReason) }) == ["data_rejected"])
        }
    }

    @Test("wrong values stay counted though the batch around them is taken back and split", arguments: [0, 2, 4])
    func counts(place: Int) async throws {
        try await LaneWorld.run { world in
            try poison(world)
            let worker = try world.owner()
            try world.write(.enrollToken, id: "enrol", ["tokenType": "hotp", "activate": "now"])
            try worker.work(to: 1)
            let id = try #require(try world.replies().first?.tokenID)
            let guess: JSONObject = ["otp": "no", "purpose": "login", "tokenId": .string(id)]
            for id in 1...4 { try world.write(.verifyOTP, id: "guess-\(id)", guess) }
            try enroll(world, "poison", description: "poison")
            // One batch of all, in whatever order the topics were read: the refused one stands where the test wants it.
            var taken = try worker.take(5).map(\.record)
            let refused = try #require(taken.firstIndex { $0.topic == world.topics.commandsEnrollment })
            taken.insert(taken.remove(at: refused), at: place)
            try worker.handle(taken)
            try worker.settle()
            let replies = try world.replies()
            for id in 1...4 { #expect(replies.last { $0.cause == "guess-\(id)" }?.code == "otp_mismatch") }
            #expect(replies.last { $0.cause == "poison" }?.code == "malformed")
            #expect(try world.sql("SELECT failures FROM token").int32(0, 0) == 4)
            #expect(try world.sql("SELECT failures FROM user_state").int32(0, 0) == 4)
        }
    }

    @Test("a copy of a refused record gets the same answer")
    func copy() async throws {
        try await LaneWorld.run { world in
            try poison(world)
            let worker = try world.owner()
            try enroll(world, "1", description: "poison")
            try worker.work(to: 1)
            try enroll(world, "1", description: "poison")
            try worker.work(to: 2)
            let replies = try world.replies()
            #expect(replies.allSatisfy { $0.code == "malformed" })
            #expect(Set(replies.map(\.value)).count == 1)
        }
    }

    @Test("a value that the database refuses while loading is refused once")
    func refusedWhileLoading() async throws {
        try await LaneWorld.run { world in
            let worker = try world.owner()
            try world.write(.listTokens, id: "1", user: "~all", ["serial": "\u{0}"])
            try world.enroll("2")
            try worker.work(to: 2)
            let replies = try world.replies()
            #expect(replies.last { $0.cause == "1" }?.status == "rejected")
            #expect(replies.last { $0.cause == "2" }?.status == "ok")
        }
    }

    @Test("a batch over a lost lane and a kept one is left to be read again, in order")
    func lostLane() async throws {
        try await LaneWorld.run(partitions: 2) { world in
            let a = try world.assigned()
            try a.takeOverLanes()
            // The lane of partition 1 is B's now; A does not know.
            try world.sql("UPDATE lane SET epoch = epoch + 1 WHERE topic LIKE '%enrollment' AND partition = 1")
            try world.enroll("lost", user: "bob", partition: 1)
            for id in 1...3 { try world.enroll("\(id)", partition: 0) }
            let taken = try a.take(4).map(\.record)
            let mixed = taken.filter { $0.partition == 0 }.prefix(1) + taken.filter { $0.partition == 1 }
            let rest = taken.filter { $0.partition == 0 }.dropFirst()
            try a.handle(Array(mixed + rest))
            #expect(try world.count("token") == 0)
            #expect(a.lanes[a.enrollment]?.resumeAt == KafkaConsumer.beginning)
            try a.work(to: 3)
            #expect(try world.replies().filter { $0.cause != "lost" }.map(\.cause) == ["1", "2", "3"])
        }
    }
}
