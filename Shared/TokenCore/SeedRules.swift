/// Which seeds are taken, and how those made here are made.
package enum SeedRules {
    /// RFC 4226 §4 R6: at least 128 bits; above 64 bytes the longest of our hashes would only shorten it.
    package static let length = 16...64

    /// Reads a seed that a command brought.
    ///
    /// - Throws: `malformed` (`/secret`) for what is no Base32; `weak_secret` for a seed outside ``length``, or all of
    ///   whose bytes are equal.
    package static func seed(fromBase32 text: String) throws(Rejection) -> [UInt8] {
        guard let seed = Base32.decode(text) else { throw .malformed(field: "/secret") }
        guard isStrong(seed) else { throw Rejection(.weakSecret) }
        return seed
    }

    package static func isStrong(_ seed: [UInt8]) -> Bool {
        length.contains(seed.count) && seed.contains { $0 != seed[0] }
    }

    /// A new seed, as long as the hash's output (RFC 4226 §4 R6, RFC 6238 §5.1).
    package static func makeSeed(_ algorithm: HashAlgorithm, _ random: any RandomSource) -> [UInt8] {
        switch algorithm {
        case .sha1: random.bytes(20)
        case .sha256: random.bytes(32)
        case .sha512: random.bytes(64)
        }
    }
}

extension UserRecord {
    /// Whether one of the user's tokens already holds the seed: two devices that show the same values would be one
    /// factor under two names.
    ///
    /// Seeds stay sealed; both are asked for their values at counters that no device reaches, 124 bits in all.
    func holdsSeed(of state: OATHState, sealedFor token: TokenID, _ context: DecisionContext) -> Bool {
        guard let mine = context.cryptography.values(state.secret, token, key.tenant, state.algorithm) else {
            return false
        }
        return tokens.contains { other in
            guard other.id != token, let secret = other.oath?.secret else { return false }
            return context.cryptography.values(secret, other.id, other.tenant, state.algorithm) == mine
        }
    }
}

extension TokenCryptography {
    fileprivate func values(
        _ secret: SealedSecret,
        _ token: TokenID,
        _ tenant: String,
        _ algorithm: HashAlgorithm
    ) -> [UInt32]? {
        device(secret, of: token, tenant: tenant, algorithm: algorithm).map { device in
            (0..<4).map { device.truncatedMAC(movingFactor: UInt64.max - $0) }
        }
    }
}
