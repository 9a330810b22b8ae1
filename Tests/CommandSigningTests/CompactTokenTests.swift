import CommandSigning
import Contract
import Settings
import TestSupport
import Testing
import TokenCrypto

@Suite("JWT on the wire")
struct CompactTokenTests {
    private let bench: Bench

    init() throws {
        bench = try Bench()
    }

    /// A header's member, what it becomes (nil: absent), and how the refusal is logged.
    private static let wrongHeaders: [(name: String, value: JSONValue?, fault: SignatureFault)] = [
        ("alg", nil, .algorithm), ("alg", "none", .algorithm), ("alg", "None", .algorithm), ("alg", "", .algorithm),
        ("alg", "HS256", .algorithm), ("alg", "ES256", .algorithm), ("alg", "eddsa", .algorithm),
        ("alg", 1, .algorithm),
        ("alg", "Ed25519", .algorithm), ("alg", ["EdDSA"], .algorithm),
        ("kid", nil, .unknownKey), ("kid", "RS256", .algorithm), ("kid", "nobody", .unknownKey),
        ("kid", 7, .unknownKey),
        ("kid", "../../etc/passwd", .unknownKey), ("kid", "", .unknownKey),
        ("crit", ["exp"], .headerNotAllowed), ("crit", [], .headerNotAllowed), ("b64", false, .headerNotAllowed),
        ("jku", "https://evil.example.org/jwks.json", .headerNotAllowed), ("jwk", [:], .headerNotAllowed),
        ("x5u", "https://evil.example.org", .headerNotAllowed), ("x5c", [], .headerNotAllowed),
        ("zip", "DEF", .headerNotAllowed), ("enc", "A256GCM", .headerNotAllowed), ("typ", "JWE", .headerNotAllowed),
        ("typ", "at+jwt", .headerNotAllowed), ("typ", 1, .headerNotAllowed),
    ]

    @Test("a wrong header is refused though the signature is good", arguments: wrongHeaders.indices)
    func headers(index: Int) throws {
        let (name, value, fault) = Self.wrongHeaders[index]
        var sample = SignedSample()
        sample.header[name] = value
        #expect(try bench.fault(of: sample) == fault, "\(name)")
    }

    @Test("members that say nothing here are ignored, as RFC 7515 wants it")
    func ignored() throws {
        var sample = SignedSample()
        sample.header["typ"] = "jwt"
        sample.header["x5t"] = "abc"
        sample.header["cty"] = "json"
        #expect(try bench.fault(of: sample) == nil)
    }

    @Test("no token, another scheme, an empty one")
    func absent() throws {
        for text in [nil, "", "Basic YTpi", "Bearer", "Bearer  ", "eyJhbGciOiJub25lIn0.e30."] {
            let fault = #expect(throws: SignatureFault.self) {
                try CompactToken(authorization: text.map(SensitiveText.init))
            }
            #expect(fault == .unsigned || fault == .malformed, "\(text ?? "nil")")
        }
    }

    @Test("a token has one spelling: three parts of canonical base64url")
    func spelling() throws {
        let good = try SignedSample().made()
        let parts = good.split(separator: ".").map(String.init)
        let flat = Base64URL.encode(Array(#"{"alg":"none"}"#.utf8))
        let wrong = [
            good + ".", "." + good, good + ".x", good + "=", good + " ", " " + good, good + "\n",
            parts[0] + "." + parts[1], parts[0] + "." + parts[1] + ".", parts[0] + "..", "..", ".", "",
            parts[0] + ".." + parts[2], "." + parts[1] + "." + parts[2], flat + "." + parts[1] + ".",
            good.replacing("-", with: "+").replacing("_", with: "/") + "+", good.dropLast() + "\u{0}",
            parts.joined(separator: "．"), parts.reversed().joined(separator: "."),
            good + "." + parts[1] + "." + parts[2],
        ]
        for token in wrong {
            var sample = SignedSample()
            sample.token = token
            let fault = try bench.fault(of: sample)
            #expect(fault != nil, "\(token)")
        }
        // The unused bits of the last character.
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let last = try #require(parts[2].last.flatMap { alphabet.firstIndex(of: $0) })
        for other in alphabet.indices where other != last && other >> 4 == last >> 4 {
            var sample = SignedSample()
            sample.token = good.dropLast() + String(alphabet[other])
            #expect(try bench.fault(of: sample) == .malformed)
        }
    }

    @Test("a member twice, no object, too much nesting: not read")
    func json() throws {
        let signer = try SampleKeys.signer(.edDSA)
        let claims = String(decoding: JSONValue.object(SignedSample().claims).serialized(), as: UTF8.self)
        let header = #"{"alg":"EdDSA","kid":"EdDSA"}"#
        for (header, claims) in [
            (#"{"alg":"none","alg":"EdDSA","kid":"EdDSA"}"#, claims),
            (header, #"{"sub":"admin","# + claims.dropFirst()),
            (header, claims.dropLast() + #","\#u{73}ub":"admin"}"#), ("[]", claims), (header, "[]"), (header, "\"x\""),
            (header, "null"), (header, claims + claims), (header, "\u{FEFF}" + claims), ("", claims), (header, ""),
            (header, claims.dropLast() + #","x":\#(String(repeating: "[", count: 40))}"#),
        ] {
            let input = [header, claims].map { Base64URL.encode(Array($0.utf8)) }.joined(separator: ".")
            var sample = SignedSample()
            sample.token = "\(input).\(Base64URL.encode(try signer.signature(of: Array(input.utf8))))"
            #expect(try bench.fault(of: sample) == .malformed, "\(header) \(claims)")
        }
    }

    @Test("a token of more than 8 KB is not looked at")
    func length() throws {
        var sample = SignedSample()
        sample.claims["filler"] = .string(String(repeating: "x", count: 6_500))
        #expect(try bench.fault(of: sample) == .tooLong)
        sample.claims["filler"] = .string(String(repeating: "x", count: 5_000))
        #expect(try bench.fault(of: sample) == nil)
    }

    @Test("a signature by another key of the set, or by a stranger's under a known name, is none")
    func otherKeys() throws {
        for algorithm in SignatureAlgorithm.allCases {
            for other in SignatureAlgorithm.allCases where other != algorithm {
                var sample = SignedSample(algorithm)
                sample.algorithm = other
                #expect(try bench.fault(of: sample) == .signature)
            }
        }
        let folder = try KeyFolder()
        let published = try KeyFile.createSigningKey(path: folder.path)
        #expect(published.contains("\"x\"") && !published.contains("\"d\""))
        let stranger = try CommandSigner(path: folder.path, name: "stranger")
        var sample = SignedSample()
        sample.token = try stranger.token(header: sample.header, claims: sample.claims)
        #expect(try bench.fault(of: sample) == .signature)
        // The same key is good where its public half is in the set.
        let theirs = try Bench(jwks: published)
        sample.token = try stranger.token(
            header: ["alg": "EdDSA", "kid": .string(stranger.kid)],
            claims: sample.claims
        )
        #expect(try theirs.fault(of: sample) == nil)
    }
}
