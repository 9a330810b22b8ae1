import Testing
import TokenCrypto

@Suite("KeyRings")
struct KeyRingsTests {
    private static let ks = (0..<6).map { _ in Base64URL.encode(SecureRandom.bytes(32)) }

    private static func entry(_ kid: String, _ ring: String, _ state: String, _ k: String) -> String {
        #"{"kty":"oct","kid":"\#(kid)","ring":"\#(ring)","state":"\#(state)","k":"\#(k)"}"#
    }

    private static func pair(x: String? = nil, d: Secret = .random(32), crv: String = "Ed25519") -> String {
        let (point, secret) = (x ?? Base64URL.encode(Ed25519.publicKey(of: d)), d.withBytes { Base64URL.encode($0) })
        return
            #"{"kty":"OKP","crv":"\#(crv)","kid":"a","ring":"audit","state":"active","x":"\#(point)","d":"\#(secret)"}"#
    }

    private static func set(_ keys: String...) -> String {
        #"{"keys":[\#(keys.joined(separator: ","))]}"#
    }

    private func problems(_ text: String) -> [String] {
        do throws(KeysError) {
            _ = try KeyRings(parsing: text.utf8)
            return []
        } catch {
            return error.problems
        }
    }

    @Test("keys are found by ring and name, the active one by ring")
    func finds() throws {
        let text = Self.set(
            Self.entry("o-1", "otp", "retired", Self.ks[0]),
            Self.entry("o-2", "otp", "active", Self.ks[1]),
            Self.entry("d-1", "dlq", "retired", Self.ks[2]),
            Self.pair()
        )
        let rings = try KeyRings(parsing: text.utf8)
        #expect(rings.active(.otp)?.kid == "o-2")
        #expect(rings.active(.otp)?.secret == Secret(try #require(Base64URL.decode(Self.ks[1]))))
        #expect(rings.key(.otp, kid: "o-1")?.state == .retired)
        #expect(rings.key(.dlq, kid: "o-1") == nil, "a key of another ring is none")
        #expect(rings.active(.dlq) == nil)
        #expect(rings.rings == [.otp, .dlq, .audit])
        #expect(rings.active(.audit)?.publicKey?.count == 32)
        #expect(rings.problems(needing: [.otp, .dlq, .kek]).count == 2)
    }

    @Test("members that are not ours are ignored")
    func ignores() throws {
        let key =
            #"{"kty":"oct","use":"enc","key_ops":["encrypt"],"exp":1.5e9,"kid":"k","ring":"kek","state":"active","#
        #expect(problems(#"{"x":{},"keys":[\#(key)"k":"\#(Self.ks[0])"}]}"#).isEmpty)
    }

