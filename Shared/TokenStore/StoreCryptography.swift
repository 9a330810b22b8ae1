package import TokenCore
package import TokenCrypto

/// The cryptography of the store: seeds under data keys, keyed digests of OTPs, contexts and commands.
///
/// One for each worker thread; not thread-safe.
package final class StoreCryptography {
    private let keys: KeySource
    let dataKeys: DataKeys
    private let contexts: [HashAlgorithm: SharedHMAC] = [
        .sha1: SharedHMAC(.sha1), .sha256: SharedHMAC(.sha256), .sha512: SharedHMAC(.sha512),
    ]
    private let digests = DigestKeys()

    package init(keys: KeySource) {
        self.keys = keys
        dataKeys = DataKeys(keys)
    }

    /// Whether every seed in `state` is sealed by a data key that is loaded.
    func knowsDataKeys(of state: WorkingSet) -> Bool {
        state.users.values.allSatisfy { record in
            record.tokens.allSatisfy { token in
                token.oath.map { SealedSeed.dataKey(of: $0.secret).map(dataKeys.isKnown) ?? true } ?? true
            }
        }
    }

    /// A digest that recognises the same command with other content; keyed, since the content may hold an OTP.
    package func fingerprint(_ content: [UInt8]) -> [UInt8] {
        digests.digest(content, label: .command, with: keys.current)
    }

    package func matches(_ content: [UInt8], fingerprint: [UInt8]) -> Bool {
        digests.matches(content, label: .command, digest: fingerprint, with: keys)
    }
}

extension StoreCryptography: TokenCryptography {
    package func device(
        _ secret: SealedSecret,
        of token: TokenID,
        tenant: String,
        algorithm: HashAlgorithm
    ) -> (any OATHDevice)? {
        guard let id = SealedSeed.dataKey(of: secret), let key = dataKeys[id], let context = contexts[algorithm],
            let seed = SealedSeed.open(secret, with: key, token: token, tenant: tenant)
        else { return nil }
        return OpenedDevice(seed: seed, context: context)
    }

    package func seal(seed: [UInt8], for token: TokenID, tenant: String) -> SealedSecret {
        guard let (number, key) = dataKeys.newest else { preconditionFailure("a store is opened with a data key") }
        let message = seedMessage(seed, tenant)
        return SealedSecret(
            bytes: SealedSeed.seal(seed, with: key, id: number, token: token, tenant: tenant),
            digest: KeyedDigest(bytes: digests.digest(message, label: .seed, with: keys.current))
        )
    }

    package func digests(ofSeed seed: [UInt8], tenant: String) -> [KeyedDigest] {
        digests.digests(seedMessage(seed, tenant), label: .seed, with: keys.current).map { KeyedDigest(bytes: $0) }
    }

    package func matches(seed: [UInt8], _ secret: SealedSecret, of token: TokenID, tenant: String) -> Bool {
        guard let id = SealedSeed.dataKey(of: secret), let key = dataKeys[id],
            let own = SealedSeed.open(secret, with: key, token: token, tenant: tenant)
        else { return false }
        return own.withBytes { constantTimeEquals(seed, $0) }
    }

    /// The digest under the active key of a seed that is stored; nil where the seed does not open.
    func digest(ofStored secret: SealedSecret, of token: TokenID, tenant: String) -> [UInt8]? {
        guard let id = SealedSeed.dataKey(of: secret), let key = dataKeys[id],
            let seed = SealedSeed.open(secret, with: key, token: token, tenant: tenant)
        else { return nil }
        return seed.withBytes { seed in
            var message = seedMessage(Array(seed), tenant)
            defer { wipe(&message) }
            return digests.digest(message, label: .seed, with: keys.current)
        }
    }

    private func seedMessage(_ seed: [UInt8], _ tenant: String) -> [UInt8] {
        Array(tenant.utf8) + [0] + seed
    }

    package func digest(otp: String, of challenge: ChallengeID) -> KeyedDigest {
        KeyedDigest(
            bytes: digests.digest(challenge.value.bytes + Array(otp.utf8), label: .otp, with: keys.current)
        )
    }

    package func matches(otp: String, digest: KeyedDigest, of challenge: ChallengeID) -> Bool {
        digests.matches(
            challenge.value.bytes + Array(otp.utf8),
            label: .otp,
            digest: digest.bytes,
            with: keys
        )
    }

    package func digest(context: [UInt8], of challenge: ChallengeID) -> KeyedDigest {
        KeyedDigest(bytes: digests.digest(challenge.value.bytes + context, label: .context, with: keys.current))
    }

    package func matches(context: [UInt8], digest: KeyedDigest, of challenge: ChallengeID) -> Bool {
        digests.matches(
            challenge.value.bytes + context,
            label: .context,
            digest: digest.bytes,
            with: keys
        )
    }
}

/// One HMAC context that devices take turns to use; setting a key costs more than a value.
private final class SharedHMAC {
    let hmac: HMACContext
    weak var owner: OpenedDevice?

    init(_ algorithm: HMACAlgorithm) {
        hmac = HMACContext(algorithm: algorithm)
    }
}

private final class OpenedDevice: OATHDevice {
    private let seed: Secret
    private let context: SharedHMAC

    init(seed: Secret, context: SharedHMAC) {
        self.seed = seed
        self.context = context
    }

    deinit {
        if context.owner == nil || context.owner === self { context.hmac.forgetKey() }
    }

    func truncatedMAC(movingFactor: UInt64) -> UInt32 {
        if context.owner !== self {
            context.hmac.setKey(seed)
            context.owner = self
        }
        return context.hmac.truncated(counter: movingFactor)
    }
}
