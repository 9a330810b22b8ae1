import Contract
import Messaging
import Postgres
import Testing
import TokenCore

@testable import WorkerRuntime

@Suite("Lanes")
struct LaneTests {
    @Test("a command has one effect and one answer, and a copy gets the same bytes")
    func copies() throws {
        try LaneWorld.run { world in
            let worker = try world.worker()
            try world.write(.enrollToken, id: "1", ["tokenType": "sms", "phone": "+41791234567"])
            try world.write(.enrollToken, id: "1", ["tokenType": "sms", "phone": "+41791234567"])
            try world.write(.enrollToken, id: "1", ["tokenType": "sms", "phone": "+41791234568"])
            try world.wait("three answers") {
                try worker.turn()
                return try world.sql("SELECT next_offset FROM lane WHERE topic LIKE '%enrollment'").int64(0, 0) == 3
            }
            try worker.settle()
            let replies = try world.replies(atLeast: 3)
            #expect(replies.count == 3)
            #expect(replies[0].status == "ok")
            #expect(replies[0].id == replies[1].id)
            #expect(replies[0].value == replies[1].value)
            #expect(replies[2].code == "id_reused")
            #expect(replies[2].id != replies[0].id)
            #expect(try world.sql("SELECT count(*) FROM token").int64(0, 0) == 1)
        }
    }
}
