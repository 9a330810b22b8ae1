import TestSupport
import Testing
import TokenCore

@Suite("HOTP and TOTP values")
struct OATHVectorTests {
    private static let seed = Array("12345678901234567890".utf8)

    @Test(
        "are those of RFC 4226, appendix D",
        arguments: zip(
            Int64(0)...9,
            [755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489] as [UInt32]
        )
    )
    func hotp(counter: Int64, value: UInt32) {
        #expect(HOTP.value(of: HMACDevice(seed: Self.seed), at: counter, digits: 6) == value)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let seconds: Int64
        let algorithm: HashAlgorithm
        let value: String

        var testDescription: String { "\(algorithm.rawValue) at \(seconds)" }
    }

    private static let rows: [Row] = {
        let table: [(Int64, String, String, String)] = [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ]
        return table.flatMap { seconds, sha1, sha256, sha512 in
            [
                Row(seconds: seconds, algorithm: .sha1, value: sha1),
                Row(seconds: seconds, algorithm: .sha256, value: sha256),
                Row(seconds: seconds, algorithm: .sha512, value: sha512),
            ]
        }
    }()

    @Test("are those of RFC 6238, appendix B", arguments: rows)
    func totp(row: Row) throws {
        let length = [HashAlgorithm.sha1: 20, .sha256: 32, .sha512: 64][row.algorithm] ?? 0
        let seed = (0..<length).map { Self.seed[$0 % 20] }
        let device = HMACDevice(seed: seed, algorithm: row.algorithm)
        let now = Instant(seconds: row.seconds)
        let step = TOTP.step(at: now, period: 30)
        #expect(text(HOTP.value(of: device, at: step, digits: 8), 8) == row.value)

        let state = OATHState(
            secret: SealedSecret(bytes: seed),
            algorithm: row.algorithm,
            digits: 8,
            period: 30
        )
        let match = TOTP.search(try SubmittedOTP(row.value), on: device, state, window: 0, at: now)
        #expect(match == .accepted(at: step))
    }
}
