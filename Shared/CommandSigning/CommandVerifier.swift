package import Contract
package import Settings
package import TokenCore
package import TokenCrypto

/// A command whose signature is good, and which key says so.
package struct SignedCommand: Sendable {
    package let claims: SignedClaims
    let key: VerificationKey
}

/// Judges the signatures of commands (contract section 9).
///
/// In two steps, since the first costs tens of microseconds and needs no state, and the second needs the instant: the
/// first is taken on reading, before anything is locked.
package final class CommandVerifier: Sendable {
    /// The public keys, read again when their file changes.
    package let keys: WatchedFile<CommandKeySet>
    private let issuer: String
    private let binding: CommandSettings.Binding
    private let algorithms: Set<SignatureAlgorithm>

    /// - Throws: every mistake in the file.
    package init(_ settings: CommandSettings.Signing) throws(KeysError) {
        keys = try WatchedFile(path: settings.jwksFile, CommandKeySet.reading)
        issuer = settings.issuer
        binding = settings.binding
        algorithms = Set(settings.algorithms)
    }

    /// The first step: everything that does not depend on the time.
    package func verify(_ command: CommandEnvelope) throws(SignatureFault) -> SignedCommand {
        let token = try CompactToken(authorization: command.authorization)
        // An unknown name has the file looked at, which may have changed just now; it is read only if it has.
        guard let kid = token.kid, let key = keys.find({ $0.key(kid) }) else { throw .unknownKey }
        guard algorithms.contains(key.algorithm), token.algorithm == key.algorithm.rawValue else { throw .algorithm }
        // The cheap checks first; the reply doesn't tell which one it was.
        let claims = try SignedClaims(token.claims)
        try claims.check(issuer: issuer, binding: binding, command: command)
        guard key.isValid(token.signature, of: token.signingInput) else { throw .signature }
        return SignedCommand(claims: claims, key: key)
    }

    /// The second step: who asks, where the token is good at the command's instant and gives the privilege.
    ///
    /// - Parameter privilege: nil where no privilege protects the command, as there is no such type.
    package func asker(
        _ signed: SignedCommand,
        of user: UserKey,
        privilege: String?,
        at instant: Instant
    ) throws(SignatureFault) -> TokenCore.Asker {
        // The file may have changed since: a key that is gone, or is another one, counts for nothing.
        guard keys.current.key(signed.key.kid) == signed.key else { throw .unknownKey }
        try signed.claims.check(at: instant)
        let asker = signed.claims.asker(of: user)
        if let privilege, !asker.holds(privilege, on: user) { throw .privilege }
        return asker
    }
}
