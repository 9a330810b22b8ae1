import Contract
package import TokenCore
package import TokenCrypto

/// Seals the secrets of commands that are written here (contract section 10): a JWE under the ring `submission`, bound to
/// a device by its serial number. Not thread-safe.
package final class SubmissionSealer {
    private let sealer: JWESealer

    /// nil where the ring has no active key: then there is nobody to seal for.
    package init?(keys: KeyRings) {
        guard let key = keys.active(.submission) else { return nil }
        sealer = JWESealer(key: key)
    }

    /// The ciphertext of a seed.
    ///
    /// - Parameter expires: the command's instant must be before it.
    package func seal(secret: Secret, tenant: String, serial: String, expires: Instant) -> String {
        let content: JSONObject = [
            "tenant": .string(tenant),
            "serial": .string(serial),
            "use": .string(Ring.submission.rawValue),
            "exp": .integer(expires.seconds),
            "secret": .string(secret.withBytes { TokenCrypto.Base32.encode($0) }),
        ]
        var plaintext = content.serialized()
        defer { wipe(&plaintext) }
        return String(decoding: sealer.seal(plaintext), as: UTF8.self)
    }
}
