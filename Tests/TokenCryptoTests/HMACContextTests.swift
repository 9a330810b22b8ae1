import Testing
import TokenCrypto

@Suite("HMACContext")
struct HMACContextTests {
    private static let text = "what do ya want for nothing?"
    private static let larger = "Test Using Larger Than Block-Size Key - Hash Key First"

    struct Vector: Sendable, CustomTestStringConvertible {
        let algorithm: HMACAlgorithm
        let key: [UInt8]
        let message: [UInt8]
        let mac: String
        var testDescription: String { "\(algorithm), key of \(key.count) bytes" }

        init(_ algorithm: HMACAlgorithm, _ key: [UInt8], _ message: String, _ mac: String) {
            self.init(algorithm, key, Array(message.utf8), mac)
        }

        init(_ algorithm: HMACAlgorithm, _ key: [UInt8], _ message: [UInt8], _ mac: String) {
            self.algorithm = algorithm
            self.key = key
            self.message = message
            self.mac = mac
        }
    }

    static let vectors: [Vector] = [
        // RFC 2202 §3, cases 1, 2, 3 and 6.
        Vector(.sha1, .init(repeating: 0x0B, count: 20), "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
        Vector(.sha1, Array("Jefe".utf8), text, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        Vector(
            .sha1,
            .init(repeating: 0xAA, count: 20),
            .init(repeating: 0xDD, count: 50),
            "125d7342b9ac11cd91a39af48aa17b4f63f175d3"
        ),
        Vector(.sha1, .init(repeating: 0xAA, count: 80), larger, "aa4ae5e15272d00e95705637ce8a3b55ed402112"),
        // RFC 4231 §4.2, 4.3 and 4.7.
        Vector(
            .sha256,
            .init(repeating: 0x0B, count: 20),
            "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        Vector(
            .sha256,
            Array("Jefe".utf8),
            text,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        Vector(
            .sha256,
            .init(repeating: 0xAA, count: 131),
            larger,
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        Vector(
            .sha512,
            .init(repeating: 0x0B, count: 20),
            "Hi There",
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
                + "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"
        ),
        Vector(
            .sha512,
            Array("Jefe".utf8),
            text,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                + "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        ),
        Vector(
            .sha512,
            .init(repeating: 0xAA, count: 131),
            larger,
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
                + "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"
        ),
    ]

    @Test("RFC 2202 and RFC 4231", arguments: vectors)
    func mac(vector: Vector) {
        let context = HMACContext(algorithm: vector.algorithm, key: Secret(vector.key))
        #expect(hexText(context.mac(vector.message)) == vector.mac)
        #expect(hexText(context.mac(vector.message)) == vector.mac, "the key stays for the next value")
    }

    @Test("RFC 4226 appendix D: the ten truncated values")
    func hotp() {
        let context = HMACContext(algorithm: .sha1, key: Secret(Array("12345678901234567890".utf8)))
        let expected: [UInt32] = [
            1_284_755_224, 1_094_287_082, 137_359_152, 1_726_969_429, 1_640_338_314, 868_254_676, 1_918_287_922,
            82_162_583, 673_399_871, 645_520_489,
        ]
        #expect((0..<10).map { context.truncated(counter: $0) } == expected)
    }

    @Test(
        "RFC 6238 appendix B: six instants for each algorithm",
        arguments: [
            (HMACAlgorithm.sha1, 20, [94_287_082, 7_081_804, 14_050_471, 89_005_924, 69_279_037, 65_353_130]),
            (.sha256, 32, [46_119_246, 68_084_774, 67_062_674, 91_819_424, 90_698_825, 77_737_706]),
            (.sha512, 64, [90_693_936, 25_091_201, 99_943_326, 93_441_116, 38_618_901, 47_863_826]),
        ] as [(HMACAlgorithm, Int, [UInt32])]
    )
    func totp(algorithm: HMACAlgorithm, keyLength: Int, expected: [UInt32]) {
        let key = (0..<keyLength).map { UInt8(ascii: "0") + UInt8(($0 + 1) % 10) }
        let context = HMACContext(algorithm: algorithm, key: Secret(key))
        let seconds: [UInt64] = [59, 1_111_111_109, 1_111_111_111, 1_234_567_890, 2_000_000_000, 20_000_000_000]
        #expect(seconds.map { context.truncated(counter: $0 / 30) % 100_000_000 } == expected)
    }

    @Test("a context that is given another key forgets the first", arguments: HMACAlgorithm.allCases)
    func rekeys(algorithm: HMACAlgorithm) {
        var random = PropertyRandom()
        let lane = HMACContext(algorithm: algorithm)
        let empty = lane.mac([1, 2, 3])
        for _ in 0..<50 {
            let key = Secret(random.bytes(Int.random(in: 0...200, using: &random)))
            let message = random.bytes(Int.random(in: 0...300, using: &random))
            lane.setKey(key)
            #expect(lane.mac(message) == HMACContext(algorithm: algorithm, key: key).mac(message))
        }
        lane.setKey(Secret([7]))
        #expect(lane.mac([1, 2, 3]) != empty)
        lane.forgetKey()
        #expect(lane.mac([1, 2, 3]) == empty)
    }
}
