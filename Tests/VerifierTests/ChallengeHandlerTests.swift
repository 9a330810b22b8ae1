import Contract
import Testing
import TokenCore
import WorkerRuntime

@testable import Verifier

@Suite("otp.cancel and otp.status, handled")
struct ChallengeHandlerTests {
    private func requested(_ desk: inout Desk) throws -> (id: JSONValue, otp: JSONValue) {
        let outcome = try desk.send(RequestOTPHandler(), ["purpose": "login"])
        return (try #require(outcome.result?["challengeId"]), try #require(outcome.notifications.first?.content["otp"]))
    }

    private func state(_ desk: inout Desk, _ id: JSONValue) throws -> JSONValue? {
        try desk.send(OTPStatusHandler(), ["challengeId": id]).result?["state"]
    }

    @Test("a challenge is open, then used; used it is not cancelled")
    func used() throws {
        var desk = Desk()
        _ = desk.add("sms")
        let (id, otp) = try requested(&desk)
        #expect(try state(&desk, id) == "open")
        _ = try desk.send(VerifyOTPHandler(), ["otp": otp, "purpose": "login"])
        #expect(try state(&desk, id) == "used")
        #expect(try desk.send(CancelOTPHandler(), ["challengeId": id]).rejection == Rejection(.challengeUsed))
    }

    @Test("a cancelled challenge is void")
    func cancelled() throws {
        var desk = Desk()
        _ = desk.add("sms")
        let (id, otp) = try requested(&desk)
        #expect(try desk.send(CancelOTPHandler(), ["challengeId": id]).result == ["challengeId": id])
        #expect(try state(&desk, id) == "void")
        let outcome = try desk.send(VerifyOTPHandler(), ["otp": otp, "purpose": "login", "challengeId": id])
        #expect(outcome.rejection?.code == .challengeVoid)
    }

    @Test("the delivery is that of the last message, queued until something is known of it")
    func delivery() throws {
        var desk = Desk()
        _ = desk.add("sms")
        let (id, _) = try requested(&desk)
        #expect(try desk.send(OTPStatusHandler(), ["challengeId": id]).result?["delivery"] == "queued")
        let first = try #require(desk.record.challenges.first)
        desk.state.deliveries[first.otp.notificationID] = .delivered
        #expect(try desk.send(OTPStatusHandler(), ["challengeId": id]).result?["delivery"] == "delivered")
        desk.now = desk.now.adding(seconds: 30)
        _ = try requested(&desk)
        #expect(try desk.send(OTPStatusHandler(), ["challengeId": id]).result?["delivery"] == "queued")
        desk.now = first.expiresAt
        #expect(try state(&desk, id) == "expired")
    }

    @Test("another user's challenge is not found, like one that never was")
    func foreign() throws {
        var desk = Desk()
        _ = desk.add("sms")
        let (id, _) = try requested(&desk)
        var other = Desk(user: "bob")
        other.state = desk.state
        #expect(try other.send(CancelOTPHandler(), ["challengeId": id]).rejection == Rejection(.challengeNotFound))
        #expect(try other.send(OTPStatusHandler(), ["challengeId": id]).rejection == Rejection(.challengeNotFound))
        #expect(other.state == desk.state)
    }
}
