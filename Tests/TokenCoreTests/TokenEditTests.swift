import TestSupport
import Testing

@testable import TokenCore

@Suite("Edit")
struct TokenEditTests {
    var world = EnrollmentWorld()

    @Test("changes what is given, empties what is null, keeps what is absent")
    func fields() throws {
        var record = world.record()
        let id = world.put("sms", into: &record)
        let end = world.now.adding(seconds: 60)
        let challenge = world.challenge(id, in: &record)
        let set = try record.edit(id, .init(description: .set("work"), expiresAt: .set(end)), world.context)
        #expect(set.token.description == "work")
        #expect(set.token.times.expiresAt == end)
        #expect(set.token.version == 2)
        #expect(set.formerAddress == nil)
        #expect(record[challenge]?.state == .open)

        let kept = try record.edit(id, .init(), world.context)
        #expect(kept.isUnchanged)
        #expect(kept.token == set.token)

        let cleared = try record.edit(id, .init(description: .clear, expiresAt: .clear), world.context)
        #expect(cleared.token.description == nil)
        #expect(cleared.token.times.expiresAt == nil)
        #expect(cleared.token.version == 3)
        #expect(record[id] == cleared.token)
    }

    @Test("voids open challenges when the address changes at once, and tells the old one")
    func immediate() throws {
        var record = world.record()
        let id = world.put("sms", into: &record)
        let challenge = world.challenge(id, in: &record)
        let edited = try record.edit(id, .init(phone: "+41799999999"), world.context)
        #expect(edited.token.device.address == "+41799999999")
        #expect(edited.token.device.pendingAddress == nil)
        #expect(edited.formerAddress == "+41791234567")
        #expect(record[challenge]?.state == .void)
        #expect(try record.edit(id, .init(phone: "+41799999999"), world.context).isUnchanged)
    }

    @Test("keeps the old address until the new one is proved, where the policy says verify")
    func verified() throws {
        var world = world
        world.rule("email") { $0.life.contactChange = .verify }
        var record = world.record()
        let id = world.put("email", into: &record)
        let first = world.challenge(id, .contactChange, in: &record)
        let edited = try record.edit(id, .init(email: "new@example.org"), world.context)
        #expect(edited.token.device.address == "alice@example.org")
        #expect(edited.token.device.pendingAddress == "new@example.org")
        #expect(edited.formerAddress == "alice@example.org")
        #expect(record[first]?.state == .void, "an OTP sent to another pending address proves nothing of this one")

        let second = world.challenge(id, .contactChange, in: &record)
        let back = try record.edit(id, .init(email: "alice@example.org"), world.context)
        #expect(back.token.device.pendingAddress == nil)
        #expect(back.token.device.address == "alice@example.org")
        #expect(back.formerAddress == nil)
        #expect(record[second]?.state == .void)
    }

    @Test("changes a PENDING token's address at once: the old one was never proved")
    func pending() throws {
        var world = world
        world.rule("sms") { $0.life.contactChange = .verify }
        var record = world.record()
        let id = world.put("sms", .pending, into: &record)
        let edited = try record.edit(id, .init(phone: "+41799999999"), world.context)
        #expect(edited.token.device.address == "+41799999999")
        #expect(edited.token.device.pendingAddress == nil)
    }

    static let refusals: [(String, TokenStatus, TokenEdit, Rejection)] = [
        ("totp", .active, .init(phone: "+41791234567"), Rejection(.notEditable)),
        ("sms", .active, .init(email: "a@example.org"), Rejection(.notEditable)),
        ("email", .active, .init(phone: "+41791234567"), Rejection(.notEditable)),
        ("virtual", .active, .init(email: "a@example.org"), Rejection(.notEditable)),
        ("sms", .active, .init(phone: "0791234567"), Rejection(.invalidPhone)),
        ("email", .active, .init(email: "a@b"), Rejection(.invalidEmail)),
        ("sms", .active, .init(description: .set("a\r\nb")), .malformed(field: "/description")),
        ("sms", .active, .init(expiresAt: .set(EnrollmentWorld.start)), .malformed(field: "/expiresAt")),
        ("sms", .obsolete, .init(), Rejection(.wrongStatus, .init(status: .obsolete))),
        ("hotp-hardware", .compromised, .init(), Rejection(.wrongStatus, .init(status: .compromised))),
        ("hotp-hardware", .unassigned, .init(), Rejection(.wrongStatus, .init(status: .unassigned))),
        ("sms", .deleted, .init(), Rejection(.tokenNotFound)),
    ]

    @Test("refuses what the token does not take, and leaves the record alone", arguments: refusals)
    func refuses(type: String, status: TokenStatus, edit: TokenEdit, rejection: Rejection) {
        var record = world.record()
        let id = world.put(type, status, into: &record)
        _ = world.challenge(id, in: &record)
        let before = record
        #expect(throws: rejection) { try record.edit(id, edit, world.context) }
        #expect(record == before)
    }

    @Test("follows the policy and the version")
    func policyAndVersion() {
        var world = world
        world.rule { $0.permits.editable = false }
        var record = world.record()
        let id = world.put("sms", into: &record)
        #expect(throws: Rejection(.notEditable)) { try record.edit(id, .init(), world.context) }
        #expect(throws: Rejection(.versionConflict, .init(version: 1))) {
            try record.edit(id, .init(), ifVersion: 9, world.context)
        }
    }
}
