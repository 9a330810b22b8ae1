import Contract
import Testing
import TokenCore
import WorkerRuntime

@testable import Verifier

@Suite("otp.verify, handled")
struct VerifyOTPHandlerTests {
    private func verify(_ desk: inout Desk, _ otp: String, _ more: JSONObject = [:]) throws -> Outcome {
        var data: JSONObject = ["otp": .string(otp), "purpose": "login"]
        for member in more { data.set(member.name, to: member.value) }
        return try desk.send(VerifyOTPHandler(), data)
    }

    @Test("a right value is answered and told, with the token's masked view")
    func right() throws {
        var desk = Desk()
        let token = desk.add("totp")
        let otp = desk.shown(token, desk.now.seconds / 30)
        let outcome = try verify(&desk, otp)
        #expect(
            outcome.result == [
                "tokenId": text(token), "tokenType": "totp", "verifiedAt": "2023-11-14T22:13:20.000Z",
                "purpose": "login", "boundTo": .null,
            ]
        )
        let fact = try #require(outcome.event(.otpVerified))
        #expect(fact["token"]?.objectValue?["lastUsedAt"] == "2023-11-14T22:13:20.000Z")
        #expect(outcome.events.count == 1)
        #expect(!outcome.clearText.contains(otp))
    }

    @Test("a wrong value is answered, told and counted; the value itself is told nowhere")
    func wrong() throws {
        var desk = Desk()
        let token = desk.add("hotp")
        let outcome = try verify(&desk, "86753-0x", ["tokenId": text(token)])
        #expect(outcome.rejection == Rejection(.otpMismatch, .init(attemptsLeft: 4)))
        let fact = try #require(outcome.event(.otpRejected))
        #expect(fact["code"] == "otp_mismatch")
        #expect(fact["command"] == "otp.verify")
        #expect(fact["token"]?.objectValue?["failures"] == 1)
        #expect(!outcome.clearText.contains("86753"))
        #expect(desk.record.lockout?.failures == 1)
    }

    @Test("the value that locks tells the locks, and the user where the policy says so")
    func locks() throws {
        var desk = Desk()
        desk.rule("hotp") { $0.life.notices = [.locked] }
        let token = desk.add("hotp")
        desk.record.contact = DirectoryEntry(email: "a@example.org", revision: 1)
        var outcomes: [Outcome] = []
        for _ in 1...6 { outcomes.append(try verify(&desk, "0", ["tokenId": text(token)])) }
        #expect(outcomes.map(\.events.count) == [1, 1, 1, 1, 2, 1])
        #expect(outcomes[4].event(.tokenLocked)?["lockedUntil"] == "2023-11-14T22:14:20.000Z")
        #expect(outcomes[4].notifications.map(\.template) == ["notice.locked"])
        #expect(outcomes[4].rejection?.details.attemptsLeft == 0)
        #expect(outcomes[5].rejection?.code == .locked)
        #expect(outcomes[5].event(.otpRejected)?["code"] == "locked")
        for _ in 7...11 { outcomes.append(try verify(&desk, "0")) }
        let last = try #require(outcomes.last)
        #expect(last.rejection?.code == .locked)
        #expect(last.event(.userLocked) == nil)
    }

    @Test("a user's lock is told once")
    func userLock() throws {
        var desk = Desk()
        _ = desk.add("hotp")
        let events = try (1...11).map { _ in try verify(&desk, "0").event(.userLocked) }
        #expect(events.count { $0 != nil } == 1)
        #expect(events[9] == ["userId": "alice", "lockedUntil": "2023-11-14T22:14:20.000Z"])
    }

    @Test("an unknown user, and a user without tokens, get the same answer and no record")
    func unknown() throws {
        var desk = Desk(user: "mallory")
        let outcome = try verify(&desk, "123456")
        #expect(outcome.rejection == Rejection(.noActiveToken))
        #expect(outcome.event(.otpRejected)?["code"] == "no_active_token")
        #expect(desk.state == WorkingSet())
        desk.record = UserRecord(key: desk.user, lockout: Lockout())
        let before = desk.state
        #expect(try verify(&desk, "123456").rejection == outcome.rejection)
        #expect(desk.state == before)
    }

    @Test("a sealed value is opened for its user; another's is refused, told to nobody and not counted")
    func sealed() throws {
        var desk = Desk()
        let token = desk.add("hotp")
        let before = desk.state
        let foreign = try verify(&desk, "eyJ.otp.bob.\(desk.shown(token, 0))")
        #expect(foreign.rejection?.code == .invalidCiphertext)
        #expect(foreign.events.isEmpty)
        let long = try verify(&desk, "eyJ.otp.alice.\(String(repeating: "1", count: 65))")
        #expect(long.rejection == .malformed(field: "/otp"))
        #expect(desk.state == before)
        #expect(try verify(&desk, "eyJ.otp.alice.\(desk.shown(token, 0))").result != nil)
    }

    @Test("the first OTP activates, and that is told")
    func activation() throws {
        var desk = Desk()
        let token = desk.add("hotp", status: .pending)
        let early = try verify(&desk, desk.shown(token, 0), ["tokenId": text(token)])
        #expect(early.rejection == Rejection(.wrongStatus, .init(status: .pending)))
        let outcome = try verify(&desk, desk.shown(token, 0), ["purpose": "enrollment"])
        #expect(outcome.events.map(\.type) == [.otpVerified, .tokenActivated])
        #expect(outcome.event(.tokenActivated)?["token"]?.objectValue?["status"] == "ACTIVE")
    }

    @Test("a proved new address is told as an edit, masked")
    func contactChange() throws {
        var desk = Desk()
        let token = desk.add("sms")
        desk.record[token]?.device.pendingAddress = "+41790000099"
        let sent = try desk.send(RequestOTPHandler(), ["purpose": "contact-change"])
        let otp = try #require(sent.notifications.first?.content["otp"]?.stringValue)
        #expect(sent.notifications.first?.content["to"] == "+41790000099")
        let outcome = try verify(&desk, otp, ["purpose": "contact-change"])
        #expect(outcome.event(.tokenEdited)?["token"]?.objectValue?["device"] == "+41*******99")
        #expect(!outcome.clearText.contains("0000099"))
    }
}
