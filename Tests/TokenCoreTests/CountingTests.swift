import Testing
import TokenCore

@Suite("Counting and locking")
struct CountingTests {
    private static func details(_ outcome: CountedOutcome<Verification>?) -> Rejection.Details? {
        if case .failure(let rejection)? = outcome?.result { rejection.details } else { nil }
    }

    @Test(
        "a named token locks at maxFailures; the right value is refused as long as the lock holds, and right after it"
    )
    func tokenLock() {
        var scene = Scene()
        let token = scene.add("totp")
        for left in [4, 3, 2, 1, 0] {
            let right = scene.shown(token, scene.step)
            let outcome = scene.verify(wrong(right), token: token)
            #expect(Scene.code(outcome?.result) == "otp_mismatch")
            #expect(Self.details(outcome)?.attemptsLeft == left)
            #expect(Self.details(outcome)?.lockedUntil == (left == 0 ? scene.now.adding(seconds: 60) : nil))
            #expect(outcome?.lockedTokens == (left == 0 ? [token] : []))
        }
        let locked = scene.verify(scene.shown(token, scene.step), token: token)
        #expect(Scene.code(locked?.result) == "locked")
        #expect(Self.details(locked)?.retryAfter == 60)
        scene.now = scene.now.adding(seconds: 59)
        #expect(scene.code(scene.shown(token, scene.step), token: token) == "locked")
        #expect(scene.token(token)?.lockout.lockedUntil == Scene.start.adding(seconds: 60))
        #expect(scene.record.lockout?.failures == 5)
        scene.now = scene.now.adding(seconds: 1)
        #expect(scene.code(scene.shown(token, scene.step), token: token) == "ok")
        #expect(scene.token(token)?.lockout == Lockout())
        #expect(scene.record.lockout == Lockout())
    }

    @Test("locks grow along lockSeconds and stay at the last; a success starts anew")
    func growth() {
        var scene = Scene()
        scene.rule("totp") { $0.lockout.userMaxFailures = 50 }
        let token = scene.add("totp")
        for seconds in [60, 300, 900, 3_600, 3_600] as [Int64] {
            for _ in 1...5 { #expect(scene.code("no", token: token) == "otp_mismatch") }
            #expect(scene.code("no", token: token) == "locked")
            #expect(scene.token(token)?.lockout.lockedUntil == scene.now.adding(seconds: seconds))
            scene.now = scene.now.adding(seconds: seconds)
        }
        #expect(scene.code(scene.shown(token, scene.step), token: token) == "ok")
        for _ in 1...5 { _ = scene.code("no", token: token) }
        #expect(scene.token(token)?.lockout.lockedUntil == scene.now.adding(seconds: 60))
    }

    @Test("after maxConsecutiveFailures the lock has no end, until it is unlocked")
    func endless() throws {
        var scene = Scene()
        scene.rule("totp") {
            $0.lockout.maxConsecutiveFailures = 12
            $0.lockout.userMaxFailures = 50
        }
        let token = scene.add("totp")
        for _ in 1...12 {
            if let end = scene.token(token)?.lockout.lockedUntil { scene.now = max(scene.now, end) }
            #expect(scene.code("no", token: token) == "otp_mismatch")
        }
        #expect(scene.token(token)?.lockout.lockedUntil == .never)
        scene.now = scene.now.adding(seconds: 10_000_000)
        let outcome = scene.verify(scene.shown(token, scene.step), token: token)
        #expect(Scene.code(outcome?.result) == "locked")
        #expect(Self.details(outcome)?.retryAfter == nil)
        #expect(Self.details(outcome)?.lockedUntil == .never)
        #expect(try scene.unlock(token))
        let isUnlocked = scene.unlockUser()
        #expect(isUnlocked)
        #expect(scene.code(scene.shown(token, scene.step), token: token) == "ok")
    }

    @Test("no purpose takes guesses without end: by token, by challenge, without a name", arguments: Purpose.allCases)
    func everyPurpose(purpose: Purpose) throws {
        var scene = Scene()
        let totp = scene.add("totp", status: purpose == .enrollment ? .pending : .active)
        let sms = scene.add("sms")
        scene.record[sms]?.device.pendingAddress = "+41790000099"
        let context = purpose == .approval ? Array("context".utf8) : nil
        let approval = try context.map { try Approval(reference: "r", text: "t", canonical: $0) }
        let challenge = purpose == .enrollment ? nil : try scene.request(purpose, token: sms, approval: approval).get()
        let isContactChange = purpose == .contactChange
        var ways: [(token: TokenID?, challenge: ChallengeID?, limit: Int)] = [
            (isContactChange ? sms : totp, nil, 5), (nil, nil, isContactChange ? 5 : 10),
        ]
        if let challenge { ways.append((nil, challenge.challenge.id, 5)) }
        for way in ways {
            var guessed = scene
            let codes = (1...40).map { _ in
                guessed.code("no", purpose, token: way.token, challenge: way.challenge, context: context)
            }
            #expect(codes.prefix { $0 == "otp_mismatch" }.count == way.limit)
            #expect(
                Set(codes.dropFirst(way.limit)).isSubset(of: ["locked", "challenge_exhausted", "challenge_not_found"])
            )
        }
    }

