/// Whom a sealed secret is bound to (contract section 10).
package enum SecretOwner: Hashable, Sendable {
    case user(UserKey)
    /// A device, by tenant and serial number.
    case device(tenant: String, serial: String)
}

/// Secrets that cross a topic: the JWE of contract section 10, behind a seam so that decisions hold no key.
package protocol SecretEnvelopes {
    /// The clear text of a command's secret field, which is a JWE of ring `submission` or, where allowed, clear.
    ///
    /// - Parameters:
    ///   - text: the field's value.
    ///   - member: the field's name, which is that of the plaintext's member.
    ///   - owner: whom the plaintext has to name.
    /// - Throws: `invalid_ciphertext` or `plaintext_not_allowed`.
    func open(_ text: String, member: String, owner: SecretOwner, at now: Instant) throws(Rejection) -> String

    /// A JWE of ring `provisioning` with the `otpauth://` URI of a soft token, for `owner` alone.
    func seal(uri: String, owner: UserKey, expires: Instant) -> String

    /// A JWE of ring `provisioning` with recovery codes.
    func seal(codes: [String], owner: UserKey, expires: Instant) -> String
}
