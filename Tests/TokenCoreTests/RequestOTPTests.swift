import Testing
import TokenCore

@Suite("otp.request")
struct RequestOTPTests {
    private func issued(_ result: Result<RequestedOTP, Rejection>) throws -> RequestedOTP { try result.get() }

    private func approval(_ text: String = "Pay 10", reference: String = "tx-1") throws -> Approval {
        try Approval(reference: reference, text: text, canonical: Array("\(reference)|\(text)".utf8))
    }

    @Test("the OTP that was sent verifies once")
    func once() throws {
        var scene = Scene()
        scene.add("sms")
        let sent = try issued(scene.request())
        let otp = try #require(sent.value.digits)
        #expect(otp.count == 6)
        #expect(sent.address == "+41790000067")
        #expect(sent.challenge.expiresAt == scene.now.adding(seconds: 300))
        #expect(sent.resendAfter == scene.now.adding(seconds: 30))
        #expect(sent.sendsLeft == 4)
        #expect(!sent.isResend)
        #expect(scene.code(otp, challenge: sent.challenge.id) == "ok")
        #expect(scene.code(otp, challenge: sent.challenge.id) == "challenge_used")
        #expect(scene.code(otp) == "challenge_used")
    }

    @Test("an OTP verifies until its absolute end, and not at it")
    func end() throws {
        for (after, expected) in [(299, "ok"), (300, "challenge_expired")] {
            var scene = Scene()
            scene.add("sms")
            let sent = try issued(scene.request())
            scene.now = scene.now.adding(seconds: Int64(after))
            let status = try scene.state.status(of: sent.challenge.id, in: scene.context)
            #expect(status.state == (after == 300 ? .expired : .open))
            #expect(scene.code(sent.value.digits ?? "", challenge: sent.challenge.id) == expected)
        }
    }

    @Test("asked for again too early nothing is sent; later a new value replaces the old, in the same challenge")
    func resend() throws {
        var scene = Scene()
        scene.add("sms")
        let first = try issued(scene.request())
        let old = try #require(first.value.digits)
        _ = scene.verify(wrong(old), challenge: first.challenge.id)
        scene.now = scene.now.adding(seconds: 29)
        let before = scene.state
        #expect(scene.request().failure == Rejection(.tooManyRequests, .init(retryAfter: 1)))
        #expect(scene.state == before)
        scene.now = scene.now.adding(seconds: 1)
        let second = try issued(scene.request())
        #expect(second.isResend)
        #expect(second.challenge.id == first.challenge.id)
        #expect(second.challenge.expiresAt == first.challenge.expiresAt)
        #expect(second.challenge.attempts == 1)
        #expect(second.sendsLeft == 3)
        #expect(second.challenge.otp.notificationID != first.challenge.otp.notificationID)
        #expect(scene.code(old, challenge: first.challenge.id) == "challenge_superseded")
        #expect(scene.code(old) == "challenge_superseded")
        #expect(scene.record[first.challenge.id]?.attempts == 1)
        #expect(scene.record.lockout?.failures == 1)
        #expect(scene.code(second.value.digits ?? "") == "ok")
    }

    @Test("maxSends bounds what one challenge sends; attempts are not given back by a resend")
    func maxSends() throws {
        var scene = Scene()
        scene.rule("sms") { $0.challenge.maxSends = 3 }
        scene.add("sms")
        var id: ChallengeID?
        for left in [2, 1, 0] {
            let sent = try issued(scene.request())
            #expect(sent.sendsLeft == left)
            #expect(id == nil || id == sent.challenge.id)
            id = sent.challenge.id
            _ = scene.verify("no", challenge: sent.challenge.id)
            scene.now = scene.now.adding(seconds: 30)
        }
        #expect(scene.request().failure == Rejection(.tooManyRequests, .init(retryAfter: 210)))
        #expect(id.flatMap { scene.record[$0] }?.attempts == 3)
    }

