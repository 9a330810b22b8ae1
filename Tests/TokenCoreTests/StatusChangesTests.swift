import TestSupport
import Testing

@testable import TokenCore

@Suite("Enable, disable, delete")
struct StatusChangesTests {
    var world = EnrollmentWorld()

    @Test("move between ACTIVE and DISABLED, void open challenges, count what is left")
    func disableAndEnable() throws {
        var record = world.record()
        let id = world.put("sms", into: &record)
        _ = world.put("totp", into: &record)
        _ = world.put("recovery", into: &record)
        _ = world.put("totp", .pending, into: &record)
        let challenge = world.challenge(id, in: &record)

        let off = try record.disable(id, ifVersion: 1, reason: "lost", world.context)
        #expect(off.token.status == .disabled)
        #expect(off.token.statusReason == "lost")
        #expect(off.token.version == 2)
        #expect(off.activeTokensLeft == 1)
        #expect(record[challenge]?.state == .void)

        let same = try record.disable(id, reason: "again", world.context)
        #expect(same.isUnchanged)
        #expect(same.token == off.token)

        let on = try record.enable(id, world.context)
        #expect(on.token.status == .active)
        #expect(on.token.statusReason == nil)
        #expect(on.token.version == 3)
        #expect(on.activeTokensLeft == 2)
        #expect(try record.enable(id, world.context).isUnchanged)
    }

    @Test("take a deleted token out of the record, whatever its status", arguments: TokenStatus.allCases)
    func delete(status: TokenStatus) throws {
        var record = world.record()
        let id = world.put("sms", status, into: &record)
        let challenge = world.challenge(id, in: &record)
        guard status != .deleted else {
            #expect(throws: Rejection(.tokenNotFound)) { try record.delete(id, world.context) }
            return
        }
        let change = try record.delete(id, world.context)
        #expect(change.token.status == .deleted)
        #expect(change.token.version == 2)
        #expect(record[id] == nil)
        #expect(record[challenge]?.state == .void)
        #expect(throws: Rejection(.tokenNotFound)) { try record.delete(id, world.context) }
    }

    @Test("keep the last ACTIVE token where the policy asks for it, counted at the instant")
    func lastActive() throws {
        var world = world
        world.rule { $0.permits.requireActiveToken = true }
        var record = world.record()
        let id = world.put("sms", into: &record)
        let other = world.put("email", into: &record)
        _ = world.put("recovery", into: &record)
        record[other]?.times.expiresAt = world.now

        let before = record
        #expect(throws: Rejection(.lastActiveToken)) { try record.disable(id, world.context) }
        #expect(throws: Rejection(.lastActiveToken)) { try record.delete(id, world.context) }
        #expect(record == before)
        #expect(record.actions(of: try #require(record[id]), world.context) == [.edit, .test])
        #expect(try record.delete(other, world.context).activeTokensLeft == 1)

        _ = world.put("totp", into: &record)
        #expect(try record.disable(id, world.context).activeTokensLeft == 1)
        #expect(try record.delete(id, world.context).activeTokensLeft == 1)
    }

    @Test("judge a token past its end as OBSOLETE before the scanner comes by")
    func effective() {
        var record = world.record()
        let id = world.put("sms", .disabled, into: &record)
        record[id]?.times.expiresAt = world.now
        #expect(throws: Rejection(.wrongStatus, .init(status: .obsolete))) { try record.enable(id, world.context) }
    }

    @Test("find no token of another user, and none of another version")
    func strangers() {
        var record = world.record()
        var mallory = UserRecord(key: UserKey(tenant: "acme", userID: "mallory"))
        let id = world.put("sms", into: &record)
        #expect(throws: Rejection(.tokenNotFound)) { try mallory.disable(id, world.context) }
        #expect(throws: Rejection(.versionConflict, .init(version: 1))) {
            try record.disable(id, ifVersion: 2, world.context)
        }
        #expect(throws: Rejection.malformed(field: "/reason")) {
            try record.disable(id, reason: "a\u{0}", world.context)
        }
    }
}

@Suite("Actions")
struct TokenActionsTests {
    var world = EnrollmentWorld()

    @Test("are those of the contract's example for an ACTIVE SMS token")
    func example() throws {
        var record = world.record()
        let id = world.put("sms", into: &record)
        #expect(record.actions(of: try #require(record[id]), world.context) == [.edit, .test, .disable, .delete])
    }

    static let byStatus: [(String, TokenStatus, [TokenAction])] = [
        ("totp", .pending, [.edit, .delete, .reset, .provision]),
        ("totp", .active, [.edit, .test, .disable, .delete, .reset]),
        ("totp", .disabled, [.edit, .enable, .delete, .reset]),
        ("sms", .obsolete, [.delete]),
        ("hotp-hardware", .pending, [.edit, .delete, .reset, .unassign, .compromise]),
        ("hotp-hardware", .active, [.edit, .test, .disable, .delete, .reset, .unassign, .compromise]),
        ("hotp-hardware", .obsolete, [.delete, .compromise]),
        ("hotp-hardware", .compromised, [.delete]),
        ("hotp-hardware", .unassigned, [.delete, .compromise]),
        ("sms", .deleted, []),
    ]

    @Test("follow status and nature", arguments: byStatus)
    func statuses(type: String, status: TokenStatus, actions: [TokenAction]) throws {
        var record = world.record()
        let id = world.put(type, status, into: &record)
        #expect(record.actions(of: try #require(record[id]), world.context) == actions)
    }

    @Test("offer unlock only while the token is locked, test only while nothing is, reset while the user is not")
    func locked() throws {
        var world = world
        var record = world.record()
        let id = world.put("totp", into: &record)
        record[id]?.lockout.lockedUntil = world.now.adding(seconds: 60)
        var token = try #require(record[id])
        #expect(record.actions(of: token, world.context) == [.edit, .disable, .delete, .reset, .unlock])
        world.now = world.now.adding(seconds: 60)
        #expect(record.actions(of: token, world.context) == [.edit, .test, .disable, .delete, .reset])
        record.lockout?.lockedUntil = world.now.adding(seconds: 60)
        token = try #require(record[id])
        #expect(record.actions(of: token, world.context) == [.edit, .disable, .delete])
    }

    @Test("follow the policy")
    func policy() throws {
        var world = world
        world.rule {
            $0.permits.editable = false
            $0.permits.testable = false
        }
        var record = world.record()
        let id = world.put("sms", into: &record)
        #expect(record.actions(of: try #require(record[id]), world.context) == [.disable, .delete])
    }

    @Test("follow the asker's privileges, `:self` only for the user")
    func privileges() throws {
        var world = world
        var record = world.record()
        let id = world.put("sms", into: &record)
        let token = try #require(record[id])
        world.asker = Asker(id: "operator", privileges: ["token.edit", "otp.verify", "token.delete:self"])
        #expect(record.actions(of: token, world.context) == [.edit])
        world.asker = Asker(id: "alice", privileges: ["otp.request:self", "otp.verify", "token.delete:self"])
        #expect(record.actions(of: token, world.context) == [.test, .delete])
        world.asker = Asker(id: nil, privileges: [])
        #expect(record.actions(of: token, world.context) == [])
    }
}
