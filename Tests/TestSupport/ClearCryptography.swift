package import TokenCore
import TokenCrypto

/// Cryptography that hides nothing, for tests of decisions: a seal is its seed, a digest shows what it was made over.
/// The values of devices are the real ones.
package struct ClearCryptography: TokenCryptography {
    package init() {}

    package func device(_ secret: SealedSecret, of token: TokenID, tenant: String, algorithm: HashAlgorithm) -> (
        any OATHDevice
    )? {
        secret.bytes.isEmpty ? nil : HMACDevice(seed: secret.bytes, algorithm: algorithm)
    }

    package func seal(seed: [UInt8], for token: TokenID, tenant: String) -> SealedSecret {
        SealedSecret(bytes: seed, digest: digests(ofSeed: seed, tenant: tenant).first)
    }

    package func digests(ofSeed seed: [UInt8], tenant: String) -> [KeyedDigest] {
        [KeyedDigest(bytes: Array("\(tenant):".utf8) + seed)]
    }

    package func matches(seed: [UInt8], _ secret: SealedSecret, of token: TokenID, tenant: String) -> Bool {
        secret.bytes == seed
    }

    package func digest(otp: String, of challenge: ChallengeID) -> KeyedDigest {
        KeyedDigest(bytes: Array("\(challenge):\(otp)".utf8))
    }

    package func matches(otp: String, digest: KeyedDigest, of challenge: ChallengeID) -> Bool {
        self.digest(otp: otp, of: challenge) == digest
    }

    package func digest(context: [UInt8], of challenge: ChallengeID) -> KeyedDigest {
        KeyedDigest(bytes: Array("\(challenge):".utf8) + context)
    }

    package func matches(context: [UInt8], digest: KeyedDigest, of challenge: ChallengeID) -> Bool {
        self.digest(context: context, of: challenge) == digest
    }
}

/// A device that computes RFC 4226's values from a seed at hand.
package struct HMACDevice: OATHDevice {
    private let context: HMACContext

    package init(seed: [UInt8], algorithm: HashAlgorithm = .sha1) {
        let hash: HMACAlgorithm =
            switch algorithm {
            case .sha1: .sha1
            case .sha256: .sha256
            case .sha512: .sha512
            }
        context = HMACContext(algorithm: hash, key: Secret(seed))
    }

    package func truncatedMAC(movingFactor: UInt64) -> UInt32 { context.truncated(counter: movingFactor) }
}
