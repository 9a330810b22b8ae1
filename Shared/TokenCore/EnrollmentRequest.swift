/// What `token.enroll` asks for, by the kind of the token's type.
package struct EnrollmentRequest: Sendable {
    package var tokenType: String
    package var phone: String?
    package var email: String?
    package var channel: Channel?
    /// Base32, or a JWE of it; soft HOTP and TOTP only. Made here where absent.
    package var secret: String?
    /// Hardware only.
    package var hardware: HardwareProof?
    /// Recovery only: how many codes.
    package var count: Int?
    /// The token's `description`.
    package var text: String?
    package var expiresAt: Instant?
    package var activate: TypePolicy.Activation?

    package init(
        tokenType: String,
        phone: String? = nil,
        email: String? = nil,
        channel: Channel? = nil,
        secret: String? = nil
    ) {
        self.tokenType = tokenType
        self.phone = phone
        self.email = email
        self.channel = channel
        self.secret = secret
    }
}

/// The device of the stock that a user is to get, and the values that show that he holds it.
package struct HardwareProof: Sendable {
    package let serial: String
    package let first: SubmittedOTP?
    /// The value that follows the first; HOTP needs it.
    package let second: SubmittedOTP?

    package init(serial: String, first: SubmittedOTP? = nil, second: SubmittedOTP? = nil) {
        self.serial = serial
        self.first = first
        self.second = second
    }
}

extension EnrollmentRequest: CustomStringConvertible, CustomReflectable {
    /// Names the type only: the rest may be a secret or contact data.
    package var description: String { "enrolment of \(tokenType)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
