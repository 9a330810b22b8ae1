import Contract
import TestSupport
import Testing
import TokenCore
import WorkerRuntime

@testable import ExpiryScanner

@Suite("Scan decision")
struct ScanDecisionTests {
    static let now = Instant(seconds: 1_800_000_000)
    static let alice = UserKey(tenant: "acme", userID: "alice")

    func context(_ change: (inout TypePolicy) -> Void = { _ in }) -> DecisionContext {
        var types = TokenType.builtIn
        for index in types.indices { change(&types[index].policy) }
        return DecisionContext(
            now: Self.now,
            user: Self.alice,
            catalogue: TypeCatalogue(types),
            asker: TokenCore.Asker(id: nil),
            cryptography: ClearCryptography(),
            envelopes: ClearEnvelopes(),
            random: SeededSource(seed: 5),
            limits: SendingLimits()
        )
    }

    func state(endingIn seconds: Int64, _ context: DecisionContext) throws -> WorkingSet {
        var record = UserRecord(
            key: Self.alice,
            contact: DirectoryEntry(email: "alice@work.example", locale: "de", revision: 1)
        )
        let token = try record.enroll(EnrollmentRequest(tokenType: "sms", phone: "+41791234567"), context).token
        record[token.id]?.times.expiresAt = Self.now.adding(seconds: seconds)
        return WorkingSet(users: [Self.alice: record])
    }

    @Test("publishes that a token ended, with the reason")
    func obsolete() throws {
        let context = context()
        var state = try state(endingIn: 0, context)
        let decision = ScanDecision(&state, told: [:], context)
        #expect(decision.events.map(\.type) == [.tokenObsoleted])
        #expect(decision.events.first?.data["reason"] == .string("expired"))
        #expect(decision.events.first?.data["token"]?.objectValue?["status"] == .string("OBSOLETE"))
        #expect(decision.marks.isEmpty && decision.notifications.isEmpty)
        #expect(decision.ended.map(\.reason) == [.expired])
        let again = ScanDecision(&state, told: [:], context)
        #expect(again.events.isEmpty)
    }

    @Test("publishes that an end comes near, once for each mark, and tells the user only where the policy says so")
    func expiring() throws {
        let quiet = context()
        var state = try state(endingIn: 2 * 86_400, quiet)
        let decision = ScanDecision(&state, told: [:], quiet)
        #expect(decision.events.map(\.type) == [.tokenExpiring])
        #expect(decision.events.first?.data["daysLeft"] == .integer(2))
        #expect(decision.marks.map(\.days) == [7])
        #expect(decision.notifications.isEmpty)

        let mark = try #require(decision.marks.first)
        #expect(ScanDecision(&state, told: [mark.token: [mark.days]], quiet).events.isEmpty)

        let notice = try #require(
            ScanDecision(&state, told: [:], context { $0.life.notices = [.expiring] }).notifications.first
        )
        #expect(notice.template == "expiring")
        #expect(notice.locale == "de")
        #expect(notice.expires == Self.now.adding(seconds: 2 * 86_400))
        #expect(notice.content["to"] == .string("alice@work.example"))
        #expect(notice.content["maskedDevice"] == .string("+41*******67"))
        #expect(notice.content["daysLeft"] == .integer(2))
    }
}
