import Contract
import TestSupport
import Testing
import TokenCore
import WorkerRuntime

@testable import Enrollment

@Suite("Commands on a token")
struct TokenCommandTests {
    static let sms = #"{"tokenType": "sms", "phone": "+41791234567"}"#

    @Test("disable and enable answer with what is left, and `unchanged` the second time")
    func disableAndEnable() throws {
        var desk = Desk()
        let id = try desk.enroll(Self.sms)
        _ = try desk.enroll(#"{"tokenType": "email", "email": "a@example.org"}"#)
        let off = #"{"tokenId": "\#(id)", "reason": "lost"}"#
        let (disabled, outcome) = try desk.ok(DisableTokenHandler(), off)
        #expect(disabled["activeTokensLeft"] == .integer(1))
        #expect(disabled["unchanged"] == nil)
        #expect(try JSON.text(JSON.member("token", of: disabled), "statusReason") == "lost")
        #expect(outcome.events.map(\.type) == [.tokenDisabled])
        #expect(outcome.events.first?.data["reason"] == .string("lost"))

        let (again, silent) = try desk.ok(DisableTokenHandler(), off)
        #expect(again["unchanged"] == .bool(true))
        #expect(again["activeTokensLeft"] == .integer(1))
        #expect(silent.events.isEmpty)

        let (enabled, told) = try desk.ok(EnableTokenHandler(), #"{"tokenId": "\#(id)", "ifVersion": 2}"#)
        #expect(enabled["activeTokensLeft"] == .integer(2))
        #expect(told.events.map(\.type) == [.tokenEnabled])
        let late = try desk.send(DisableTokenHandler(), #"{"tokenId": "\#(id)", "ifVersion": 2}"#)
        #expect(late.rejection == Rejection(.versionConflict, .init(version: 3)))
    }

    @Test("delete answers with the id, publishes the last view, and leaves nothing to find")
    func delete() throws {
        var desk = Desk()
        let id = try desk.enroll(Self.sms)
        let (result, outcome) = try desk.ok(DeleteTokenHandler(), #"{"tokenId": "\#(id)"}"#)
        #expect(JSON.text(result) == #"{"tokenId":"\#(id)","activeTokensLeft":0}"#)
        let view = try JSON.member("token", of: try #require(outcome.events.first?.data))
        #expect(view["status"] == .string("DELETED"))
        #expect(view["actions"] == .array([]))
        for outcome in [
            try desk.send(ViewTokenHandler(), #"{"tokenId": "\#(id)"}"#),
            try desk.send(DeleteTokenHandler(), #"{"tokenId": "\#(id)"}"#),
            try desk.send(EditTokenHandler(), #"{"tokenId": "\#(id)"}"#),
        ] {
            #expect(outcome.rejection == Rejection(.tokenNotFound))
        }
        let (list, _) = try desk.ok(ListTokensHandler(), "{}")
        #expect(JSON.text(list) == #"{"tokens":[]}"#)
    }

    @Test("of another user or tenant find nothing and change nothing")
    func strangers() throws {
        var desk = Desk()
        let id = try desk.enroll(Self.sms)
        let before = desk.state
        for key in [("acme", "mallory"), ("other", "alice"), ("acme", "Alice")] {
            desk.user = UserKey(tenant: key.0, userID: key.1)
            let data = #"{"tokenId": "\#(id)"}"#
            for outcome in [
                try desk.send(ViewTokenHandler(), data), try desk.send(DisableTokenHandler(), data),
                try desk.send(DeleteTokenHandler(), data), try desk.send(EditTokenHandler(), data),
            ] {
                #expect(outcome.rejection == Rejection(.tokenNotFound))
            }
        }
        #expect(desk.state == before)
    }

    @Test("of a user do not come on a tenant-wide key, those on the stock do")
    func tenantWide() {
        let refusing: [any CommandHandler.Type] = [
            EnrollTokenHandler.self, EnableTokenHandler.self, DisableTokenHandler.self, ProvisionTokenHandler.self,
        ]
        let accepting: [any CommandHandler.Type] = [
            ViewTokenHandler.self, ListTokensHandler.self, EditTokenHandler.self, DeleteTokenHandler.self,
        ]
        #expect(refusing.allSatisfy { $0.keys == .user })
        #expect(accepting.allSatisfy { $0.keys.contains(.tenantWide) })
    }

    @Test("leave the last ACTIVE token where the policy says so: of two, the second is refused")
    func lastActive() throws {
        var desk = Desk()
        desk.rule { $0.permits.requireActiveToken = true }
        let first = try desk.enroll(Self.sms)
        let second = try desk.enroll(Self.sms)
        _ = try desk.ok(DisableTokenHandler(), #"{"tokenId": "\#(first)"}"#)
        for outcome in [
            try desk.send(DisableTokenHandler(), #"{"tokenId": "\#(second)"}"#),
            try desk.send(DeleteTokenHandler(), #"{"tokenId": "\#(second)"}"#),
        ] {
            #expect(outcome.rejection == Rejection(.lastActiveToken))
        }
    }

    @Test("edit tells the old contact, whatever the policy says of notices")
    func edit() throws {
        var desk = Desk()
        let id = try desk.enroll(Self.sms)
        let (result, outcome) = try desk.ok(EditTokenHandler(), #"{"tokenId": "\#(id)", "phone": "+41799999999"}"#)
        #expect(try JSON.text(JSON.member("token", of: result), "device") == "+41*******99")
        #expect(outcome.events.map(\.type) == [.tokenEdited])
        #expect(outcome.notifications.map(\.template) == ["notice.edited"])
        #expect(outcome.notifications.first?.channel == .sms)
        #expect(outcome.notifications.first?.content["to"] == .string("+41791234567"))

        let (_, quiet) = try desk.ok(EditTokenHandler(), #"{"tokenId": "\#(id)", "description": "home"}"#)
        #expect(quiet.notifications.isEmpty)
        let (_, silent) = try desk.ok(EditTokenHandler(), #"{"tokenId": "\#(id)", "description": "home"}"#)
        #expect(silent.events.isEmpty)
        let (cleared, _) = try desk.ok(EditTokenHandler(), #"{"tokenId": "\#(id)", "description": ""}"#)
        #expect(try JSON.member("token", of: cleared)["description"] == .null)
    }

    @Test("edit shows a contact that waits for its proof masked")
    func pendingContact() throws {
        var desk = Desk()
        desk.rule { $0.life.contactChange = .verify }
        let id = try desk.enroll(Self.sms)
        let (result, outcome) = try desk.ok(EditTokenHandler(), #"{"tokenId": "\#(id)", "phone": "+41799999999"}"#)
        let token = try JSON.member("token", of: result)
        #expect(token["device"] == .string("+41*******67"))
        #expect(token["pendingContact"] == .string("+41*******99"))
        #expect(outcome.notifications.first?.content["to"] == .string("+41791234567"))
    }

    @Test("notices go out where the policy names the change")
    func notices() throws {
        var desk = Desk()
        desk.rule { $0.life.notices = [.disabled, .deleted, .edited] }
        desk.state[desk.user].contact = DirectoryEntry(email: "alice@work.example", revision: 1)
        let id = try desk.enroll(Self.sms)
        let templates = [
            try desk.ok(EditTokenHandler(), #"{"tokenId": "\#(id)", "description": "x"}"#).1,
            try desk.ok(DisableTokenHandler(), #"{"tokenId": "\#(id)"}"#).1,
            try desk.ok(EnableTokenHandler(), #"{"tokenId": "\#(id)"}"#).1,
            try desk.ok(DeleteTokenHandler(), #"{"tokenId": "\#(id)"}"#).1,
        ].map { $0.notifications.map(\.template) }
        #expect(templates == [["notice.edited"], ["notice.disabled"], [], ["notice.deleted"]])
    }

    @Test("view shows a lock while it holds, and an end from its instant on")
    func effective() throws {
        var desk = Desk()
        let id = try desk.enroll(#"{"tokenType": "sms", "phone": "+41791234567", "expiresAt": "2027-01-15T09:00:00Z"}"#)
        let token = try #require(TokenID(id))
        desk.state[desk.user][token]?.lockout = Lockout(
            failures: 5,
            consecutiveFailures: 5,
            level: 1,
            lockedUntil: Desk.start.adding(seconds: 60)
        )
        func view() throws -> JSONObject {
            try JSON.member("token", of: desk.ok(ViewTokenHandler(), #"{"tokenId": "\#(id)"}"#).0)
        }
        #expect(try view()["lockedUntil"] == .string("2027-01-15T08:01:00.000Z"))
        #expect(try view()["failures"] == .integer(5))
        desk.now = Desk.start.adding(seconds: 60)
        #expect(try view()["lockedUntil"] == .null)
        #expect(try view()["failures"] == .integer(0))
        desk.now = Desk.start.adding(seconds: 3_600)
        #expect(try view()["status"] == .string("OBSOLETE"))
        #expect(try view()["statusReason"] == .string("expired"))
        #expect(try view()["actions"] == .array([.string("delete")]))
    }
}
