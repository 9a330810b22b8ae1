import Contract
import TestSupport
import Testing
import TokenCore

@testable import Enrollment
@testable import Verifier

/// `oathtool`, a device of another make, and the system agree.
@Suite("oathtool as the device")
struct OathtoolTests {
    struct Kind: Sendable, CustomTestStringConvertible {
        let algorithm: HashAlgorithm
        let digits: Int

        var testDescription: String { "\(algorithm.rawValue), \(digits) digits" }
    }

    static let kinds = HashAlgorithm.allCases.flatMap { algorithm in
        [6, 8].map { Kind(algorithm: algorithm, digits: $0) }
    }

    private func bench(_ kind: Kind) -> Bench {
        let length = [HashAlgorithm.sha1: 20, .sha256: 32, .sha512: 64][kind.algorithm] ?? 20
        let seed = (0..<length).map { UInt8(truncatingIfNeeded: 7 &* $0 &+ 11) }
        return Bench(seed: seed, algorithm: kind.algorithm, digits: kind.digits)
    }

    /// `window` values from where the arguments say.
    private func values(_ bench: Bench, _ arguments: [String], count: Int) throws -> [String] {
        let common = ["--base32", "--digits=\(bench.digits)", "--window=\(count - 1)", Base32.encode(bench.seed)]
        return try ChildProcess.run("oathtool", arguments + common).split(separator: "\n").map(String.init)
    }

    @Test("totp: each value verifies once, in its step", arguments: kinds)
    func totp(kind: Kind) throws {
        var bench = bench(kind)
        bench.rule { $0.otp.window = 0 }
        let token = try bench.soft("totp")
        let arguments = ["--totp=\(kind.algorithm.rawValue)", "--now=@\(bench.stage.now.seconds)"]
        let shown = try values(bench, arguments, count: 4)
        for value in shown {
            #expect(bench.verify(value, token) == "ok")
            #expect(bench.verify(value, token) == "otp_replayed")
            bench.wait(30)
        }
        // A device that is three steps behind.
        let late = ["--totp=\(kind.algorithm.rawValue)", "--now=@\(bench.stage.now.seconds + 300 - 90)"]
        bench.wait(300)
        let pair = try values(bench, late, count: 2)
        #expect(bench.verify(pair[0], token) == "otp_mismatch")
        #expect(bench.reset(token, pair[1], pair[0]) == "otp_wrong_order")
        #expect(bench.reset(token, pair[0], pair[1]) == "ok")
        #expect(bench.position(token)?.drift == -2)
    }

    /// HOTP is SHA-1 in RFC 4226, and in oathtool.
    @Test("hotp: values verify once, within lookAhead, and reset finds the device further on", arguments: [6, 7, 8])
    func hotp(digits: Int) throws {
        var bench = bench(Kind(algorithm: .sha1, digits: digits))
        let token = try bench.soft("hotp")
        let near = try values(bench, ["--hotp", "--counter=0"], count: 12)
        #expect(bench.verify(near[11], token) == "otp_mismatch")
        for index in [0, 1, 11] {
            #expect(bench.verify(near[index], token) == "ok")
            #expect(bench.verify(near[index], token) == "otp_replayed")
        }
        let far = try values(bench, ["--hotp", "--counter=900"], count: 2)
        #expect(bench.verify(far[0], token) == "otp_mismatch")
        #expect(bench.reset(token, far[0], far[1]) == "ok")
        #expect(bench.position(token)?.next == 902)
    }

    @Test("hardware: possession is proved with oathtool's values", arguments: kinds)
    func possession(kind: Kind) throws {
        var bench = bench(kind)
        let isHOTP = kind.algorithm == .sha1
        let type = isHOTP ? "hotp-hardware" : "totp-hardware"
        try bench.bring(type, ["algorithm": .string(kind.algorithm.rawValue), "digits": .integer(Int64(kind.digits))])
        let source =
            isHOTP
            ? ["--hotp", "--counter=3"] : ["--totp=\(kind.algorithm.rawValue)", "--now=@\(bench.stage.now.seconds)"]
        let shown = try values(bench, source, count: 3)
        var data: JSONObject = ["tokenType": .string(type), "serial": "S-1", "otp1": .string(shown[0])]
        if isHOTP { data.append("otp2", .string(shown[1])) }
        let token = try bench.enroll(data)
        #expect(bench.status(token) == .active)
        #expect(bench.verify(shown[0], token) == (isHOTP ? "otp_mismatch" : "otp_replayed"))
        #expect(bench.verify(shown[isHOTP ? 2 : 1], token) == "ok")
    }

    @Test(
        "rows of RFC 6238 appendix B verify at their times",
        arguments: [
            (Int64(1_111_111_109), "07081804"), (1_234_567_890, "89005924"), (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ]
    )
    func vectors(seconds: Int64, value: String) throws {
        var bench = Bench(seed: Array("12345678901234567890".utf8), digits: 8)
        bench.rule { $0.otp.window = 0 }
        bench.stage.now = Instant(seconds: seconds)
        let token = try bench.soft("totp")
        #expect(bench.verify(value, token) == "ok")
        #expect(bench.verify(value, token) == "otp_replayed")
    }
}
