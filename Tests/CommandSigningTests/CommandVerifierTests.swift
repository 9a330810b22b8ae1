import CommandSigning
import Contract
import Settings
import Testing
import TokenCore
import TokenCrypto

@Suite("Signed commands")
struct CommandVerifierTests {
    private let bench: Bench

    init() throws {
        bench = try Bench()
    }

    @Test("a good token of each algorithm says who asks", arguments: SignatureAlgorithm.allCases)
    func good(algorithm: SignatureAlgorithm) throws {
        let asker = try bench.asker(of: SignedSample(algorithm).command())
        #expect(asker.id == "operator-1" && asker.privileges == ["token.disable"] && !asker.viewsContacts)
    }

    /// A claim's name, what it becomes (nil: absent), and how the refusal is logged.
    private static let wrongClaims: [(name: String, value: JSONValue?, fault: SignatureFault)] = [
        ("iss", nil, .claims), ("iss", "https://iam.example.org/", .issuer), ("iss", 7, .claims), ("iss", "", .claims),
        ("aud", nil, .claims), ("aud", "usertokens2", .audience), ("aud", ["usertokens", "other"], .claims),
        ("aud", [], .claims), ("aud", [7], .claims),
        ("sub", nil, .claims), ("sub", "", .claims), ("sub", "a\u{0}b", .claims),
        ("sub", .string(String(repeating: "x", count: 256)), .claims),
        ("tenant", nil, .claims), ("tenant", "other", .tenant), ("tenant", null, .claims),
        ("scope", nil, .claims), ("scope", "", .privilege), ("scope", "token.enable", .privilege),
        ("scope", "token.disable.x", .privilege), ("scope", "token.disable:self", .privilege),
        ("scope", "token", .privilege), ("scope", "*", .privilege), ("scope", ["token.disable"], .claims),
        ("scope", "usertokens.token.disable.v1", .privilege), ("scope", "token.disable\ttoken.enable", .privilege),
        ("exp", nil, .claims), ("exp", "1800000060", .claims), ("exp", 1_800_000_000, .expired),
        ("exp", 1_799_999_999, .expired), ("exp", 1_800_000_301, .lifetime), ("exp", 4_000_000_000, .lifetime),
        ("exp", -1, .claims), ("exp", 1e300, .claims), ("exp", .integer(.max), .claims), ("exp", null, .claims),
        ("nbf", 1_800_000_031, .early), ("nbf", "now", .claims), ("iat", 1_800_000_031, .early), ("iat", [], .claims),
        ("cid", nil, .claims), ("cid", "c-2", .otherCommand), ("cid", "C-1", .otherCommand), ("cid", "", .claims),
        ("dig", nil, .claims), ("dig", "x", .otherCommand),
        ("dig", .string(SignedClaims.digest(of: [])), .otherCommand),
        ("src", "/other", .otherCommand), ("cmd", "usertokens.token.delete.v1", .otherCommand),
        ("cmd", "token.disable", .otherCommand), ("key", "default/bob", .otherCommand), ("key", 1, .claims),
    ]
    private static let null = JSONValue.null

    @Test("a wrong claim is refused, each for its reason", arguments: wrongClaims.indices)
    func claims(index: Int) throws {
        let (name, value, fault) = Self.wrongClaims[index]
        var sample = SignedSample()
        sample.claims[name] = value
        #expect(try bench.fault(of: sample) == fault, "\(name)")
    }

    private static let rightClaims: [(name: String, value: JSONValue)] = [
        ("aud", ["usertokens"]), ("exp", 1_800_000_300), ("exp", 1_800_000_000.5), ("nbf", 1_800_000_030),
        ("iat", 1_800_000_030), ("scope", "openid token.disable profile"), ("scope", "token.disable  token.disable"),
        ("src", "/iam"), ("cmd", "usertokens.token.disable.v1"), ("key", "default/alice"), ("jti", "anything"),
    ]

    @Test("what the contract leaves open is accepted", arguments: rightClaims.indices)
    func openClaims(index: Int) throws {
        let (name, value) = Self.rightClaims[index]
        var sample = SignedSample()
        sample.claims[name] = value
        #expect(try bench.fault(of: sample) == nil, "\(name)")
    }

