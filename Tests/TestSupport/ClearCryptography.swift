package import TokenCore

/// Cryptography that hides nothing, for tests of decisions: a seal is its seed, a MAC is a mixed checksum.
package struct ClearCryptography: TokenCryptography {
    package init() {}

    package func device(_ secret: SealedSecret, of token: TokenID, tenant: String, algorithm: HashAlgorithm) -> (
        any OATHDevice
    )? {
        ClearDevice(seed: secret.bytes + Array(algorithm.rawValue.utf8))
    }

    package func seal(seed: [UInt8], for token: TokenID, tenant: String) -> SealedSecret {
        SealedSecret(bytes: seed)
    }

    package func digest(otp: String, of challenge: ChallengeID) -> KeyedDigest { KeyedDigest(bytes: Array(otp.utf8)) }

    package func matches(otp: String, digest: KeyedDigest, of challenge: ChallengeID) -> Bool {
        Array(otp.utf8) == digest.bytes
    }

    package func digest(context: [UInt8], of challenge: ChallengeID) -> KeyedDigest { KeyedDigest(bytes: context) }

    package func matches(context: [UInt8], digest: KeyedDigest, of challenge: ChallengeID) -> Bool {
        context == digest.bytes
    }
}

private struct ClearDevice: OATHDevice {
    let seed: [UInt8]

    func truncatedMAC(movingFactor: UInt64) -> UInt32 {
        var generator = SeededRandom(seed: seed.reduce(movingFactor) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
        return UInt32(truncatingIfNeeded: generator.next()) & 0x7FFF_FFFF
    }
}
