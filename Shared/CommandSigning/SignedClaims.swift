package import Contract
package import Settings
package import TokenCore
import TokenCrypto

/// The claims of a command's JWT (contract section 9).
package struct SignedClaims: Sendable, Equatable {
    package let issuer: String
    /// One: a token for several audiences is none for us.
    package let audience: String
    /// Who asks: `authid`.
    package let subject: String
    package let tenant: String
    /// The words of `scope`: types of commands, `token.view.contact`, either with `:self`; words of others mean nothing.
    package let privileges: Set<String>
    package let expires: Instant
    package let notBefore: Instant?
    package let issuedAt: Instant?
    /// `cid`: `ce_id`.
    package let commandID: String
    /// `dig`: base64url SHA-256 of the data.
    package let digest: String
    /// `src`: `ce_source`, where the signer binds that too.
    package let source: String?
    /// `cmd`: the command's type, in full, where the signer binds that too.
    package let type: String?
    /// `key`: the record's key, where the signer binds that too.
    package let key: String?

    package static let ourAudience = "usertokens"
    /// How far the token may outlive the instant, in seconds.
    package static let maximumLifetime: Int64 = 300
    /// How far a signer's clock may run ahead, in seconds.
    package static let clockTolerance: Int64 = 30

    /// - Throws: `claims` where one is missing or ill-typed.
    package init(_ claims: JSONObject) throws(SignatureFault) {
        issuer = try Self.text("iss", claims)
        subject = try Self.text("sub", claims)
        tenant = try Self.text("tenant", claims)
        privileges = Set(try Self.text("scope", claims, mayBeEmpty: true).split(separator: " ").map(String.init))
        commandID = try Self.text("cid", claims)
        digest = try Self.text("dig", claims)
        source = try Self.optionalText("src", claims)
        type = try Self.optionalText("cmd", claims)
        key = try Self.optionalText("key", claims)
        switch claims["aud"] {
        case .string(let one)?: audience = one
        case .array(let several)? where several.count == 1:
            guard let one = several[0].stringValue else { throw .claims }
            audience = one
        default: throw .claims
        }
        guard let expires = try Self.instant("exp", claims) else { throw .claims }
        self.expires = expires
        notBefore = try Self.instant("nbf", claims)
        issuedAt = try Self.instant("iat", claims)
        guard subject.utf8.count <= 255, !subject.unicodeScalars.contains(where: \.isControl) else { throw .claims }
    }

    /// What is wrong whatever the time is: issuer, audience, and everything that ties the token to its command.
    ///
    /// `cid` and `dig` leave open whose key, from which source and of which type of those in `scope` the command is: a
    /// token for data that mean something elsewhere can be carried there, unless `key`, `src` and `cmd` say where it
    /// belongs.
    package func check(
        issuer: String,
        binding: CommandSettings.Binding,
        command: CommandEnvelope
    ) throws(SignatureFault) {
        guard self.issuer.hasSameBytes(as: issuer) else { throw .issuer }
        guard audience.hasSameBytes(as: Self.ourAudience) else { throw .audience }
        guard tenant.hasSameBytes(as: command.tenant) else { throw .tenant }
        if let authID = command.authID, !authID.hasSameBytes(as: subject) { throw .subject }
        // CloudEvents' word for "nobody": that is not what the signature says.
        if command.authType == "unauthenticated" { throw .subject }
        guard commandID.hasSameBytes(as: command.id), digest == Self.digest(of: command.dataBytes) else {
            throw .otherCommand
        }
        if binding == .required, source == nil || type == nil || key == nil { throw .claims }
        for (claim, value) in [(source, command.source), (type, command.type)] {
            if let claim, !claim.hasSameBytes(as: value) { throw .otherCommand }
        }
        if let key, !key.utf8.elementsEqual(command.key) { throw .otherCommand }
    }

    /// What is wrong at the command's instant.
    package func check(at instant: Instant) throws(SignatureFault) {
        guard instant < expires else { throw .expired }
        guard expires <= instant.adding(seconds: Self.maximumLifetime) else { throw .lifetime }
        let latest = instant.adding(seconds: Self.clockTolerance)
        for start in [notBefore, issuedAt] {
            if let start, latest < start { throw .early }
        }
    }

    /// Who asks, with what the token says that they may do to `user`.
    package func asker(of user: UserKey) -> TokenCore.Asker {
        let asker = TokenCore.Asker(id: subject, privileges: privileges)
        return TokenCore.Asker(
            id: subject,
            viewsContacts: asker.holds(Privilege.viewContact, on: user),
            privileges: privileges
        )
    }

    /// `dig` of a command's data: the value's bytes, in structured mode the RFC 8785 form of the data.
    package static func digest(of data: [UInt8]) -> String { Base64URL.encode(Digest.sha256(data)) }

    private static func text(
        _ name: String,
        _ claims: JSONObject,
        mayBeEmpty: Bool = false
    ) throws(SignatureFault) -> String {
        guard let text = claims[name]?.stringValue, mayBeEmpty || !text.isEmpty else { throw .claims }
        return text
    }

    private static func optionalText(_ name: String, _ claims: JSONObject) throws(SignatureFault) -> String? {
        claims[name] == nil ? nil : try text(name, claims)
    }

    /// A NumericDate (RFC 7519 §2), which may have a fraction; nil where it is absent.
    private static func instant(_ name: String, _ claims: JSONObject) throws(SignatureFault) -> Instant? {
        let range = 0...253_402_300_799.0  // until the year 9999
        switch claims[name] {
        case nil: return nil
        case .integer(let seconds)? where range.contains(Double(seconds)):
            return Instant(microseconds: seconds * 1_000_000)
        case .double(let seconds)? where range.contains(seconds):
            return Instant(microseconds: Int64(seconds * 1_000_000))
        default: throw .claims
        }
    }
}

/// Privileges that are no types of commands.
package enum Privilege {
    /// See contact data unmasked.
    package static let viewContact = "token.view.contact"
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}
