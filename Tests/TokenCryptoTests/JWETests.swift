import Testing

@testable import TokenCrypto

@Suite("JWE")
struct JWETests {
    static let key = Key(kid: "otp-1", ring: .otp, secret: .random(32))

    private func reason(_ message: some Collection<UInt8>, limit: Int = JWE.standardLimit) -> JWEError? {
        do throws(JWEError) {
            _ = try JWE.open(message, limit: limit) { $0 == Self.key.kid ? Self.key : nil }
            return nil
        } catch {
            return error
        }
    }

    /// A message that is authentic under another header than our own.
    private func sealed(header: String) -> [UInt8] {
        let cipher = AESGCM(key: Self.key.secret, noncesAhead: 1)
        return JWE.compact("{}".utf8, header: Base64URL.encodeBytes(header.utf8), wrappedKey: [], cipher: cipher)
    }

    @Test("what is sealed opens, with either algorithm, at any length")
    func roundTrips() throws {
        var random = PropertyRandom()
        let sealer = JWESealer(key: Self.key, noncesAhead: 3)
        for count in 0..<300 {
            let plaintext = random.bytes(count)
            for message in [
                sealer.seal(plaintext), JWE.seal(plaintext, key: Self.key), JWE.sealA256KW(plaintext, key: Self.key),
            ] {
                #expect(try JWE.open(message) { $0 == "otp-1" ? Self.key : nil } == Secret(plaintext))
                #expect(message.starts(with: "eyJ".utf8))
            }
        }
    }

