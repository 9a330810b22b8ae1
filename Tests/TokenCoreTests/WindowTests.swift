import TestSupport
import Testing
import TokenCore

@Suite("Windows")
struct WindowTests {
    @Test("HOTP takes the expected counter and lookAhead after it, and no further", arguments: [1, 10, 100])
    func lookAhead(count: Int) {
        for (distance, expected) in [(0, "ok"), (count, "ok"), (count + 1, "otp_mismatch")] {
            var scene = Scene()
            let token = scene.add("hotp")
            scene.rule("hotp") { $0.otp.lookAhead = count }
            scene.record[token]?.oath?.movingFactor = 50
            #expect(scene.code(scene.shown(token, 50 + Int64(distance)), token: token) == expected)
            #expect(scene.token(token)?.oath?.movingFactor == (expected == "ok" ? 51 + Int64(distance) : 50))
        }
    }

    @Test("HOTP tells the value of the last accepted counter, and no older one, as replayed")
    func replayedCounter() {
        var scene = Scene()
        let token = scene.add("hotp")
        #expect(scene.code(scene.shown(token, 3), token: token) == "ok")
        #expect(scene.code(scene.shown(token, 3), token: token) == "otp_replayed")
        #expect(scene.record.lockout?.failures == 0)
        #expect(scene.code(scene.shown(token, 2), token: token) == "otp_mismatch")
        #expect(scene.code(scene.shown(token, 4), token: token) == "ok")
    }

    @Test(
        "TOTP takes window steps on either side of now plus drift, and no further",
        arguments: [0, 1, 10],
        [-4, 0, 7]
    )
    func window(count: Int, drift: Int) {
        let edges = [
            (-count - 1, "otp_mismatch"), (-count, "ok"), (0, "ok"), (count, "ok"), (count + 1, "otp_mismatch"),
        ]
        for (distance, expected) in edges {
            var scene = Scene()
            let token = scene.add("totp")
            scene.rule("totp") { $0.otp.window = count }
            scene.record[token]?.oath?.drift = drift
            let step = scene.step + Int64(drift + distance)
            #expect(scene.code(scene.shown(token, step), token: token) == expected)
            let drifted = expected == "ok" ? drift + distance : drift
            #expect(scene.token(token)?.oath?.drift == drifted)
        }
    }

    @Test("TOTP takes no step at or below the last accepted one; within the window it is replayed, below it wrong")
    func watermark() {
        var scene = Scene()
        scene.rule("totp") { $0.otp.window = 2 }
        let token = scene.add("totp")
        let step = scene.step
        #expect(scene.code(scene.shown(token, step), token: token) == "ok")
        for distance in Int64(0)...2 {
            #expect(scene.code(scene.shown(token, step - distance), token: token) == "otp_replayed")
        }
        #expect(scene.code(scene.shown(token, step - 3), token: token) == "otp_mismatch")
        #expect(scene.code(scene.shown(token, step + 1), token: token) == "ok")
        #expect(scene.token(token)?.oath?.movingFactor == step + 2)
    }

    @Test("a device that runs ahead is followed, step by step")
    func drift() {
        var scene = Scene()
        let token = scene.add("totp")
        for ahead in Int64(1)...20 {
            #expect(scene.code(scene.shown(token, scene.step + ahead), token: token) == "ok")
            scene.now = scene.now.adding(seconds: 60)
        }
        #expect(scene.token(token)?.oath?.drift == 20)
    }

    @Test("reset finds two HOTP values up to resetWindow ahead, and no further")
    func resetCounters() {
        for (distance, expected) in [(Int64(0), "ok"), (10, "ok"), (11, "otp_mismatch")] {
            var scene = Scene()
            scene.rule("hotp") { $0.otp.resetWindow = 10 }
            let token = scene.add("hotp")
            scene.record[token]?.oath?.movingFactor = 5
            let first = 5 + distance
            let outcome = scene.reset(token, scene.shown(token, first), scene.shown(token, first + 1))
            #expect(Scene.code(outcome?.result) == expected)
            #expect(scene.token(token)?.oath?.movingFactor == (expected == "ok" ? first + 2 : 5))
        }
    }

    @Test("reset finds two TOTP values up to resetWindow on either side of now, whatever the drift")
    func resetSteps() {
        for (distance, expected) in [(-11, "otp_mismatch"), (-10, "ok"), (10, "ok"), (11, "otp_mismatch")] {
            var scene = Scene()
            scene.rule("totp") { $0.otp.resetWindow = 10 }
            let token = scene.add("totp")
            scene.record[token]?.oath?.drift = 300
            let first = scene.step + Int64(distance)
            let outcome = scene.reset(token, scene.shown(token, first), scene.shown(token, first + 1))
            #expect(Scene.code(outcome?.result) == expected)
            #expect(scene.token(token)?.oath?.drift == (expected == "ok" ? distance + 1 : 300))
        }
    }

    @Test("reset goes neither back nor to values that were accepted")
    func resetNeverBack() {
        var scene = Scene()
        let token = scene.add("totp")
        let step = scene.step
        #expect(scene.code(scene.shown(token, step), token: token) == "ok")
        for first in [step - 5, step - 1, step] {
            let outcome = scene.reset(token, scene.shown(token, first), scene.shown(token, first + 1))
            #expect(Scene.code(outcome?.result) == "otp_replayed")
        }
        #expect(scene.token(token)?.oath?.movingFactor == step + 1)
        #expect(scene.record.lockout?.failures == 0)
    }

    @Test("a window at the beginning of time begins with step 0")
    func epoch() throws {
        let device = HMACDevice(seed: [1, 2, 3])
        let state = OATHState(secret: SealedSecret(bytes: []), algorithm: .sha1, digits: 6, period: 30, drift: -5)
        let otp = try SubmittedOTP(text(HOTP.value(of: device, at: 0, digits: 6), 6))
        let now = Instant(seconds: 10)
        #expect(TOTP.search(otp, on: device, state, window: 5, at: now) == .accepted(at: 0))
    }
}