    @Test("there is one open challenge for each token and purpose")
    func onePerPurpose() throws {
        var scene = Scene()
        let token = scene.add("sms")
        let login = try issued(scene.request(.login, token: token))
        let helpdesk = try issued(scene.request(.helpdesk, token: token))
        #expect(login.challenge.id != helpdesk.challenge.id)
        #expect(scene.code(login.value.digits ?? "", .helpdesk, challenge: login.challenge.id) == "purpose_mismatch")
        #expect(scene.record[login.challenge.id]?.attempts == 1)
        #expect(scene.record.lockout?.failures == 1)
        #expect(scene.code(login.value.digits ?? "", .login, challenge: login.challenge.id) == "ok")
        #expect(scene.code(helpdesk.value.digits ?? "", .helpdesk) == "ok")
    }

    @Test("an approval verifies with its own context only, and tells what it was bound to")
    func approvals() throws {
        var scene = Scene()
        scene.add("sms")
        let context = try approval()
        let sent = try issued(scene.request(.approval, approval: context))
        let otp = try #require(sent.value.digits)
        let other = Array("other".utf8)
        #expect(scene.code(otp, .approval, challenge: sent.challenge.id, context: other) == "context_mismatch")
        #expect(scene.code(otp, .approval, challenge: sent.challenge.id) == "context_mismatch")
        #expect(scene.code(otp, .approval, context: other) == "context_mismatch")
        #expect(scene.record[sent.challenge.id]?.attempts == 3)
        let outcome = scene.verify(otp, .approval, challenge: sent.challenge.id, context: context.canonical)
        #expect(try outcome?.result.get().boundTo == "tx-1")
    }

    @Test("an approval asked for with another context replaces the open one at once")
    func replacedApproval() throws {
        var scene = Scene()
        scene.add("sms")
        let first = try issued(scene.request(.approval, approval: approval()))
        let second = try issued(scene.request(.approval, approval: approval(reference: "tx-2")))
        #expect(second.challenge.id != first.challenge.id)
        #expect(!second.isResend)
        #expect(scene.record[first.challenge.id]?.state == .superseded)
        let old = try #require(first.value.digits)
        let bytes = try approval().canonical
        #expect(scene.code(old, .approval, challenge: first.challenge.id, context: bytes) == "challenge_superseded")
        #expect(scene.code(old, .approval, context: bytes) == "challenge_superseded")
        #expect(scene.record.lockout?.failures == 0)
        #expect(scene.request(.approval, approval: try approval(reference: "tx-2")).failure?.code == .tooManyRequests)
    }

    @Test("purpose approval needs a context, and no other takes one")
    func contextPresence() throws {
        var scene = Scene()
        scene.add("sms")
        #expect(scene.request(.approval).failure == .malformed(field: "/context"))
        #expect(scene.request(.login, approval: try approval()).failure?.code == .contextNotAllowed)
    }

    @Test(
        "a text that could be taken for more than words is not allowed",
        arguments: [
            "see https://evil.example", "WWW.evil.example", "{{otp}}", "{% if %}", "${x}", "a\nb", "a\u{7}b",
            "a\u{202E}b", "a\u{2066}b", "a\u{61C}b", "a\u{2028}b", String(repeating: "x", count: 161),
        ]
    )
    func texts(text: String) {
        #expect(throws: Rejection(.contextNotAllowed)) { try approval(text) }
    }