    @Test("a message with any one bit changed is refused", arguments: [JWEAlgorithm.direct, .a256KW])
    func bitFlips(algorithm: JWEAlgorithm) {
        let plaintext = Array(#"{"tenant":"default","otp":"123456"}"#.utf8)
        let message =
            algorithm == .direct ? JWE.seal(plaintext, key: Self.key) : JWE.sealA256KW(plaintext, key: Self.key)
        #expect(reason(message) == nil)
        for bit in 0..<message.count * 8 {
            var changed = message
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(reason(changed) != nil, "bit \(bit)")
        }
        for count in 0..<message.count { #expect(reason(message.prefix(count)) != nil, "\(count) bytes of it") }
        for byte in [UInt8(ascii: "="), UInt8(ascii: "\n"), UInt8(ascii: "A"), UInt8(ascii: ".")] {
            #expect(reason(message + [byte]) != nil)
        }
    }

    @Test("a part of one message does not fit another", arguments: [JWEAlgorithm.direct, .a256KW])
    func splicing(algorithm: JWEAlgorithm) throws {
        let messages = try ["one", "two"].map { text in
            let message =
                algorithm == .direct ? JWE.seal(text.utf8, key: Self.key) : JWE.sealA256KW(text.utf8, key: Self.key)
            let parts = message.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            return try #require(parts.count == 5 ? parts : nil)
        }
        for part in 1..<5 where messages[0][part] != messages[1][part] {
            var parts = messages[0]
            parts[part] = messages[1][part]
            #expect(reason(Array(parts.joined(separator: [UInt8(ascii: ".")]))) == .notAuthentic)
        }
    }

    @Test("noise and mutilated messages neither open nor crash")
    func fuzz() {
        var random = PropertyRandom()
        let messages = [JWE.seal("secret".utf8, key: Self.key), JWE.sealA256KW("secret".utf8, key: Self.key)]
        let letters = Array("eyJhbGciOi.-_={}\":dirA256".utf8)
        for round in 0..<6_000 {
            let noise: [UInt8]
            switch round % 3 {
            case 0: noise = random.bytes(Int.random(in: 0...200, using: &random))
            case 1: noise = (0..<Int.random(in: 0...200, using: &random)).map { letters[$0 * 7 % letters.count] }
            default: noise = random.mutated(messages[round % 2])
            }
            #expect(messages.contains(noise) || reason(noise) != nil)
        }
    }

    static let refusals: [(String, JWEError)] = [
        (#"{"alg":"dir","enc":"A256GCM","kid":"otp-1","zip":"DEF"}"#, .unsupportedMember),
        (#"{"alg":"dir","enc":"A256GCM","kid":"otp-1","crit":["exp"]}"#, .unsupportedMember),
        (#"{"alg":"dir","enc":"A256GCM","kid":"otp-1","jku":"https://evil.example/keys"}"#, .unsupportedMember),
        (#"{"alg":"dir","enc":"A256GCM","kid":"otp-1","jwk":{"kty":"oct","k":"AAAA"}}"#, .unsupportedMember),
        (#"{"alg":"dir","enc":"A256GCM","kid":"otp-1","x5u":"https://evil.example"}"#, .unsupportedMember),
        (#"{"alg":"dir","enc":"A256GCM","kid":"otp-1","cty":"JWT"}"#, .unsupportedMember),
        (#"{"alg":"dir","enc":"A256GCM","kid":"otp-1","KID":"otp-1"}"#, .unsupportedMember),
        (
            #"{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","kid":"otp-1","p2c":2147483647,"p2s":"AA"}"#,
            .unsupportedMember
        ),
        (#"{"alg":"ECDH-ES","enc":"A256GCM","kid":"otp-1","epk":{"kty":"EC"}}"#, .unsupportedMember),
        (#"{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","kid":"otp-1"}"#, .unsupportedAlgorithm),
        (#"{"alg":"RSA1_5","enc":"A256GCM","kid":"otp-1"}"#, .unsupportedAlgorithm),
        (#"{"alg":"none","enc":"A256GCM","kid":"otp-1"}"#, .unsupportedAlgorithm),
        (#"{"alg":"DIR","enc":"A256GCM","kid":"otp-1"}"#, .unsupportedAlgorithm),
        (#"{"alg":"A256GCMKW","enc":"A256GCM","kid":"otp-1"}"#, .unsupportedAlgorithm),
        (#"{"alg":"dir","enc":"A128CBC-HS256","kid":"otp-1"}"#, .unsupportedAlgorithm),
        (#"{"alg":"dir","enc":"A128GCM","kid":"otp-1"}"#, .unsupportedAlgorithm),
        (#"{"alg":"A256KW","enc":"A256GCM","kid":"otp-1"}"#, .malformed),
        (#"{"alg":"dir","enc":"A256GCM"}"#, .missingKeyID),
        (#"{"alg":"dir","enc":"A256GCM","kid":""}"#, .missingKeyID),
        (#"{"alg":"dir","enc":"A256GCM","kid":"../../etc/passwd"}"#, .missingKeyID),
        (#"{"alg":"dir","enc":"A256GCM","kid":"otp-2"}"#, .unknownKey),
        (#"{"alg":"dir","enc":"A256GCM","kid":1}"#, .malformed),
        (#"{"alg":"dir","alg":"dir","enc":"A256GCM","kid":"otp-1"}"#, .malformed),
        (#"{"alg":"dir","\u0061lg":"dir","enc":"A256GCM","kid":"otp-1"}"#, .malformed),
        (#"{"enc":"A256GCM","kid":"otp-1"}"#, .malformed),
        (#"["alg"]"#, .malformed),
        ("", .malformed),
    ]

    @Test("an authentic message that asks for more than the profile is refused", arguments: refusals)
    func profile(header: String, expected: JWEError) {
        #expect(reason(sealed(header: header)) == expected)
    }

    @Test("a header is refused before a key is looked up", arguments: refusals.filter { $0.1 != .unknownKey })
    func refusedBeforeLookup(header: String, expected: JWEError) {
        #expect(throws: expected) {
            try JWE.open(sealed(header: header)) { _ in
                Issue.record("a key was looked up")
                return nil
            }
        }
    }

    @Test("a header may be in any order, with blanks, escapes and a typ")
    func tolerance() {
        let headers = [
            #"{ "kid" : "otp-1", "enc": "A256GCM", "alg":"dir", "typ":"application\/jose" }"#,
            #"{"kid":"otp\u002d1","enc":"A256GCM","alg":"dir"}"#,
        ]
        for header in headers { #expect(reason(sealed(header: header)) == nil) }
    }

    @Test("a message over the limit is refused unread")
    func limit() {
        let message = JWE.seal([UInt8](repeating: 0, count: 60_000), key: Self.key)
        #expect(reason(message) == .tooLarge)
        #expect(reason(message, limit: message.count) == nil)
        #expect(reason(message, limit: message.count - 1) == .tooLarge)
    }

    @Test("a signing key opens nothing, another key of the same name neither")
    func wrongKeys() {
        let message = JWE.seal("{}".utf8, key: Self.key)
        let audit = Key(kid: "otp-1", ring: .audit, secret: Self.key.secret)
        #expect(throws: JWEError.unknownKey) { try JWE.open(message) { _ in audit } }
        let other = Key(kid: "otp-1", ring: .otp, secret: .random(32))
        #expect(throws: JWEError.notAuthentic) { try JWE.open(message) { _ in other } }
        let wrapped = JWE.sealA256KW("{}".utf8, key: Self.key)
        #expect(throws: JWEError.notAuthentic) { try JWE.open(wrapped) { _ in other } }
    }

    @Test("reasons are words for a metric, not sentences about a message")
    func reasons() {
        for error in JWEError.allCases { #expect("\(error)".allSatisfy { $0.isLowercase || $0 == "_" }) }
    }
}