    @Test("a token lifted off one command fits no other")
    func lifted() throws {
        let token = try SignedSample().made()
        for change: (inout SignedSample) -> Void in [
            { $0.attributes["ce_id"] = "c-2" }, { $0.data = #"{"tokenId":"01900000-0000-7000-8000-000000000001"}"# },
            { $0.data += " " },
        ] {
            var other = SignedSample()
            other.token = token
            change(&other)
            #expect(try bench.fault(of: other) == .otherCommand)
        }
        var other = SignedSample()
        other.token = token
        other.key = "second/alice"
        other.attributes["ce_tenant"] = "second"
        #expect(try bench.fault(of: other) == .tenant)
        other = SignedSample()
        other.token = token
        other.attributes["ce_type"] = "usertokens.token.delete.v1"
        #expect(try bench.fault(of: other) == .privilege)
        // What the contract's claims leave open, a signer can close with three more.
        var bound = SignedSample()
        for (name, value) in [("src", "/iam"), ("cmd", "usertokens.token.disable.v1"), ("key", "default/alice")] {
            bound.claims[name] = .string(value)
        }
        let whole = try bound.made()
        for change: (inout SignedSample) -> Void in [
            { $0.key = "default/bob" }, { $0.attributes["ce_source"] = "/elsewhere" },
            { $0.attributes["ce_type"] = "usertokens.token.enable.v1" },
        ] {
            var other = SignedSample()
            other.token = whole
            change(&other)
            #expect(try bench.fault(of: other) == .otherCommand)
        }
    }

    @Test("where binding is required a token names source, type and key")
    func binding() throws {
        let strict = try Bench(binding: .required)
        var bound = SignedSample()
        for (name, value) in [("src", "/iam"), ("cmd", "usertokens.token.disable.v1"), ("key", "default/alice")] {
            bound.claims[name] = .string(value)
        }
        #expect(try strict.fault(of: bound) == nil)
        for name in ["src", "cmd", "key"] {
            var sample = bound
            sample.claims[name] = nil
            #expect(try strict.fault(of: sample) == .claims)
            #expect(try bench.fault(of: sample) == nil)
        }
    }

    @Test("in structured mode the digest is that of the canonical form of the data")
    func structured() throws {
        var sample = SignedSample()
        let canonical = #"{"a":1,"tokenId":"x"}"#
        sample.claims["dig"] = .string(SignedClaims.digest(of: Array(canonical.utf8)))
        let value = """
            {"specversion": "1.0", "id": "c-1", "source": "/iam", "type": "usertokens.token.disable.v1",
             "data": {"tokenId": "x", "a": 1.0}}
            """
        let command = try SignedSample.command(
            [
                ("content-type", Array("application/cloudevents+json".utf8)),
                ("authorization", Array("bearer \(try sample.made())".utf8)),
            ],
            key: "default/alice",
            value: Array(value.utf8)
        )
        #expect(bench.fault(of: command) == nil)
    }

    @Test("authid and authtype agree with the token, or are absent")
    func asserted() throws {
        var sample = SignedSample()
        sample.attributes["ce_authid"] = "operator-1"
        sample.attributes["ce_authtype"] = "user"
        #expect(try bench.fault(of: sample) == nil)
        sample.attributes["ce_authtype"] = "unauthenticated"
        #expect(try bench.fault(of: sample) == .subject)
        sample.attributes = SignedSample().attributes
        sample.attributes["ce_authid"] = "operator-2"
        #expect(try bench.fault(of: sample) == .subject)
    }

    @Test("a privilege of one's own is good for one's own key only, and for no `~` key")
    func own() throws {
        var sample = SignedSample()
        sample.claims["scope"] = "token.disable:self token.view.contact:self"
        #expect(try bench.fault(of: sample) == .privilege)
        sample.claims["sub"] = "alice"
        let asker = try bench.asker(of: sample.command())
        #expect(asker.viewsContacts)
        sample.key = "default/bob"
        #expect(try bench.fault(of: sample) == .privilege)
        for name in ["~", "~alice"] {
            sample.claims["sub"] = .string(name)
            sample.key = "default/\(name)"
            #expect(try bench.fault(of: sample) == .privilege)
        }
        // One letter in two spellings: two users.
        sample.claims["sub"] = "zo\u{EB}"
        sample.key = "default/zoe\u{308}"
        #expect(try bench.fault(of: sample) == .privilege)
        sample.key = "default/zo\u{EB}"
        #expect(try bench.fault(of: sample) == nil)
    }

    @Test("contact data are seen with the privilege for it")
    func contacts() throws {
        var sample = SignedSample()
        sample.claims["scope"] = "token.disable token.view.contact"
        #expect(try bench.asker(of: sample.command()).viewsContacts)
        sample.claims["scope"] = "token.disable token.view.contact:self"
        #expect(try !bench.asker(of: sample.command()).viewsContacts)
    }

    @Test("a type that nobody knows needs a good signature, and no privilege")
    func unknownType() throws {
        var sample = SignedSample()
        sample.attributes["ce_type"] = "usertokens.token.dance.v1"
        #expect(try bench.fault(of: sample) == nil)
        sample.claims["cid"] = "c-2"
        #expect(try bench.fault(of: sample) == .otherCommand)
    }

    @Test("an algorithm that is not configured is refused, whatever the keys", arguments: SignatureAlgorithm.allCases)
    func configured(algorithm: SignatureAlgorithm) throws {
        for one in SignatureAlgorithm.allCases {
            let bench = try Bench(algorithms: [one])
            #expect(try bench.fault(of: SignedSample(algorithm)) == (one == algorithm ? nil : .algorithm))
        }
    }
}