    @Test("plain texts of 160 characters and references of 128 are allowed")
    func longestTexts() throws {
        _ = try approval(String(repeating: "ä", count: 160), reference: String(repeating: "r", count: 128))
        #expect(throws: Rejection.malformed(field: "/context/reference")) {
            try approval(reference: String(repeating: "r", count: 129))
        }
        #expect(throws: Rejection.malformed(field: "/context/reference")) { try approval(reference: "a\u{0}") }
        #expect(throws: Rejection.malformed(field: "/context/reference")) { try approval(reference: "") }
        #expect(throws: Rejection.malformed(field: "/context/text")) { try approval("") }
    }

    @Test("which token: the only deliverable one, else the reason why there is none")
    func whichToken() throws {
        var scene = Scene()
        #expect(scene.request().failure?.code == .noActiveToken)
        #expect(scene.request(token: TokenID(scene.context.newID())).failure?.code == .tokenNotFound)
        let totp = scene.add("totp")
        #expect(scene.request().failure?.code == .notDeliverable)
        #expect(scene.request(token: totp).failure?.code == .notDeliverable)
        let virtual = scene.add("virtual", channel: .email)
        #expect(scene.request(token: virtual).failure?.code == .notDeliverable)
        scene.record.contact = DirectoryEntry(email: "a@example.org", revision: 1)
        #expect(try issued(scene.request()).address == "a@example.org")
        let sms = scene.add("sms")
        #expect(scene.request().failure?.code == .ambiguousToken)
        scene.record[virtual]?.status = .disabled
        #expect(try issued(scene.request()).tokenID == sms)
        let refused = scene.request(token: virtual).failure
        #expect(refused == Rejection(.wrongStatus, .init(status: .disabled)))
        #expect(scene.request(.enrollment, token: sms).failure?.code == .wrongStatus)
        #expect(scene.request(.enrollment).failure?.code == .noActiveToken)
    }

    @Test("a locked token gets no OTP")
    func locked() throws {
        var scene = Scene()
        let sms = scene.add("sms")
        _ = try issued(scene.request())
        for _ in 1...5 { _ = scene.code("no", token: sms) }
        scene.now = scene.now.adding(seconds: 30)
        let refusal = scene.request().failure
        #expect(refusal?.code == .locked)
        #expect(refusal?.details.retryAfter == 30)
    }

    @Test("contact-change sends to the new address, and makes it current")
    func contactChange() throws {
        var scene = Scene()
        let sms = scene.add("sms")
        #expect(scene.request(.contactChange).failure?.code == .notDeliverable)
        scene.record[sms]?.device.pendingAddress = "+41790000099"
        let login = try issued(scene.request(.login))
        let sent = try issued(scene.request(.contactChange))
        #expect(sent.address == "+41790000099")
        #expect(login.address == "+41790000067")
        let outcome = scene.verify(sent.value.digits ?? "", .contactChange)
        #expect(try outcome?.result.get().isContactChange == true)
        #expect(scene.token(sms)?.device.address == "+41790000099")
        #expect(scene.token(sms)?.device.pendingAddress == nil)
        #expect(scene.code(login.value.digits ?? "", challenge: login.challenge.id) == "challenge_void")
    }

    @Test("a disabled token's challenges are void, and stay so when it is enabled again")
    func void() throws {
        var scene = Scene()
        let sms = scene.add("sms")
        let sent = try issued(scene.request())
        scene.record.voidChallenges(of: sms)
        #expect(scene.code(sent.value.digits ?? "", challenge: sent.challenge.id) == "challenge_void")
        scene.record[sms] = nil
        #expect(scene.code(sent.value.digits ?? "", challenge: sent.challenge.id) == "challenge_void")
    }

    @Test("cancel ends an open challenge and says so for a used one")
    func cancel() throws {
        var scene = Scene()
        scene.add("sms")
        let sent = try issued(scene.request())
        try scene.cancel(sent.challenge.id)
        #expect(scene.code(sent.value.digits ?? "", challenge: sent.challenge.id) == "challenge_void")
        try scene.cancel(sent.challenge.id)
        let next = try issued(scene.request())
        #expect(next.challenge.id != sent.challenge.id)
        #expect(scene.code(next.value.digits ?? "") == "ok")
        #expect(throws: Rejection(.challengeUsed)) { try scene.cancel(next.challenge.id) }
        let unknown = ChallengeID(scene.context.newID())
        #expect(throws: Rejection(.challengeNotFound)) { try scene.cancel(unknown) }
    }
}

extension Result where Failure == Rejection {
    var failure: Rejection? {
        if case .failure(let rejection) = self { rejection } else { nil }
    }
}
