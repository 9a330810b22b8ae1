import TestSupport
import Testing

@testable import TokenCore

@Suite("Expiry rules")
struct ExpiryRulesTests {
    var world = EnrollmentWorld()

    static let day: Int64 = 86_400

    @Test("make OBSOLETE what is past its end, of a retired type or never activated")
    func obsolete() {
        var world = world
        world.types[1].isRetired = true
        var record = world.record()
        let ended = world.put("sms", .disabled, into: &record) { $0.times.expiresAt = world.now }
        let retired = world.put("email", into: &record)
        let idle = world.put("totp", .pending, into: &record) { $0.times.activateBefore = world.now }
        let living = world.put("totp", into: &record) { $0.times.activateBefore = world.now }
        let final = world.put("hotp-hardware", .compromised, into: &record) { $0.times.expiresAt = world.now }
        let challenge = world.challenge(ended, in: &record)

        let changes = record.expire(at: world.now, catalogue: world.context.catalogue)
        #expect(changes.obsoleted.map(\.token.id) == [ended, retired, idle])
        #expect(changes.obsoleted.map(\.reason) == [.expired, .typeRetired, .notActivated])
        #expect(record[ended]?.statusReason == "expired")
        #expect(record[ended]?.version == 2)
        #expect(record[ended]?.times.updatedAt == record[ended]?.times.createdAt)
        #expect(record[challenge]?.state == .void)
        #expect(record[living]?.status == .active)
        #expect(record[final]?.status == .compromised)
        #expect(record.expire(at: world.now, catalogue: world.context.catalogue).obsoleted.isEmpty)
    }

    @Test("agree with what views say of a token before and after")
    func effective() throws {
        var record = world.record()
        let id = world.put("sms", into: &record) { $0.times.expiresAt = world.now.adding(seconds: 1) }
        let catalogue = world.context.catalogue
        for (offset, status) in [(Int64(0), TokenStatus.active), (1, .obsolete)] {
            let now = world.now.adding(seconds: offset)
            let seen = record[id]?.effectiveStatus(in: catalogue, at: now)
            _ = record.expire(at: now, catalogue: catalogue)
            #expect(seen == status)
            #expect(record[id]?.status == status)
        }
    }

    static let marks: [(Int64, Set<Int>, Int?)] = [
        (30 * day + 1, [], nil), (30 * day, [], 30), (29 * day, [30], nil), (7 * day + 1, [], 30), (7 * day, [30], 7),
        (7 * day, [], 7), (7 * day - 1, [30, 7], nil), (day, [30, 7], 1), (1, [], 1), (1, [1], nil),
        (3 * day, [1], nil),
        (0, [], nil),
    ]

    @Test("tell the nearest mark once", arguments: marks)
    func notices(secondsLeft: Int64, told: Set<Int>, mark: Int?) {
        var record = world.record()
        let id = world.put("sms", into: &record) { $0.times.expiresAt = world.now.adding(seconds: secondsLeft) }
        let changes = record.expire(at: world.now, catalogue: world.context.catalogue, told: [id: told])
        #expect(changes.expiring.first?.mark == mark)
        #expect(changes.expiring.count == (mark == nil ? 0 : 1))
        if mark != nil { #expect(changes.expiring.first.map { Int64($0.daysLeft) } == (secondsLeft + 86_399) / 86_400) }
    }

    @Test("tell nothing of tokens without an end, out of use, or without marks")
    func noNotice() {
        var world = world
        world.rule("email") { $0.life.expiryNotices = [] }
        var record = world.record()
        _ = world.put("sms", into: &record)
        _ = world.put("sms", .obsolete, into: &record) { $0.times.expiresAt = world.now.adding(seconds: 5) }
        _ = world.put("email", into: &record) { $0.times.expiresAt = world.now.adding(seconds: 5) }
        #expect(record.expire(at: world.now, catalogue: world.context.catalogue) == ExpiryChanges())
    }
}

@Suite("Notice recipient")
struct NoticeRecipientTests {
    var world = EnrollmentWorld()

    @Test("is another contact than the token's own where there is one")
    func other() throws {
        var record = world.record()
        let virtual = world.put("virtual", into: &record)
        let sms = world.put("sms", into: &record)
        let context = world.context
        #expect(
            record.noticeRecipient(about: try #require(record[sms]), context) == Recipient(.email, "alice@work.example")
        )
        #expect(
            record.noticeRecipient(about: try #require(record[virtual]), context) == Recipient(.sms, "+41790000001")
        )

        record.contact = nil
        #expect(record.noticeRecipient(about: try #require(record[sms]), context) == Recipient(.sms, "+41791234567"))
        _ = world.put("email", .pending, into: &record)
        #expect(record.noticeRecipient(about: try #require(record[sms]), context) == Recipient(.sms, "+41791234567"))
        _ = world.put("email", into: &record)
        #expect(
            record.noticeRecipient(about: try #require(record[sms]), context) == Recipient(.email, "alice@example.org")
        )
    }

    @Test("is nobody where the user has no contact at all")
    func nobody() throws {
        var record = UserRecord(key: EnrollmentWorld.alice)
        let totp = world.put("totp", into: &record)
        #expect(record.noticeRecipient(about: try #require(record[totp]), world.context) == nil)
    }
}