    @Test(
        "guesses at challenges end the token that they are sent for, and lock the user for a while only",
        arguments: [true, false]
    )
    func guessedChallenges(isNamed: Bool) throws {
        var scene = Scene()
        scene.rule("sms") { $0.lockout.maxConsecutiveFailures = 23 }
        let sms = scene.add("sms")
        let mail = scene.add("email")
        let totp = scene.add("totp", status: isNamed ? .active : .disabled)
        for count in 1...23 {
            scene.now = scene.now.adding(seconds: scene.record.lockout?.isLocked(at: scene.now) ?? false ? 3_600 : 0)
            let open = scene.record.challenges.last { scene.record.state(of: $0, in: scene.context) == .open }
            let challenge = try open ?? scene.request(token: sms).get().challenge
            let outcome = scene.verify("no", challenge: isNamed ? challenge.id : nil)
            #expect(Scene.code(outcome?.result) == "otp_mismatch")
            #expect(outcome?.lockedTokens == (count == 23 ? [sms] : []))
            #expect(scene.record.lockout?.lockedUntil != .never)
        }
        #expect(scene.token(sms)?.lockout.lockedUntil == .never)
        #expect(scene.token(sms)?.lockout.failures == 0)
        #expect(Scene.code(scene.request(token: sms)) == "locked")
        scene.now = scene.now.adding(seconds: 3_600)
        #expect(scene.request(token: mail).failure == nil)
        scene.record[totp]?.status = .active
        #expect(scene.code("no", token: totp) == "otp_mismatch")
        #expect(scene.code(scene.shown(totp, scene.step), token: totp) == "ok")
        #expect(try scene.unlock(sms))
        #expect(scene.request(token: sms).failure == nil)
    }

    @Test("with neither token nor challenge named, only the user and the open challenges of the purpose count")
    func unnamed() {
        var scene = Scene()
        let totp = scene.add("totp")
        let sms = scene.add("sms")
        guard case .success(let login) = scene.request(.login, token: sms),
            case .success(let helpdesk) = scene.request(.helpdesk, token: sms)
        else {
            Issue.record("no challenge")
            return
        }
        let outcome = scene.verify("no")
        #expect(Self.details(outcome)?.attemptsLeft == 4)
        #expect(scene.record[login.challenge.id]?.attempts == 1)
        #expect(scene.record[helpdesk.challenge.id]?.attempts == 0)
        #expect(scene.token(totp)?.lockout.failures == 0)
        #expect(scene.token(sms)?.lockout.failures == 0)
        #expect(scene.record.lockout?.failures == 1)
    }

    @Test("with a challenge named, the challenge and the user count, no token; at maxAttempts it is exhausted")
    func namedChallenge() {
        var scene = Scene()
        let sms = scene.add("sms")
        guard case .success(let issued) = scene.request() else {
            Issue.record("no challenge")
            return
        }
        let right = issued.value.digits ?? ""
        for left in [4, 3, 2, 1, 0] {
            let outcome = scene.verify(wrong(right), token: sms, challenge: issued.challenge.id)
            #expect(Self.details(outcome)?.attemptsLeft == left)
            #expect(Self.details(outcome)?.lockedUntil == nil)
        }
        #expect(scene.code(right, challenge: issued.challenge.id) == "challenge_exhausted")
        scene.rule("sms") { $0.challenge.maxAttempts = 10 }
        #expect(scene.code(right, challenge: issued.challenge.id) == "challenge_exhausted")
        #expect(scene.token(sms)?.lockout.failures == 0)
        #expect(scene.record.lockout?.failures == 5)
    }

    @Test("a challenge opened before its token was locked does not verify during the lock")
    func challengeOfLockedToken() throws {
        var scene = Scene()
        let sms = scene.add("sms")
        let issued = try scene.request().get()
        for _ in 1...5 { _ = scene.code("no", token: sms) }
        let right = issued.value.digits ?? ""
        #expect(scene.code(right, challenge: issued.challenge.id) == "locked")
        #expect(scene.code(right) == "locked")
        scene.now = scene.now.adding(seconds: 60)
        #expect(scene.code(right, challenge: issued.challenge.id) == "ok")
    }

