import Contract
import Testing
import TokenCore

@testable import Enrollment
@testable import Verifier

/// The edges of windows through the handlers; those of the rules themselves are in TokenCoreTests.
@Suite("Windows at their edges")
struct EdgeTests {
    @Test("hotp: lookAhead n is taken and n + 1 is not, also after an accepted value", arguments: [1, 10, 100])
    func lookAhead(count: Int) throws {
        for (distance, expected) in [(count, "ok"), (count + 1, "otp_mismatch")] {
            var bench = Bench()
            bench.rule { $0.otp.lookAhead = count }
            let token = try bench.soft("hotp")
            #expect(bench.verify(bench.shown(2), token) == (count >= 2 ? "ok" : "otp_mismatch"))
            let next = count >= 2 ? Int64(3) : 0
            #expect(bench.verify(bench.shown(next + Int64(distance)), token) == expected)
            #expect(bench.position(token)?.next == (expected == "ok" ? next + Int64(distance) + 1 : next))
        }
    }

    @Test("totp: window n is taken on either side of the drifted clock and n + 1 is not", arguments: [0, 1, 10])
    func window(count: Int) throws {
        for (distance, expected) in [
            (-count - 1, "otp_mismatch"), (-count, "ok"), (count, "ok"), (count + 1, "otp_mismatch"),
        ] {
            var bench = Bench()
            bench.rule { $0.otp.window = count }
            let token = try bench.soft("totp")
            // The device is seven steps ahead.
            #expect(bench.reset(token, bench.shown(bench.step + 6), bench.shown(bench.step + 7)) == "ok")
            #expect(bench.position(token)?.drift == 7)
            bench.wait(3_000)
            #expect(bench.verify(bench.shown(bench.step + 7 + Int64(distance)), token) == expected)
            #expect(bench.position(token)?.drift == (expected == "ok" ? 7 + distance : 7))
        }
    }

    @Test("reset: resetWindow n is taken and n + 1 is not; swapped values are told", arguments: ["hotp", "totp"])
    func resetWindow(type: String) throws {
        let edges =
            type == "hotp"
            ? [(10, "ok"), (11, "otp_mismatch")]
            : [
                (-11, "otp_mismatch"), (-10, "ok"), (10, "ok"), (11, "otp_mismatch"),
            ]
        for (distance, expected) in edges {
            var bench = Bench()
            bench.rule { $0.otp.resetWindow = 10 }
            let token = try bench.soft(type)
            let first = (type == "hotp" ? 0 : bench.step) + Int64(distance)
            let swapped = expected == "ok" ? "otp_wrong_order" : "otp_mismatch"
            #expect(bench.reset(token, bench.shown(first + 1), bench.shown(first)) == swapped)
            let before = bench.position(token)?.next
            #expect(bench.reset(token, bench.shown(first), bench.shown(first + 1)) == expected)
            #expect(bench.position(token)?.next == (expected == "ok" ? first + 2 : before))
            if expected == "ok" {
                #expect(bench.reset(token, bench.shown(first), bench.shown(first + 1)) == "otp_replayed")
            }
        }
    }

    @Test("a pair whose second value alone is new does not reset", arguments: ["hotp", "totp"])
    func halfReplayed(type: String) throws {
        var bench = Bench()
        let token = try bench.soft(type)
        let first = type == "hotp" ? 0 : bench.step
        #expect(bench.verify(bench.shown(first), token) == "ok")
        #expect(bench.reset(token, bench.shown(first), bench.shown(first + 1)) == "otp_replayed")
        #expect(bench.reset(token, bench.shown(first + 1), bench.shown(first + 2)) == "ok")
        #expect(bench.verify(bench.shown(first + 2), token) == "otp_replayed")
    }

    @Test("an accepted value is spent for every purpose and every way to name it")
    func replay() throws {
        var bench = Bench()
        let token = try bench.soft("hotp")
        #expect(bench.verify(bench.shown(0), token) == "ok")
        for purpose in ["login", "test", "helpdesk"] {
            let unnamed: JSONObject = ["otp": .string(bench.shown(0)), "purpose": .string(purpose)]
            #expect(bench.send(VerifyOTPHandler(), unnamed).word == "otp_replayed")
            let named = unnamed.setting("tokenId", .string(token))
            #expect(bench.send(VerifyOTPHandler(), named).word == "otp_replayed")
        }
        #expect(bench.verify(bench.shown(0).map(String.init).joined(separator: " "), token) == "otp_replayed")
    }

    @Test("an import moves counter or step forward, never back", arguments: ["hotp-hardware", "totp-hardware"])
    func importing(type: String) throws {
        for isHeld in [false, true] {
            var bench = Bench()
            let now = type == "hotp-hardware" ? 40 : bench.step
            try bench.bring(type, ["counter": .integer(now)])
            let token =
                isHeld
                ? try bench.enroll(["tokenType": .string(type), "serial": "S-1"])
                : bench.stage.tokens[0].token.id.description
            for (counter, next) in [(now - 5, now), (now + 3, now + 3), (now, now + 3)] {
                try bench.bring(type, ["counter": .integer(counter)])
                #expect(bench.position(token)?.next == next)
            }
            try bench.bring(type)
            #expect(bench.position(token)?.next == now + 3)
        }
    }

    @Test(
        "a device keeps counter, step and drift through unassign and the next user",
        arguments: ["hotp-hardware", "totp-hardware"]
    )
    func changingHands(type: String) throws {
        var bench = Bench()
        bench.rule { $0.otp.window = 3 }
        try bench.bring(type)
        let token = try bench.enroll(["tokenType": .string(type), "serial": "S-1"])
        let factor = type == "hotp-hardware" ? 5 : bench.step + 2
        #expect(bench.verify(bench.shown(factor), token) == "ok")
        let before = try #require(bench.position(token))
        try bench.ok(UnassignTokenHandler(), ["serial": "S-1"], on: Stage.operators)
        #expect(bench.position(token)?.next == before.next && bench.position(token)?.drift == before.drift)

        let bob = Stage.user("bob")
        let used: JSONObject = [
            "tokenType": .string(type), "serial": "S-1", "otp1": .string(bench.shown(factor)),
            "otp2": .string(bench.shown(factor + 1)),
        ]
        #expect(bench.send(EnrollTokenHandler(), used, on: bob).word == "otp_replayed")
        let right = used.setting("otp1", .string(bench.shown(factor + 1)))
            .setting("otp2", .string(bench.shown(factor + 2)))
        #expect(bench.send(EnrollTokenHandler(), right, on: bob).word == "ok")
        #expect(bench.position(token)?.next == factor + 3)
    }

    @Test("drift back and forth never accepts a step twice")
    func drift() throws {
        var bench = Bench()
        bench.rule { $0.otp.window = 5 }
        let token = try bench.soft("totp")
        var accepted: Set<Int64> = []
        var last = Int64.min
        for ahead in [Int64(3), -5, 5, 2, -4, 0, 5, -5, 1] {
            let step = bench.step + Int64(bench.position(token)?.drift ?? 0) + ahead
            let word = bench.verify(bench.shown(step), token)
            #expect(word == (step > last ? "ok" : "otp_replayed"))
            if word == "ok" {
                #expect(accepted.insert(step).inserted)
                last = step
            }
            bench.wait(60)
        }
        #expect(accepted.count > 3)
    }
}
