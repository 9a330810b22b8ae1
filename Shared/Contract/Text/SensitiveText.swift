/// A text that no log, description, mirror or dump ever shows: an OTP, a secret, a bearer token.
///
/// It does not zero its memory; what must be zeroed is moved to TokenCrypto at once.
package struct SensitiveText: Sendable, Equatable {
    /// The text itself, for the one who needs it.
    package let exposed: String

    /// Takes a text as it is.
    package init(_ text: String) { exposed = text }

    /// Whether this is meant as a ciphertext (section 12): compact JWE begins with an encoded `{"`.
    package var isCiphertext: Bool { exposed.hasPrefix("eyJ") }
}

extension SensitiveText: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "‹redacted›" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
