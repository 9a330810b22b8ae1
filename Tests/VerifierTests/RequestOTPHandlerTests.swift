import Contract
import Testing
import TokenCore
import WorkerRuntime

@testable import Verifier

@Suite("otp.request, handled")
struct RequestOTPHandlerTests {
    @Test("answers with the challenge, tells it as a fact, and sends the OTP under a seal only")
    func request() throws {
        var desk = Desk()
        let token = desk.add("sms")
        let outcome = try desk.send(RequestOTPHandler(), ["purpose": "login", "locale": "de-CH"])
        let challenge = try #require(desk.record.challenges.first)
        #expect(
            outcome.result == [
                "challengeId": text(challenge.id), "tokenId": text(token), "channel": "sms",
                "destination": "+41*******67", "expiresAt": "2023-11-14T22:18:20.000Z",
                "resendAfter": "2023-11-14T22:13:50.000Z", "sendsLeft": 4, "resend": false,
            ]
        )
        let message = try #require(outcome.notifications.first)
        let otp = try #require(message.content["otp"]?.stringValue)
        #expect(otp.count == 6)
        #expect(message.id == challenge.otp.notificationID)
        #expect(message.template == "otp")
        #expect(message.channel == .sms)
        #expect(message.locale == "de-CH")
        #expect(message.challengeID == challenge.id)
        #expect(message.expires == challenge.expiresAt)
        #expect(
            message.content == [
                "to": "+41790000067", "otp": .string(otp), "typeName": "SMS code", "tokenType": "sms",
                "maskedDevice": "+41*******67",
                "minutes": 5,
            ]
        )
        let fact = try #require(outcome.event(.otpRequested))
        #expect(fact["purpose"] == "login")
        #expect(fact["token"]?.objectValue?["device"] == "+41*******67")
        #expect(!outcome.clearText.contains(otp))
        #expect(!outcome.clearText.contains("+41790000067"))
        #expect(outcome.tokens == [token])
        #expect(try desk.send(VerifyOTPHandler(), ["otp": .string(otp), "purpose": "login"]).result != nil)
    }

    @Test("an approval's message shows its text, and the challenge is bound to the whole context")
    func approval() throws {
        var desk = Desk()
        _ = desk.add("email")
        let context: JSONValue = ["reference": "tx-1", "text": "Pay 10 €", "fields": ["b": 1, "a": 2]]
        let same: JSONValue = ["fields": ["a": 2, "b": 1], "text": "Pay 10 €", "reference": "tx-1"]
        let other: JSONValue = ["reference": "tx-1", "text": "Pay 10 €", "fields": ["b": 1, "a": 3]]
        let outcome = try desk.send(RequestOTPHandler(), ["purpose": "approval", "context": context])
        let message = try #require(outcome.notifications.first)
        #expect(message.template == "otp.approval")
        #expect(message.content["context"] == "Pay 10 €")
        let otp = try #require(message.content["otp"])
        let refused = try desk.send(VerifyOTPHandler(), ["otp": otp, "purpose": "approval", "context": other])
        #expect(refused.rejection?.code == .contextMismatch)
        let verified = try desk.send(VerifyOTPHandler(), ["otp": otp, "purpose": "approval", "context": same])
        #expect(verified.result?["boundTo"] == "tx-1")
    }

    @Test("a text that is not allowed sends nothing")
    func texts() throws {
        var desk = Desk()
        _ = desk.add("sms")
        let before = desk.state
        let context: JSONValue = ["reference": "1", "text": "www.evil.example"]
        let outcome = try desk.send(RequestOTPHandler(), ["purpose": "approval", "context": context])
        #expect(outcome.rejection?.code == .contextNotAllowed)
        #expect(outcome.notifications.isEmpty && outcome.events.isEmpty)
        #expect(desk.state == before)
        let missing = try desk.send(RequestOTPHandler(), ["purpose": "approval"])
        #expect(missing.rejection == .malformed(field: "/context"))
    }

    @Test("a blocked destination and a spent budget are facts; asking again too early is none")
    func refusals() throws {
        var desk = Desk()
        let token = desk.add("sms")
        desk.limits = SendingLimits(user: [.init(count: 1, seconds: 900)], destination: [])
        _ = try desk.send(RequestOTPHandler(), ["purpose": "login"])
        let early = try desk.send(RequestOTPHandler(), ["purpose": "login"])
        #expect(early.rejection?.code == .tooManyRequests)
        #expect(early.events.isEmpty)
        desk.now = desk.now.adding(seconds: 30)
        let limited = try desk.send(RequestOTPHandler(), ["purpose": "login"])
        #expect(limited.rejection?.details.limit == "user")
        #expect(limited.event(.otpRejected)?["code"] == "too_many_requests")
        desk.limits.countries = ["+49"]
        let blocked = try desk.send(RequestOTPHandler(), ["purpose": "login", "tokenId": text(token)])
        #expect(blocked.rejection?.code == .destinationBlocked)
        #expect(blocked.event(.otpRejected)?["token"] != nil)
        #expect(blocked.notifications.isEmpty)
    }

    @Test("a virtual token's OTP goes to the directory's contact, in its locale")
    func virtual() throws {
        var desk = Desk()
        let token = desk.add("virtual")
        desk.record[token]?.device.channel = .email
        desk.record.contact = DirectoryEntry(email: "a.b@example.org", locale: "fr", revision: 1)
        let outcome = try desk.send(RequestOTPHandler(), ["purpose": "login"])
        #expect(outcome.result?["destination"] == "a***@example.org")
        #expect(outcome.notifications.first?.content["to"] == "a.b@example.org")
        #expect(outcome.notifications.first?.locale == "fr")
    }
}