    static let mistakes: [(String, String)] = [
        ("", "no JSON"),
        ("{\"keys\":[}", "at byte 9"),
        ("[]", "no JWK Set"),
        (#"{"keys":{}}"#, "no JWK Set"),
        (set("7"), "keys[0] is no object"),
        (set(#"{"kty":"oct"}"#), "\"kid\" is missing"),
        (set(#"{"kty":"oct","kid":"x"}"#), "keys[0] (kid x): \"ring\" is missing"),
        (set(#"{"kty":"oct","kid":"x","ring":"otp","state":"active"}"#), "(kid x): \"k\" is missing"),
        (set(#"{"kty":"oct","kid":"x","ring":"otp","state":"active","k":5}"#), "(kid x): \"k\" is no base64url"),
        (set(entry("x", "otp", "active", "****")), "(kid x): \"k\" is no base64url"),
        (set(entry("x", "otp", "active", ks[0] + "=")), "(kid x): \"k\" is no base64url"),
        (set(entry("x", "otp", "active", Base64URL.encode([UInt8](repeating: 7, count: 32)))), "no random key"),
        (set(entry("x", "otp", "active", Base64URL.encode(SecureRandom.bytes(16)))), "\"k\" is not 256 bits"),
        (set(entry("x", "otp", "active", Base64URL.encode(SecureRandom.bytes(33)))), "\"k\" is not 256 bits"),
        (set(entry("x", "otpp", "active", ks[0])), "(kid x): \"ring\" is none of kek, otp,"),
        (set(entry("x", "otp", "on", ks[0])), "(kid x): \"state\" is none of active, retired"),
        (set(entry("a b", "otp", "active", ks[0])), "keys[0]: \"kid\" is not 1-64"),
        (set(entry("x", "audit", "active", ks[0])), "ring audit wants \"kty\" \"OKP\""),
        (set(pair().replacing("audit", with: "otp")), "ring otp wants \"kty\" \"oct\""),
        (set(pair(crv: "X25519")), "\"crv\" is not Ed25519"),
        (set(pair(x: ks[0])), "\"x\" is not the public key of \"d\""),
        (set(entry("x", "otp", "active", ks[0]), entry("x", "dlq", "active", ks[1])), "kid x twice"),
        (
            set(entry("x", "otp", "active", ks[0]), entry("y", "dlq", "active", ks[0])),
            "kid y and kid x are the same key"
        ),
        (
            set(entry("x", "otp", "active", ks[0]), entry("y", "otp", "active", ks[1])),
            "ring otp has two active keys, x and y"
        ),
    ]

    @Test("each mistake is told with its place, and no value", arguments: mistakes)
    func refuses(text: String, expected: String) {
        let found = problems(text)
        #expect(found.contains { $0.contains(expected) }, "\(found)")
        #expect(found.count == 1 || text.contains(#"{"kty":"oct","kid":"x"}"#) || text.contains(#"[{"kty":"oct"}"#))
        for k in Self.ks { #expect(!found.joined().contains(k.prefix(16))) }
    }

    @Test("every mistake is told, not the first only")
    func tellsAll() {
        let text = Self.set(
            Self.entry("x", "otpp", "on", Self.ks[0]),
            Self.entry("y", "otp", "active", "AAAA"),
            Self.entry("z", "dlq", "active", Self.ks[1]),
            Self.entry("z", "dlq", "active", Self.ks[1])
        )
        #expect(problems(text).count == 6)
    }

    @Test("a key in the wrong member is not told")
    func neverTellsValues() {
        let k = Self.ks[0]
        for text in [Self.entry(k + "+/", "otp", "active", k), Self.entry("x", k, k, k), #"{"kty":"\#(k)","kid":"x"}"#]
        {
            let told = problems(Self.set(text)).joined()
            #expect(!told.isEmpty)
            #expect(!told.contains(k.prefix(8)))
        }
    }

    @Test("mutilated files and noise neither crash nor have a key told")
    func fuzz() {
        var random = PropertyRandom()
        let text = Self.set(
            Self.entry("o-1", "otp", "retired", Self.ks[0]),
            Self.entry("o-2", "otp", "active", Self.ks[1]),
            Self.pair()
        )
        let pieces = [Self.ks[0].dropFirst(4).prefix(12), Self.ks[1].suffix(12)]
        var usable = 0
        for round in 0..<4_000 {
            let bytes = round % 4 == 0 ? random.bytes(round % 300) : random.mutated(Array(text.utf8))
            do throws(KeysError) {
                let rings = try KeyRings(parsing: bytes)
                #expect(rings.keys.allSatisfy { $0.secret.count == 32 })
                usable += 1
            } catch {
                #expect(pieces.allSatisfy { !error.description.contains($0) }, "\(error)")
            }
        }
        #expect(usable > 0)
    }

    @Test("a file over the limit is refused unread")
    func limit() {
        #expect(problems(String(repeating: " ", count: KeyRings.maximumLength + 1)).first?.contains("longer") == true)
        #expect(
            problems("{\"keys\":[" + String(repeating: "0,", count: 1_001) + "0]}") == [
                "KEYS_FILE: more than 1000 keys"
            ]
        )
    }
}