    @Test("a user's lock keeps every token and every challenge from verifying, and no new OTP is sent")
    func userLock() {
        var scene = Scene()
        let totp = scene.add("totp")
        let sms = scene.add("sms")
        guard case .success(let issued) = scene.request() else {
            Issue.record("no challenge")
            return
        }
        for count in 1...10 {
            let outcome = scene.verify("no", challenge: count <= 5 ? issued.challenge.id : nil)
            #expect(outcome?.isUserLocked == (count == 10))
        }
        #expect(scene.code(scene.shown(totp, scene.step), token: totp) == "locked")
        #expect(scene.code(scene.shown(totp, scene.step)) == "locked")
        #expect(scene.code(issued.value.digits ?? "", challenge: issued.challenge.id) == "locked")
        #expect(Scene.code(scene.request(.login, token: sms)) == "locked")
        #expect(Scene.code(scene.reset(totp, "no", "no")?.result) == "locked")
        let isUnlocked = scene.unlockUser()
        #expect(isUnlocked)
        #expect(scene.code(scene.shown(totp, scene.step)) == "ok")
    }

    @Test("a locked token is passed over where another one may verify, and only locked ones are locked")
    func passedOver() {
        var scene = Scene()
        let locked = scene.add("totp")
        for _ in 1...5 { _ = scene.code("no", token: locked) }
        #expect(scene.code(scene.shown(locked, scene.step)) == "locked")
        let free = scene.add("hotp")
        #expect(scene.code(scene.shown(locked, scene.step)) == "otp_mismatch")
        #expect(scene.code(scene.shown(free, 0)) == "ok")
        #expect(scene.token(locked)?.lockout.lockedUntil != nil)
    }

    @Test("an invented user, token or challenge moves no counter")
    func invented() throws {
        var scene = Scene()
        let other = scene.add("totp")
        let before = scene.state
        #expect(scene.code("123456", token: TokenID(scene.context.newID())) == "token_not_found")
        #expect(scene.code("123456", challenge: ChallengeID(scene.context.newID())) == "challenge_not_found")
        #expect(scene.state == before)
        var record = UserRecord(key: UserKey(tenant: "default", userID: "Alice"))
        let attempt = VerificationAttempt(otp: try SubmittedOTP("123456"), purpose: .login)
        #expect(Scene.code(record.verify(attempt, in: scene.context).result) == "no_active_token")
        #expect(record == UserRecord(key: UserKey(tenant: "default", userID: "Alice")))
        #expect(scene.token(other)?.lockout == Lockout())
    }

    @Test("wrong pairs lock the reset; wrong OTPs do not, and a good pair ends their lock")
    func resetLocks() {
        var scene = Scene()
        let token = scene.add("hotp")
        for _ in 1...5 { _ = scene.code("no", token: token) }
        #expect(scene.code(scene.shown(token, 0), token: token) == "locked")
        let outcome = scene.reset(token, scene.shown(token, 500), scene.shown(token, 501))
        #expect(Scene.code(outcome?.result) == "ok")
        #expect(scene.code(scene.shown(token, 502), token: token) == "ok")

        for left in [4, 3, 2, 1, 0] {
            let outcome = scene.reset(token, "1", "2")
            guard case .failure(let rejection)? = outcome?.result else { continue }
            #expect(rejection.code == .otpMismatch)
            #expect(rejection.details.attemptsLeft == left)
        }
        let late = scene.reset(token, scene.shown(token, 510), scene.shown(token, 511))
        #expect(Scene.code(late?.result) == "locked")
        #expect(scene.code(scene.shown(token, 503), token: token) == "locked")
    }

    @Test("while a token is locked, wrong pairs are evaluated at most maxFailures times and do not lengthen the lock")
    func resetWhileLocked() {
        var scene = Scene()
        scene.rule("hotp") { $0.lockout.userMaxFailures = 50 }
        let token = scene.add("hotp")
        for _ in 1...5 { _ = scene.code("no", token: token) }
        let end = scene.token(token)?.lockout.lockedUntil
        let codes = (1...7).map { _ in Scene.code(scene.reset(token, "1", "2")?.result) }
        #expect(codes == Array(repeating: "otp_mismatch", count: 5) + ["locked", "locked"])
        #expect(scene.token(token)?.lockout.lockedUntil == end)
    }
}
