import TokenCore

/// Fields that several commands share, with the rules of sections 2, 4, 5 and 12.
extension FieldReader {
    /// Longest OTP in clear, in bytes (section 5).
    package static let maximumOTPLength = 64
    /// Longest ciphertext in place of an OTP, in bytes.
    package static let maximumCiphertextLength = 4_096

    /// `tokenId`.
    func tokenId() throws(FieldError) -> UUIDValue { try uuid("tokenId") }

    /// `ifVersion`: the command holds only for that version of the token.
    func ifVersion() throws(FieldError) -> Int64? { try optionalInteger("ifVersion", in: 0 ... .max) }

    /// `reason`: at most 255 characters.
    func reason() throws(FieldError) -> String? { try optionalText("reason") }

    /// An OTP in clear or as a ciphertext; over-long is `malformed`, all else is judged as a value.
    package func otp(_ name: String) throws(FieldError) -> SensitiveText { try required(name, Self.otp) }

    /// The same, where it may be absent.
    package func optionalOTP(_ name: String) throws(FieldError) -> SensitiveText? { try optional(name, Self.otp) }

    /// A text to be redacted; its length is its own rule's (`weak_secret`), not a matter of form.
    func optionalSecret(_ name: String) throws(FieldError) -> SensitiveText? {
        try optional(name) { $0.stringValue.map(SensitiveText.init) }
    }

    /// A language tag such as `de` or `pt-BR`; it becomes part of a template's file name, so nothing else will do.
    package func optionalLocale(_ name: String) throws(FieldError) -> String? {
        try optional(name) { $0.stringValue.flatMap { LanguageTag.isValid($0) ? $0 : nil } }
    }

    private static func otp(_ value: JSONValue) -> SensitiveText? {
        guard let text = value.stringValue.map(SensitiveText.init) else { return nil }
        let maximum = text.isCiphertext ? maximumCiphertextLength : maximumOTPLength
        return text.exposed.utf8.count <= maximum ? text : nil
    }
}

/// The form of language tags (RFC 5646 §2.1), its registry aside.
enum LanguageTag {
    /// One to 35 bytes: letters and digits in parts of at most eight, with `-` or `_` between them.
    static func isValid(_ text: String) -> Bool {
        guard (1...35).contains(text.utf8.count) else { return false }
        let parts = text.utf8.split(omittingEmptySubsequences: false) {
            $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
        }
        return parts.allSatisfy { part in (1...8).contains(part.count) && part.allSatisfy(isLetterOrDigit) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
