import CommandSigning
import Contract
import Settings
import TestSupport
import Testing
import TokenCore
import TokenCrypto

/// A command and its JWT as a test writes them: good unless something is changed.
struct SignedSample {
    static let issuer = "https://iam.example.org"
    static let instant = Instant(seconds: 1_800_000_000)

    var algorithm = SignatureAlgorithm.edDSA
    var header: JSONObject = ["alg": "EdDSA", "kid": "EdDSA"]
    var claims: JSONObject
    var attributes = [
        "ce_specversion": "1.0", "ce_id": "c-1", "ce_source": "/iam", "ce_type": "usertokens.token.disable.v1",
        "content-type": "application/json",
    ]
    var key = "default/alice"
    var data = #"{"tokenId": "01900000-0000-7000-8000-000000000000"}"#
    /// Takes the place of the token that is made.
    var token: String?

    init(_ algorithm: SignatureAlgorithm = .edDSA) {
        self.algorithm = algorithm
        header = ["alg": .string(algorithm.rawValue), "kid": .string(algorithm.rawValue)]
        claims = [
            "iss": .string(Self.issuer), "aud": "usertokens", "sub": "operator-1", "tenant": "default",
            "scope": "token.disable", "exp": 1_800_000_060, "cid": "c-1",
            "dig": .string(SignedClaims.digest(of: Array(data.utf8))),
        ]
    }

    func made() throws -> String {
        if let token { return token }
        return try SampleKeys.signer(algorithm).token(header: header, claims: claims)
    }

    func command() throws -> CommandEnvelope {
        var headers = attributes.map { ($0.key, Array($0.value.utf8)) as (name: String, value: [UInt8]?) }
        headers.append(("authorization", Array("Bearer \(try made())".utf8)))
        return try Self.command(headers, key: key, value: Array(data.utf8))
    }

    static func command(
        _ headers: [(name: String, value: [UInt8]?)],
        key: String,
        value: [UInt8]
    ) throws -> CommandEnvelope {
        guard case .command(let command) = EnvelopeDecoder.decode(headers: headers, key: Array(key.utf8), value: value)
        else {
            Issue.record("the sample is no command")
            throw NoCommand()
        }
        return command
    }

    struct NoCommand: Error {}
}

/// Both steps of the check at once.
struct Bench {
    let folder: KeyFolder
    let verifier: CommandVerifier

    init(
        algorithms: [SignatureAlgorithm] = SignatureAlgorithm.allCases,
        binding: CommandSettings.Binding = .optional,
        jwks: String = SampleKeys.wholeSet
    ) throws {
        folder = try KeyFolder()
        try folder.write(jwks)
        verifier = try CommandVerifier(
            CommandSettings.Signing(
                jwksFile: folder.path,
                issuer: SignedSample.issuer,
                algorithms: algorithms,
                binding: binding
            )
        )
    }

    /// Nil: admitted.
    func fault(of sample: SignedSample, at instant: Instant = SignedSample.instant) throws -> SignatureFault? {
        try fault(of: sample.command(), at: instant)
    }

    func fault(of command: CommandEnvelope, at instant: Instant = SignedSample.instant) -> SignatureFault? {
        do throws(SignatureFault) {
            _ = try asker(of: command, at: instant)
            return nil
        } catch {
            return error
        }
    }

    func asker(
        of command: CommandEnvelope,
        at instant: Instant = SignedSample.instant
    ) throws(SignatureFault) -> TokenCore.Asker {
        let type = command.commandType
        return try verifier.asker(
            verifier.verify(command),
            of: UserKey(tenant: command.tenant, userID: command.userID),
            privilege: type.topic == nil ? nil : type.name,
            at: instant
        )
    }
}
