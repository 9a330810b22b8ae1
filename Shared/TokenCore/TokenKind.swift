/// What a token is, technically; names and rules are the token type's.
package enum TokenKind: String, Sendable, CaseIterable {
    case sms
    case email
    case virtual
    case hotp
    case totp
    case recovery

    /// The OTP is made here and sent to the user (NIST SP 800-63B §3.1.3, out-of-band).
    package var isDelivered: Bool {
        switch self {
        case .sms, .email, .virtual: true
        case .hotp, .totp, .recovery: false
        }
    }

    /// The OTP is computed from a shared seed (RFC 4226, RFC 6238).
    package var isOATH: Bool { self == .hotp || self == .totp }
}

/// The way an OTP travels.
package enum Channel: String, CaseIterable, Sendable {
    case email
    case sms
}

/// The hash under the HMAC of RFC 6238 §1.2.
package enum HashAlgorithm: String, Sendable, CaseIterable {
    case sha1 = "SHA1"
    case sha256 = "SHA256"
    case sha512 = "SHA512"
}

/// What an OTP is asked for; a challenge verifies only for the purpose it was requested with.
package enum Purpose: String, Sendable, CaseIterable {
    case login
    case approval
    case test
    case enrollment
    case contactChange = "contact-change"
    case helpdesk

    /// Whether a success counts as use of the token (`lastUsedAt`).
    package var marksUse: Bool {
        switch self {
        case .login, .approval, .helpdesk: true
        case .test, .enrollment, .contactChange: false
        }
    }
}
