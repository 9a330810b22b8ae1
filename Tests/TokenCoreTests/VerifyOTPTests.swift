import TestSupport
import Testing
import TokenCore

@Suite("otp.verify")
struct VerifyOTPTests {
    @Test("blanks and hyphens are removed; anything else makes the value wrong, and it counts")
    func format() {
        var scene = Scene()
        let token = scene.add("hotp")
        let shown = scene.shown(token, 0)
        let spaced = "- \(shown.prefix(3)) -\(shown.suffix(3)) "
        for bad in ["", " ", "\t\(shown)", "\(shown)\n", "\(shown)0", String(shown.dropLast()), "１２３４５６", "\0"] {
            #expect(scene.code(bad, token: token) == "otp_mismatch", "\(bad.debugDescription)")
            scene.record[token]?.lockout = Lockout()
            #expect(scene.record.lockout?.failures == 1)
            scene.record.lockout = Lockout()
        }
        #expect(scene.code(spaced, token: token) == "ok")
    }

    @Test("64 bytes are looked at, 65 are malformed and count for nobody")
    func longValue() throws {
        #expect(throws: Rejection.malformed(field: "/otp1")) {
            try SubmittedOTP(String(repeating: " ", count: 65), field: "/otp1")
        }
        #expect(try SubmittedOTP(String(repeating: "7", count: 64)).digits?.count == 64)
        var scene = Scene()
        let token = scene.add("totp")
        #expect(scene.code(String(repeating: "9", count: 64), token: token) == "otp_mismatch")
    }

    @Test("a value shows in no description")
    func redaction() throws {
        let otp = try SubmittedOTP("867530")
        let attempt = VerificationAttempt(otp: otp, purpose: .login)
        for shown in ["\(otp)", String(reflecting: otp), "\(attempt)", String(reflecting: attempt)] {
            #expect(!shown.contains("867530"))
        }
        var dumped = ""
        dump(attempt, to: &dumped)
        #expect(!dumped.contains("867530"))
    }

    @Test("each status admits just the purposes of the table", arguments: TokenStatus.allCases, Purpose.allCases)
    func statuses(status: TokenStatus, purpose: Purpose) {
        guard status != .deleted, purpose != .contactChange else { return }
        var scene = Scene()
        let token = scene.add("totp", status: status)
        let admits = status == .active ? purpose != .enrollment : status == .pending && purpose == .enrollment
        let code = scene.code(scene.shown(token, scene.step), purpose, token: token)
        #expect(code == (admits ? "ok" : "wrong_status"))
        var unnamed = Scene()
        let other = unnamed.add("totp", status: status)
        let answer = unnamed.code(unnamed.shown(other, unnamed.step), purpose)
        #expect(answer == (admits ? "ok" : "no_active_token"))
    }

    @Test("enrollment activates a PENDING token, and spends the value")
    func activation() {
        var scene = Scene()
        let token = scene.add("totp", status: .pending)
        let shown = scene.shown(token, scene.step)
        guard case .success(let verification)? = scene.verify(shown, .enrollment, token: token)?.result else {
            Issue.record("refused")
            return
        }
        #expect(verification.isActivation)
        #expect(scene.token(token)?.status == .active)
        #expect(scene.token(token)?.times.activatedAt == scene.now)
        #expect(scene.token(token)?.times.activateBefore == nil)
        #expect(scene.token(token)?.times.lastUsedAt == nil)
        #expect(scene.token(token)?.version == 2)
        #expect(scene.code(shown, token: token) == "otp_replayed")
    }

    @Test("login, approval and helpdesk move lastUsedAt; test does not, and spends the value all the same")
    func use() {
        for purpose in [Purpose.login, .approval, .helpdesk, .test] {
            var scene = Scene()
            let token = scene.add("totp")
            #expect(scene.code(scene.shown(token, scene.step), purpose, token: token) == "ok")
            #expect(scene.token(token)?.times.lastUsedAt == (purpose == .test ? nil : scene.now))
            #expect(scene.token(token)?.times.updatedAt == Scene.start)
            #expect(scene.code(scene.shown(token, scene.step), .login, token: token) == "otp_replayed")
        }
    }

    @Test("expiry, the end of PENDING and a retired type hold at the instant, though no scanner came by")
    func ends() {
        var scene = Scene()
        let token = scene.add("totp")
        scene.record[token]?.times.expiresAt = Scene.start.adding(seconds: 100)
        scene.now = scene.now.adding(seconds: 99)
        #expect(scene.code(scene.shown(token, scene.step), token: token) == "ok")
        scene.now = scene.now.adding(seconds: 1)
        #expect(scene.code(scene.shown(token, scene.step + 1), token: token) == "wrong_status")

        var pending = Scene()
        let fresh = pending.add("totp", status: .pending)
        pending.now = pending.now.adding(seconds: 604_800)
        #expect(pending.code(pending.shown(fresh, pending.step), .enrollment, token: fresh) == "wrong_status")

        var retired = Scene()
        let sms = retired.add("sms")
        guard case .success(let issued) = retired.request() else { return }
        retired.types["sms"]?.isRetired = true
        #expect(retired.code(issued.value.digits ?? "", challenge: issued.challenge.id) == "challenge_void")
        #expect(retired.code("1", token: sms) == "wrong_status")
        #expect(retired.code("1") == "no_active_token")
    }

    @Test("a value that fits several is credited to the first and spent for all")
    func several() {
        var scene = Scene()
        let hotp = scene.add("hotp")
        let totp = scene.add("totp")
        let sms = scene.add("sms")
        guard case .success(let issued) = scene.request(.login, token: sms) else { return }
        // Three tokens that show the same: the seeds are one, and the challenge's digest is made to fit.
        let step = scene.step
        let seed = SealedSecret(bytes: [1, 2, 3, 4])
        scene.record[totp]?.oath?.secret = seed
        scene.record[hotp]?.oath?.secret = seed
        scene.record[hotp]?.oath?.movingFactor = step
        let shown = text(
            HOTP.value(of: HMACDevice(seed: [1, 2, 3, 4]), at: scene.step, digits: 6),
            6
        )
        let digest = ClearCryptography().digest(otp: shown, of: issued.challenge.id)
        scene.record[issued.challenge.id]?.otp.current = digest
        let outcome = scene.verify(shown)
        #expect(outcome?.tokenID == sms)
        #expect(scene.record[issued.challenge.id]?.state == .used)
        #expect(scene.token(totp)?.oath?.movingFactor == scene.step + 1)
        #expect(scene.token(hotp)?.oath?.movingFactor == scene.step + 1)
        #expect(scene.token(hotp)?.times.lastUsedAt == nil)
        #expect(scene.code(shown) == "otp_replayed")
        #expect(scene.code(shown, token: totp) == "otp_replayed")
    }

    @Test("a type with requireBinding refuses unbound values for approval only, and nothing counts")
    func bindingRequired() {
        var scene = Scene()
        scene.rule("totp") { $0.permits.requireBinding = true }
        let token = scene.add("totp")
        let shown = scene.shown(token, scene.step)
        #expect(scene.code(shown, .approval, token: token) == "binding_required")
        #expect(scene.code(shown, .approval) == "binding_required")
        #expect(scene.record.lockout?.failures == 0)
        #expect(scene.code(shown, .login) == "ok")
    }

    @Test("without an open challenge a delivered token has nothing to verify")
    func nothingOpen() {
        var scene = Scene()
        let sms = scene.add("sms")
        #expect(scene.code("123456") == "challenge_not_found")
        #expect(scene.code("123456", token: sms) == "challenge_not_found")
        #expect(scene.record.lockout?.failures == 0)
    }

    @Test("a recovery code verifies once; used again it is wrong, and counts")
    func recovery() {
        var scene = Scene()
        let token = scene.add("recovery")
        let (stored, codes) = RecoveryCodes.make(count: 3, for: token, in: scene.context)
        scene.record[token]?.recovery = stored
        #expect(Set(codes).count == 3)
        #expect(scene.code(codes[1]) == "ok")
        #expect(scene.code(codes[1]) == "otp_mismatch")
        #expect(scene.record.lockout?.failures == 1)
        let spelled = "\(codes[0].prefix(5))-\(codes[0].suffix(5))"
        #expect(scene.code(spelled, token: token) == "ok")
        #expect(scene.token(token)?.recovery?.unused.count == 1)
    }

    @Test("a seal that does not open verifies nothing")
    func damaged() {
        var scene = Scene()
        let token = scene.add("totp")
        scene.record[token]?.oath?.secret = SealedSecret(bytes: [])
        #expect(scene.code(scene.shown(token, scene.step), token: token) == "otp_mismatch")
    }

    @Test("the person learns of a lock or of a wrong value, and of nothing else")
    func publicCodes() {
        let shown = Rejection.Code.all.filter { $0.publicCode != nil }
        #expect(shown.allSatisfy { $0.publicCode == ($0 == .locked ? .locked : .otpMismatch) })
        #expect(Rejection.Code.malformed.publicCode == nil)
        #expect(Rejection.Code.challengeUsed.publicCode == .otpMismatch)
        #expect(Rejection.Code.noActiveToken.publicCode == .otpMismatch)
        #expect(Rejection.Code.tokenNotFound.publicCode == .otpMismatch)
        #expect(shown.count == 17)
    }

    @Test("reset tells the wrong order, keeps a DISABLED token so, and activates a PENDING one")
    func reset() {
        var scene = Scene()
        let disabled = scene.add("hotp", status: .disabled)
        let swapped = scene.reset(disabled, scene.shown(disabled, 41), scene.shown(disabled, 40))
        #expect(Scene.code(swapped?.result) == "otp_wrong_order")
        #expect(scene.token(disabled)?.lockout.failures == 1)
        let good = scene.reset(disabled, scene.shown(disabled, 40), scene.shown(disabled, 41))
        #expect(Scene.code(good?.result) == "ok")
        #expect(scene.token(disabled)?.status == .disabled)
        #expect(scene.token(disabled)?.oath?.movingFactor == 42)
        #expect(scene.token(disabled)?.lockout.failures == 0)
        let again = scene.reset(disabled, scene.shown(disabled, 41), scene.shown(disabled, 42))
        #expect(Scene.code(again?.result) == "otp_replayed")

        let pending = scene.add("totp", status: .pending)
        let step = scene.step
        let first = scene.reset(pending, scene.shown(pending, step), scene.shown(pending, step + 1))
        guard case .success(let reset)? = first?.result else {
            Issue.record("refused")
            return
        }
        #expect(reset.isActivation)
        #expect(scene.token(pending)?.status == .active)

        let sms = scene.add("sms")
        #expect(Scene.code(scene.reset(sms, "1", "2")?.result) == "not_resettable")
        let gone = scene.add("hotp", status: .unassigned)
        #expect(Scene.code(scene.reset(gone, "1", "2")?.result) == "wrong_status")
    }
}
