import Contract
import Messaging
import Postgres
import Testing
import TokenCore

@testable import WorkerRuntime

@Suite("Lanes")
struct LaneTests {
    @Test("a command has one effect and one answer, and a copy gets the same bytes")
    func copies() async throws {
        try await LaneWorld.run { world in
            let worker = try world.owner()
            try world.enroll("1")
            try world.enroll("1")
            try world.enroll("1", phone: "+41791234568")
            try worker.work(to: 3)
            let replies = try world.replies()
            #expect(replies.count == 3)
            #expect(replies[0].status == "ok")
            #expect(replies[0].id == replies[1].id)
            #expect(replies[0].value == replies[1].value)
            #expect(replies[2].code == "id_reused")
            #expect(replies[2].id != replies[0].id)
            #expect(try world.count("token") == 1)
            try world.expectAccountsBalance()
        }
    }

    @Test("a deleted token leaves a tombstone without recovery codes")
    func tombstone() async throws {
        try await LaneWorld.run { world in
            let worker = try world.owner()
            try world.write(.enrollToken, id: "1", ["tokenType": "recovery", "count": 3])
            try worker.work(to: 1)
            let token = try #require(try world.replies().first?.tokenID)
            #expect(try world.count("token WHERE recovery_digests IS NOT NULL") == 1)
            try world.write(.deleteToken, id: "2", ["tokenId": .string(token)])
            try worker.work(to: 2)
            #expect(try world.count("token WHERE status = 6") == 1)
            #expect(try world.count("token WHERE recovery_digests IS NOT NULL") == 0)
        }
    }

    @Test("the answer to a reused id is the same when its record is read again")
    func reusedAgain() async throws {
        try await LaneWorld.run { world in
            let (first, second) = try world.rivals()
            try world.enroll("1")
            try world.enroll("1", phone: "+41791234568")
            try first.takeOverLanes()
            let batch = try first.commit(try first.take(2))
            try first.send(batch.messages)
            first.die()
            try second.takeOverLanes()
            try second.work(to: 2)
            let reused = try world.replies().filter { $0.code == "id_reused" }
            #expect(reused.count == 3)
            #expect(Set(reused.map(\.value)).count == 1)
            try world.expectAccountsBalance()
        }
    }
}
