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

extension SecretEnvelopes {
    /// The Base32 text of a seed that a command brought.
    ///
    /// - Throws: `invalid_ciphertext`, `plaintext_not_allowed`.
    package func open(_ seed: SubmittedSeed, at now: Instant) throws(Rejection) -> String {
        try open(seed.text, member: "secret", owner: seed.owner, at: now)
    }
}
