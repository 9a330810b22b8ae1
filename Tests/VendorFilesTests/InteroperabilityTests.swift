import Contract
import Testing
import TokenCore
import TokenCrypto
import VendorFiles

@Suite("PSKC that python-pskc wrote")
struct InteroperabilityTests {
    private static let tokens = [
        PSKCOracle.Token(serial: "H-1", secret: "3132333435363738393031323334353637383930", kind: "hotp", counter: 300),
        PSKCOracle.Token(
            serial: "T-1",
            secret: String(repeating: "0f1e2d3c4b5a6978", count: 8),
            kind: "totp",
            digits: 8,
            period: 60,
            drift: -3
        ),
    ]

    private func check(_ text: String, key: Secret? = nil, password: Secret? = nil) throws {
        let file = try VendorFiles.read(Array(text.utf8), key: key, password: password)
        #expect(file.skipped.isEmpty)
        try #require(file.entries.map(\.serial) == ["H-1", "T-1"])
        let (event, time) = (file.entries[0], file.entries[1])
        #expect(event.seed == Samples.seed20 && event.kind == .hotp && event.counter == 300 && event.digits == 6)
        #expect(time.seed.count == 64 && time.seed[0] == 0x0F && time.kind == .totp && time.algorithm == .sha512)
        #expect(time.period == 60 && time.drift == -3 && time.digits == 8)
        #expect(event.manufacturer == "Acme" && event.model == "M1")
        #expect(event.expiresAt?.rfc3339 == "2031-01-02T03:04:05.000Z")
    }

    @Test("clear")
    func clear() throws {
        try check(try #require(try PSKCOracle.write([PSKCOracle.Wish(tokens: Self.tokens)]).first))
    }

    @Test("every cipher with every MAC, under a key; counters encrypted or not")
    func keys() throws {
        let ciphers = [("aes128-cbc", 16), ("aes192-cbc", 24), ("aes256-cbc", 32)]
        let cases = ciphers.flatMap { cipher in ["hmac-sha1", "hmac-sha256", "hmac-sha512"].map { (cipher, $0) } }
        let keys = cases.map { SecureRandom.bytes($0.0.1) }
        let wishes = zip(cases, keys).enumerated().map { index, pair in
            PSKCOracle.Wish(
                tokens: Self.tokens,
                cipher: pair.0.0.0,
                mac: pair.0.1,
                key: pair.1.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(),
                counters: index.isMultiple(of: 2)
            )
        }
        let texts = try PSKCOracle.write(wishes)
        #expect(texts.count == 9)
        for (text, key) in zip(texts, keys) {
            try check(text, key: Secret(key))
            var wrong = key
            wrong[3] ^= 1
            #expect(refusal(of: text, key: Secret(wrong)) == .wrongKey)
        }
    }

    @Test("passwords, with each pseudorandom function of PBKDF2")
    func passwords() throws {
        let functions: [String?] = [nil, "hmac-sha1", "hmac-sha256", "hmac-sha512"]
        let wishes = functions.map { function in
            PSKCOracle.Wish(tokens: Self.tokens, cipher: "aes256-cbc", password: "p\u{E4}ss w\u{F6}rd", prf: function)
        }
        for text in try PSKCOracle.write(wishes) {
            try check(text, password: Secret("p\u{E4}ss w\u{F6}rd".utf8))
            #expect(refusal(of: text, password: Secret("pass word".utf8)) == .wrongKey)
        }
    }
}
