extension Rejection {
    /// A stable code of the contract; the catalogue is closed by ``all``.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String

        package init(rawValue: String) {
            self.rawValue = rawValue
        }
    }
}

extension Rejection.Code {
    // Any command.
    package static let malformed = Self(rawValue: "malformed")
    package static let unknownType = Self(rawValue: "unknown_type")
    package static let expired = Self(rawValue: "expired")
    package static let forbidden = Self(rawValue: "forbidden")
    package static let idReused = Self(rawValue: "id_reused")
    package static let invalidCiphertext = Self(rawValue: "invalid_ciphertext")
    package static let plaintextNotAllowed = Self(rawValue: "plaintext_not_allowed")
    package static let replyTopicNotAllowed = Self(rawValue: "reply_topic_not_allowed")
    package static let tenantNotFound = Self(rawValue: "tenant_not_found")
    package static let tokenNotFound = Self(rawValue: "token_not_found")
    package static let versionConflict = Self(rawValue: "version_conflict")
    package static let wrongStatus = Self(rawValue: "wrong_status")

    // Enrolment and the life of a token.
    package static let batchTooLarge = Self(rawValue: "batch_too_large")
    package static let invalidCursor = Self(rawValue: "invalid_cursor")
    package static let invalidEmail = Self(rawValue: "invalid_email")
    package static let invalidPhone = Self(rawValue: "invalid_phone")
    package static let lastActiveToken = Self(rawValue: "last_active_token")
    package static let noContact = Self(rawValue: "no_contact")
    package static let notAssigned = Self(rawValue: "not_assigned")
    package static let notEditable = Self(rawValue: "not_editable")
    package static let notHardware = Self(rawValue: "not_hardware")
    package static let notProvisionable = Self(rawValue: "not_provisionable")
    package static let policyOutOfRange = Self(rawValue: "policy_out_of_range")
    package static let resultTooLarge = Self(rawValue: "result_too_large")
    package static let secretTaken = Self(rawValue: "secret_taken")
    package static let serialCompromised = Self(rawValue: "serial_compromised")
    package static let serialNotFound = Self(rawValue: "serial_not_found")
    package static let serialTaken = Self(rawValue: "serial_taken")
    package static let tooManyTokens = Self(rawValue: "too_many_tokens")
    package static let typeExists = Self(rawValue: "type_exists")
    package static let typeNotEnrollable = Self(rawValue: "type_not_enrollable")
    package static let unknownTokenType = Self(rawValue: "unknown_token_type")
    package static let weakSecret = Self(rawValue: "weak_secret")

    // Requesting and verifying.
    package static let ambiguousToken = Self(rawValue: "ambiguous_token")
    package static let bindingRequired = Self(rawValue: "binding_required")
    package static let challengeExhausted = Self(rawValue: "challenge_exhausted")
    package static let challengeExpired = Self(rawValue: "challenge_expired")
    package static let challengeNotFound = Self(rawValue: "challenge_not_found")
    package static let challengeSuperseded = Self(rawValue: "challenge_superseded")
    package static let challengeUsed = Self(rawValue: "challenge_used")
    package static let challengeVoid = Self(rawValue: "challenge_void")
    package static let contextMismatch = Self(rawValue: "context_mismatch")
    package static let contextNotAllowed = Self(rawValue: "context_not_allowed")
    package static let destinationBlocked = Self(rawValue: "destination_blocked")
    package static let locked = Self(rawValue: "locked")
    package static let noActiveToken = Self(rawValue: "no_active_token")
    package static let notDeliverable = Self(rawValue: "not_deliverable")
    package static let notResettable = Self(rawValue: "not_resettable")
    package static let otpMismatch = Self(rawValue: "otp_mismatch")
    package static let otpReplayed = Self(rawValue: "otp_replayed")
    package static let otpWrongOrder = Self(rawValue: "otp_wrong_order")
    package static let purposeMismatch = Self(rawValue: "purpose_mismatch")
    package static let tooManyRequests = Self(rawValue: "too_many_requests")

    /// Codes that count as a failure; no other does (contract section 5, "Counting").
    package var countsAsFailure: Bool {
        switch self {
        case .otpMismatch, .otpWrongOrder, .purposeMismatch, .contextMismatch: true
        default: false
        }
    }

    /// The catalogue, in alphabetical order.
    package static let all: [Self] = [
        .ambiguousToken, .batchTooLarge, .bindingRequired, .challengeExhausted, .challengeExpired, .challengeNotFound,
        .challengeSuperseded, .challengeUsed, .challengeVoid, .contextMismatch, .contextNotAllowed,
        .destinationBlocked, .expired, .forbidden, .idReused, .invalidCiphertext, .invalidCursor, .invalidEmail,
        .invalidPhone, .lastActiveToken, .locked, .malformed, .noActiveToken, .noContact, .notAssigned,
        .notDeliverable, .notEditable, .notHardware, .notProvisionable, .notResettable, .otpMismatch, .otpReplayed,
        .otpWrongOrder, .plaintextNotAllowed, .policyOutOfRange, .purposeMismatch, .replyTopicNotAllowed,
        .resultTooLarge, .secretTaken, .serialCompromised, .serialNotFound, .serialTaken, .tenantNotFound,
        .tokenNotFound, .tooManyRequests, .tooManyTokens, .typeExists, .typeNotEnrollable, .unknownTokenType,
        .unknownType, .versionConflict, .weakSecret, .wrongStatus,
    ]
}
