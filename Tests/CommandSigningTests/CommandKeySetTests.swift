import CommandSigning
import Settings
import TestSupport
import Testing
import TokenCore
import TokenCrypto

@Suite("COMMAND_JWKS_FILE")
struct CommandKeySetTests {
    private func problems(_ text: String) -> [String] {
        do throws(KeysError) {
            _ = try CommandKeySet(parsing: Array(text.utf8))
            return []
        } catch {
            return error.problems
        }
    }

    @Test("keys of other kinds and for other uses are passed over, as in an identity provider's set")
    func foreign() throws {
        let foreign = [
            #"{"kty":"EC","crv":"P-384","x":"AA","y":"AA","kid":"384"}"#, #"{"kty":"AKP","kid":"pq","pub":"AA"}"#,
            #"{"kty":"OKP","crv":"X25519","x":"AA","kid":"dh"}"#,
            #"{"kty":"RSA","use":"enc","alg":"RSA-OAEP","n":"AA","e":"AQAB","kid":"enc"}"#,
            #"{"kty":"RSA","alg":"PS256","n":"\#(SampleKeys.rsaModulus)","e":"AQAB","kid":"pss"}"#,
            #"{"kty":"EC","crv":"P-256","key_ops":["deriveBits"],\#(SampleKeys.ellipticPoint),"kid":"ops"}"#,
        ]
        let ours = SignatureAlgorithm.allCases.map { SampleKeys.publicKey($0) }
        let set = try CommandKeySet(parsing: Array(SampleKeys.set(foreign + ours).utf8))
        #expect(set.kids == ["ES256", "EdDSA", "RS256"])
        #expect(try CommandKeySet(parsing: Array(#"{"keys":[]}"#.utf8)).kids.isEmpty)
    }

    @Test(
        "a secret is refused, also of a kind that is not ours, and is not repeated",
        arguments: [
            #"{"kty":"oct","k":"c2VjcmV0","kid":"a"}"#, #"{"kty":"oct","kid":"a"}"#,
            #"{"kty":"EC","crv":"P-521","d":"c2VjcmV0","kid":"a"}"#,
            #"{"kty":"RSA","use":"enc","p":"c2VjcmV0","kid":"a"}"#,
            SampleKeys.privateKey(.edDSA), SampleKeys.privateKey(.es256), SampleKeys.privateKey(.rs256),
        ]
    )
    func secrets(jwk: String) {
        let problems = problems(SampleKeys.set([SampleKeys.publicKey(.es256, kid: "z"), jwk]))
        #expect(problems == ["COMMAND_JWKS_FILE: keys[1]: holds a secret; public keys only belong here"])
    }

    @Test("a key that is not what it says is refused, each mistake in a line of its own")
    func mistakes() {
        let short = Base64URL.encode([UInt8](repeating: 0xC1, count: 128))
        let bad = [
            "7", #"{"kid":"a"}"#, #"{"kty":"OKP","crv":"Ed25519",\#(SampleKeys.edwardsPoint)}"#,
            #"{"kty":"OKP","crv":"Ed25519","x":"AAAA","kid":"a"}"#,
            #"{"kty":"EC","crv":"P-256","x":"\#(String(repeating: "A", count: 43))","y":"AA","kid":"a"}"#,
            #"{"kty":"EC","crv":"P-256","x":"\#(zeros)","y":"\#(zeros)","kid":"off the curve"}"#,
            #"{"kty":"EC","crv":"P-256","x":"\#(zeros)","y":"\#(zeros)","kid":"off-the-curve"}"#,
            #"{"kty":"RSA","n":"\#(short)","e":"AQAB","kid":"1024-bits"}"#,
            #"{"kty":"RSA","n":"\#(SampleKeys.rsaModulus)","e":"AA","kid":"even"}"#,
            #"{"kty":"RSA","n":"\#(SampleKeys.rsaModulus)==","e":"AQAB","kid":"padded"}"#,
            SampleKeys.publicKey(.es256, kid: "twice"), SampleKeys.publicKey(.edDSA, kid: "twice"),
        ]
        let lines = problems(SampleKeys.set(bad))
        #expect(lines.count == 11)
        for (index, line) in lines.enumerated() {
            let place = index < 10 ? index : 11
            #expect(line.hasPrefix("COMMAND_JWKS_FILE: keys[\(place)]"), "\(line)")
        }
        for text in ["", "{}", "[]", #"{"keys":{}}"#, #"{"keys":[],"keys":[]}"#, "\u{0}"] {
            #expect(problems(text).count == 1, "\(text)")
        }
    }

    private var zeros: String { String(repeating: "A", count: 43) }

    @Test("the file may be read by anybody and written by those who may; no directory, no absent file")
    func file() throws {
        let folder = try KeyFolder()
        let signing = CommandSettings.Signing(jwksFile: folder.path, issuer: "i", algorithms: [.edDSA])
        #expect(throws: KeysError.self) { try CommandVerifier(signing) }
        try folder.write(SampleKeys.wholeSet, mode: 0o666)
        #expect(throws: KeysError.self) { try CommandVerifier(signing) }
        try folder.write(SampleKeys.wholeSet, mode: 0o664)
        #expect(try CommandVerifier(signing).keys.current.kids.count == 3)
    }
}

@Suite("COMMAND_JWKS_FILE while running")
struct KeyReloadTests {
    private let bench: Bench
    private let start = ContinuousClock.now

    init() throws {
        bench = try Bench(jwks: SampleKeys.set([SampleKeys.publicKey(.edDSA)]))
    }

    @Test("an unknown name has the file read, if it has changed: a new key is good at once")
    func newKey() throws {
        #expect(try bench.fault(of: SignedSample(.es256)) == .unknownKey)
        try bench.folder.write(SampleKeys.wholeSet)
        #expect(try bench.fault(of: SignedSample(.es256)) == nil)
    }

    @Test("a key that is gone or replaced is good for nothing, also where the signature was looked at before")
    func goneKey() throws {
        let command = try SignedSample().command()
        let user = UserKey(tenant: "default", userID: "alice")
        let signed = try bench.verifier.verify(command)
        _ = try bench.verifier.asker(signed, of: user, privilege: nil, at: SignedSample.instant)
        let folder = try KeyFolder()
        let other = try KeyFile.createSigningKey(path: folder.path).replacing(/command-[a-z0-9]+/, with: "EdDSA")
        for set in [other, #"{"keys":[]}"#] {
            try bench.folder.write(set)
            #expect(bench.verifier.keys.reload() == .reloaded)
            #expect(throws: SignatureFault.unknownKey) {
                try bench.verifier.asker(signed, of: user, privilege: nil, at: SignedSample.instant)
            }
            #expect(bench.fault(of: command) == (set == other ? .signature : .unknownKey))
        }
    }

    @Test("a broken file leaves the last good keys in use, is told once, and may be mended")
    func broken() throws {
        for text in ["", SampleKeys.set([SampleKeys.privateKey(.edDSA)]), #"{"keys":[7,{"kty":"oct"}]}"#] {
            try bench.folder.write(text)
            guard case .failed = bench.verifier.keys.reload() else {
                Issue.record("a broken file was taken")
                return
            }
            #expect(try bench.fault(of: SignedSample()) == nil)
        }
        #expect(bench.verifier.keys.reloadIfChanged(now: start + .seconds(10)) == .unchanged)
        try bench.folder.write(SampleKeys.wholeSet)
        #expect(bench.verifier.keys.reloadIfChanged(now: start + .seconds(20)) == .reloaded)
        #expect(bench.verifier.keys.failure == nil)
    }
}
