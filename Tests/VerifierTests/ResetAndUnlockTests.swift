import Contract
import Testing
import TokenCore
import WorkerRuntime

@testable import Verifier

@Suite("token.reset, token.unlock and user.unlock, handled")
struct ResetAndUnlockTests {
    @Test("a good pair resets and unlocks, and the user hears of it where the policy says so")
    func reset() throws {
        var desk = Desk()
        desk.rule("hotp-hardware") { $0.life.notices = [.reset] }
        let token = desk.add("hotp-hardware", serial: "H-1")
        desk.record.contact = DirectoryEntry(phone: "+41790000001", revision: 1)
        for _ in 1...5 {
            _ = try desk.send(VerifyOTPHandler(), ["otp": "0", "purpose": "login", "tokenId": text(token)])
        }
        let pair: JSONObject = [
            "tokenId": text(token), "otp1": .string(desk.shown(token, 400)), "otp2": .string(desk.shown(token, 401)),
        ]
        let outcome = try desk.send(ResetTokenHandler(), pair)
        #expect(outcome.events.map(\.type) == [.tokenReset, .tokenUnlocked])
        #expect(outcome.result?["token"]?.objectValue?["failures"] == 0)
        #expect(outcome.notifications.map(\.template) == ["notice.reset"])
        #expect(outcome.notifications.first?.content["maskedDevice"] == "H-1")
        let again = try desk.send(ResetTokenHandler(), pair)
        #expect(again.rejection?.code == .otpReplayed)
        #expect(again.event(.otpRejected)?["command"] == "token.reset")
    }

    @Test("wrong order, wrong version and the wrong kind are told apart")
    func refusals() throws {
        var desk = Desk()
        let token = desk.add("hotp")
        let swapped: JSONObject = [
            "tokenId": text(token), "otp1": .string(desk.shown(token, 8)), "otp2": .string(desk.shown(token, 7)),
        ]
        #expect(try desk.send(ResetTokenHandler(), swapped).rejection?.code == .otpWrongOrder)
        var versioned = swapped
        versioned.set("ifVersion", to: 1)
        let conflict = try desk.send(ResetTokenHandler(), versioned)
        #expect(conflict.rejection == Rejection(.versionConflict, .init(version: 2)))
        #expect(conflict.events.isEmpty)
        let sms = desk.add("sms")
        let odd: JSONObject = ["tokenId": text(sms), "otp1": "1", "otp2": "2"]
        #expect(try desk.send(ResetTokenHandler(), odd).rejection?.code == .notResettable)
        var stranger = Desk(user: "bob")
        stranger.state = desk.state
        #expect(try stranger.send(ResetTokenHandler(), swapped).rejection?.code == .tokenNotFound)
        #expect(stranger.state == desk.state)
    }

    @Test("unlocking a token lets it verify, tells it once, and leaves the user's count")
    func unlockToken() throws {
        var desk = Desk()
        desk.rule("hotp") { $0.life.notices = [.unlocked] }
        let token = desk.add("hotp")
        desk.record.contact = DirectoryEntry(email: "a@example.org", revision: 1)
        for _ in 1...5 {
            _ = try desk.send(VerifyOTPHandler(), ["otp": "0", "purpose": "login", "tokenId": text(token)])
        }
        let outcome = try desk.send(UnlockTokenHandler(), ["tokenId": text(token), "reason": "called"])
        #expect(outcome.result?["token"]?.objectValue?["lockedUntil"] == .null)
        #expect(outcome.event(.tokenUnlocked)?["reason"] == "called")
        #expect(outcome.notifications.map(\.template) == ["notice.unlocked"])
        #expect(desk.record.lockout?.failures == 5)
        let again = try desk.send(UnlockTokenHandler(), ["tokenId": text(token)])
        #expect(again.result != nil)
        #expect(again.events.isEmpty && again.notifications.isEmpty)
        let right: JSONObject = ["otp": .string(desk.shown(token, 0)), "purpose": "login", "tokenId": text(token)]
        #expect(try desk.send(VerifyOTPHandler(), right).result != nil)
    }

    @Test("unlocking a user ends the lock, leaves tokens locked, and makes no record of a stranger")
    func unlockUser() throws {
        var desk = Desk()
        let token = desk.add("hotp")
        for _ in 1...10 { _ = try desk.send(VerifyOTPHandler(), ["otp": "0", "purpose": "login"]) }
        desk.record[token]?.lockout.lockedUntil = desk.now.adding(seconds: 60)
        let outcome = try desk.send(UnlockUserHandler(), ["reason": "called"])
        #expect(outcome.result == ["userId": "alice"])
        #expect(outcome.event(.userUnlocked) == ["userId": "alice", "reason": "called"])
        #expect(desk.record.lockout == Lockout())
        #expect(desk.record[token]?.lockout.lockedUntil != nil)
        #expect(try desk.send(UnlockUserHandler(), [:]).events.isEmpty)

        var stranger = Desk(user: "bob")
        #expect(try stranger.send(UnlockUserHandler(), [:]).result == ["userId": "bob"])
        #expect(stranger.state == WorkingSet())
    }
}
