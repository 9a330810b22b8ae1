import TestSupport
import Testing

@testable import TokenCore

@Suite("Base32")
struct Base32Tests {
    /// RFC 4648 §10.
    static let vectors = [
        ("", ""), ("f", "MY======"), ("fo", "MZXQ===="), ("foo", "MZXW6==="), ("foob", "MZXW6YQ="),
        ("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI======"),
    ]

    @Test("reads RFC 4648's vectors, with and without padding, in either case", arguments: vectors)
    func decodes(clear: String, text: String) {
        let bare = String(text.prefix { $0 != "=" })
        for spelling in [text, bare, text.lowercased(), bare.lowercased()] {
            #expect(Base32.decode(spelling) == Array(clear.utf8))
        }
        #expect(Base32.encode(Array(clear.utf8)) == bare)
    }

    @Test(
        "refuses what is no Base32",
        arguments: [
            "M", "MZX", "MZXW6Y", "MY=", "MY=====", "MY=======", "========", "=MY=====", "MY==MY==", "M1======", "M0",
            "M8", "MZ XQ", "MZ-XQ", "MZXQ\n", "ΜΥ", "MZXW6YTB========", "ſY",
        ]
    )
    func refuses(text: String) {
        #expect(Base32.decode(text) == nil)
    }

    @Test("gives back every length of bytes")
    func roundTrip() {
        var random = SeededRandom(seed: 7)
        for count in 0...64 {
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            #expect(Base32.decode(Base32.encode(bytes)) == bytes)
        }
    }
}

@Suite("Seed rules")
struct SeedRulesTests {
    @Test("take 16 to 64 bytes that are not all equal", arguments: [16, 20, 32, 64])
    func strong(count: Int) throws {
        let seed = (0..<count).map { UInt8($0) }
        #expect(try SeedRules.seed(fromBase32: Base32.encode(seed)) == seed)
    }

    @Test("call every other length, and equal bytes, weak")
    func weak() {
        let weak = [
            [], [1, 2], Array(0..<15), Array(0..<65), Array(repeating: 0, count: 20), Array(repeating: 65, count: 64),
        ]
        for seed in weak {
            #expect(throws: Rejection(.weakSecret)) {
                try SeedRules.seed(fromBase32: Base32.encode(seed.map { UInt8($0) }))
            }
        }
    }

    @Test("name the field of what is no Base32")
    func malformed() {
        #expect(throws: Rejection.malformed(field: "/secret")) { try SeedRules.seed(fromBase32: "not Base32!") }
    }
}
