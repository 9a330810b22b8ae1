import Contract
import TestSupport
import Testing
import TokenCore
import WorkerRuntime

@testable import Enrollment

@Suite("Directory update")
struct DirectoryUpdateTests {
    var desk = Desk()

    func apply(_ data: String, to state: inout WorkingSet) throws -> [EventDraft] {
        let record = try DirectoryRecord(FieldReader(JSON.object(data)))
        return DirectoryUpdate().decide(record, &state, desk.context).events
    }

    @Test("tells a change of contact masked, and an unfit field by its name")
    func events() throws {
        var state = WorkingSet()
        let first = try apply(#"{"phone": "+41791234567", "email": "nobody", "locale": 7, "revision": 1}"#, to: &state)
        #expect(
            first == [
                EventDraft(.contactRejected, ["field": .string("/email")]),
                EventDraft(.contactRejected, ["field": .string("/locale")]),
                EventDraft(
                    .contactChanged,
                    ["changed": .array([.string("phone")]), "phone": .string("+41*******67"), "email": .null]
                ),
            ]
        )
        #expect(state[desk.user].contact == DirectoryEntry(phone: "+41791234567", revision: 1))
        #expect(try apply(#"{"phone": "+41791234567", "revision": 1}"#, to: &state).isEmpty)
        #expect(try apply(#"{"phone": "+41791234568", "revision": 0}"#, to: &state).isEmpty)
    }

    @Test("a tombstone drops the contacts and ends virtual tokens")
    func tombstone() throws {
        var desk = desk
        desk.state[desk.user].contact = DirectoryEntry(email: "alice@work.example", revision: 9)
        let id = try desk.enroll(#"{"tokenType": "virtual", "channel": "email"}"#)
        let (view, _) = try desk.ok(ViewTokenHandler(), #"{"tokenId": "\#(id)"}"#)
        #expect(try JSON.member("token", of: view)["device"] == .string("a***@work.example"))

        let events = DirectoryUpdate().decide(nil, &desk.state, desk.context).events
        #expect(events.map(\.type) == [.contactChanged, .tokenObsoleted])
        #expect(events.last?.data["reason"] == .string("contact_removed"))
        let token = try JSON.member("token", of: try #require(events.last?.data))
        #expect(token["status"] == .string("OBSOLETE"))
        #expect(token["device"] == .null)
    }
}
