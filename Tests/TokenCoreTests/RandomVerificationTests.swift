import TestSupport
import Testing
import TokenCore

@Suite("Verification under random commands")
struct RandomVerificationTests {
    @Test(
        "accepts each value once, never steps back, and counts and locks as the model does",
        arguments: UInt64(1)...60
    )
    func promises(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var run = Run(seed: seed)
        for _ in 0..<150 {
            run.scene.now = run.scene.now.adding(seconds: Int64.random(in: 0...40, using: &random))
            let before = run.scene.record
            let answer = run.act(&random)
            let comment: Comment = "seed \(seed), answer \(answer)"
            #expect(run.repeated.isEmpty, comment)
            for token in before.tokens {
                let after = try #require(run.scene.token(token.id))
                #expect((after.oath?.movingFactor ?? 0) >= (token.oath?.movingFactor ?? 0), comment)
                #expect(after.version >= token.version, comment)
            }
            if answer == "locked" { #expect(run.scene.record == before, comment) }
            #expect(run.scene.record.lockout == run.user.lockout, comment)
            #expect(run.scene.token(run.totp)?.lockout == run.token.lockout, comment)
        }
        #expect(run.accepted.count > 1, "seed \(seed): nothing was tried")
    }

    /// A user with one TOTP token that commands name, and challenges of an SMS token.
    private struct Run {
        var scene: Scene
        let totp: TokenID
        let sms: TokenID
        var user: Model
        var token: Model
        /// Steps and challenges whose value was accepted.
        var accepted: Set<String> = []
        /// Those accepted more than once.
        var repeated: [String] = []
        var typed: [String] = []
        var sent: [(ChallengeID, String)] = []

        init(seed: UInt64) {
            scene = Scene(seed: seed)
            scene.rule("totp") { $0.otp.window = Int(seed % 4) }
            totp = scene.add("totp")
            sms = scene.add("sms")
            user = Model(limit: 10)
            token = Model(limit: 5)
        }

        mutating func act(_ random: inout SeededRandom) -> String {
            switch Int.random(in: 0..<10, using: &random) {
            case 0: return request()
            case 1, 2: return typeSent(&random)
            case 3: return type(typed.randomElement(using: &random) ?? "000000")
            case 4: return type("\(Int.random(in: 0...9, using: &random))x")
            default:
                let ahead = Int64.random(in: -3...3, using: &random)
                return type(scene.shown(totp, scene.step + ahead))
            }
        }

        /// Names the TOTP token; the answer follows from the window alone.
        private mutating func type(_ otp: String) -> String {
            typed.append(otp)
            let answer = scene.code(otp, token: totp)
            guard !user.isLocked(scene.now), !token.isLocked(scene.now) else {
                if answer != "locked" { repeated.append("evaluated under a lock: \(answer)") }
                return answer
            }
            switch answer {
            case "ok":
                note("step \((scene.token(totp)?.oath?.movingFactor ?? 0) - 1)")
                succeed()
            case "otp_mismatch":
                user.fail(at: scene.now)
                token.fail(at: scene.now)
            case "otp_replayed":
                if accepted.isEmpty { repeated.append("replay of nothing") }
            default:
                repeated.append("unexpected \(answer)")
            }
            return answer
        }

        private mutating func request() -> String {
            guard case .success(let issued) = scene.request(token: sms) else { return "not sent" }
            sent.append((issued.challenge.id, issued.value.digits ?? ""))
            return "sent"
        }

        private mutating func typeSent(_ random: inout SeededRandom) -> String {
            guard let (challenge, otp) = sent.randomElement(using: &random) else { return "nothing sent" }
            let answer = scene.code(otp, challenge: challenge)
            if answer == "ok" {
                note("challenge \(challenge)")
                user.clear()
            }
            if answer == "otp_mismatch" { repeated.append("a value that was sent is unknown") }
            return answer
        }

        private mutating func succeed() {
            user.clear()
            token.clear()
        }

        private mutating func note(_ what: String) {
            if !accepted.insert(what).inserted { repeated.append(what) }
        }
    }

    /// The contract's counting, told once more.
    private struct Model {
        let limit: Int
        var sinceLock = 0
        var sinceSuccess = 0
        var locks = 0
        var end: Instant?

        init(limit: Int) {
            self.limit = limit
        }

        func isLocked(_ now: Instant) -> Bool { end.map { $0 > now } ?? false }

        mutating func fail(at now: Instant) {
            if end != nil { (end, sinceLock) = (nil, 0) }
            sinceLock += 1
            sinceSuccess += 1
            guard sinceLock == limit else { return }
            end = now.adding(seconds: [60, 300, 900, 3_600][min(locks, 3)])
            locks += 1
        }

        mutating func clear() {
            (sinceLock, sinceSuccess, locks, end) = (0, 0, 0, nil)
        }

        var lockout: Lockout {
            Lockout(failures: sinceLock, consecutiveFailures: sinceSuccess, level: locks, lockedUntil: end)
        }
    }

    @Test("fifty equal requests find one value right, however windows overlap", arguments: UInt64(1)...100)
    func fifty(seed: UInt64) {
        var scene = Scene(seed: seed)
        scene.rule("totp") { $0.otp.window = 10 }
        scene.rule("hotp") { $0.otp.lookAhead = 100 }
        let totp = scene.add("totp")
        let hotp = scene.add("hotp")
        scene.add("sms")
        guard case .success(let issued) = scene.request() else {
            Issue.record("no challenge")
            return
        }
        let values = [scene.shown(totp, scene.step), scene.shown(hotp, 7), issued.value.digits ?? ""]
        for value in values {
            let answers = (0..<50).map { _ in scene.code(value) }
            #expect(answers.count { $0 == "ok" } == 1, "seed \(seed)")
        }
    }

    @Test("a value shared by neighbouring counters is accepted once", arguments: [TokenKind.hotp, .totp])
    func collision(kind: TokenKind) throws {
        let device = OneValueDevice()
        var state = OATHState(secret: SealedSecret(bytes: []), algorithm: .sha1, digits: 6, period: 30)
        let otp = try SubmittedOTP("000007")
        let now = Instant(seconds: 3_000)
        for expected in [true, false, false] {
            let match =
                kind == .hotp
                ? HOTP.search(otp, on: device, state, lookAhead: 10)
                : TOTP.search(otp, on: device, state, window: 3, at: now)
            guard case .accepted(let factor) = match else {
                #expect(!expected)
                #expect(match == .replayed)
                continue
            }
            #expect(expected)
            state.movingFactor = factor + 1
        }
    }

    private struct OneValueDevice: OATHDevice {
        func truncatedMAC(movingFactor: UInt64) -> UInt32 { 7 }
    }
}
