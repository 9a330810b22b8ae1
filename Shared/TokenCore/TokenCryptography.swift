/// The cryptography that decisions need, handed in: the core computes no hash and holds no key.
///
/// The functions are deterministic given their keys, so a decision stays a function of its inputs.
package protocol TokenCryptography {
    /// The device that holds `secret`; nil where the seal does not open (a damaged row verifies nothing).
    func device(_ secret: SealedSecret, of token: TokenID, tenant: String, algorithm: HashAlgorithm) -> (
        any OATHDevice
    )?

    /// Seals a seed for storage, bound to tenant and token.
    func seal(seed: [UInt8], for token: TokenID, tenant: String) -> SealedSecret

    /// Digests of a seed within its tenant, the one that new seeds are stored with first: equal ones tell equal seeds.
    func digests(ofSeed seed: [UInt8], tenant: String) -> [KeyedDigest]

    /// Whether the sealed seed is this one; constant time in the seed.
    func matches(seed: [UInt8], _ secret: SealedSecret, of token: TokenID, tenant: String) -> Bool

    /// The keyed digest of an issued OTP, bound to its challenge.
    func digest(otp: String, of challenge: ChallengeID) -> KeyedDigest

    /// Whether `otp` is the value behind `digest`; constant time in the value.
    func matches(otp: String, digest: KeyedDigest, of challenge: ChallengeID) -> Bool

    /// The keyed digest of an approval's context in RFC 8785 form, bound to its challenge.
    func digest(context: [UInt8], of challenge: ChallengeID) -> KeyedDigest

    /// Whether `context` is what `digest` was made over.
    func matches(context: [UInt8], digest: KeyedDigest, of challenge: ChallengeID) -> Bool
}

/// A seed in use: computes what the device shows.
package protocol OATHDevice {
    /// `Snum` of RFC 4226 §5.3 for a moving factor: 31 bits, before the reduction to digits.
    func truncatedMAC(movingFactor: UInt64) -> UInt32
}

/// Random values, handed in.
package protocol RandomSource {
    func words() -> (UInt64, UInt64)
    /// `count` uniform decimal digits.
    func digits(_ count: Int) -> String
    func bytes(_ count: Int) -> [UInt8]
}
