package import TokenCore

/// `token.enroll`: a user gets a token. Which fields a kind needs is the handler's rule.
package struct EnrollToken: CommandContent {
    /// Name of the token type; an unknown one is `unknown_token_type`.
    package var tokenType: String
    /// Of sms, email and virtual tokens.
    package var contact: Contact
    /// Of hardware tokens.
    package var hardware: Hardware
    /// Base32 or a ciphertext; made by us where absent.
    package var secret: SensitiveText?
    /// How many recovery codes, 1 to 20.
    package var count: Int64?
    /// At most 255 characters.
    package var description: String?
    /// Whether it is in the future is judged at the instant.
    package var expiresAt: Instant?
    /// The type's default where absent.
    package var activate: Activation?

    /// Where a token's messages go.
    package struct Contact: Sendable, Equatable {
        /// As given: what is no phone number is `invalid_phone`, not `malformed`.
        package var phone: String?
        /// As given: what is no address is `invalid_email`, not `malformed`.
        package var email: String?
        /// Of a virtual token.
        package var channel: Channel?
    }

    /// A device of the stock, and the proof that the user holds it.
    package struct Hardware: Sendable, Equatable {
        /// Names the stocked token to assign.
        package var serial: String?
        /// The first of two consecutive values, or the only one (TOTP).
        package var otp1: SensitiveText?
        /// The second of two consecutive values (HOTP).
        package var otp2: SensitiveText?
    }

    /// The two ways to a person.
    package enum Channel: String, Sendable { case sms, email }

    /// When a token starts to verify.
    package enum Activation: String, Sendable {
        case now
        case onFirstOTP = "on-first-otp"
    }

    package init(_ fields: FieldReader) throws(FieldError) {
        tokenType = try fields.string("tokenType")
        contact = Contact(
            phone: try fields.optionalString("phone"),
            email: try fields.optionalString("email"),
            channel: try fields.optionalStringEnum("channel")
        )
        hardware = Hardware(
            serial: try fields.optionalText("serial"),
            otp1: try fields.optionalOTP("otp1"),
            otp2: try fields.optionalOTP("otp2")
        )
        secret = try fields.optionalSecret("secret")
        count = try fields.optionalInteger("count", in: 1...20)
        description = try fields.optionalText("description")
        expiresAt = try fields.optionalInstant("expiresAt")
        activate = try fields.optionalStringEnum("activate")
    }
}
