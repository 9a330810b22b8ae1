/// One OTP that was sent for one purpose: single use, few attempts, an absolute end.
package struct Challenge: Equatable, Sendable {
    package let id: ChallengeID
    package let tokenID: TokenID
    package let purpose: Purpose
    package var state: State
    package let createdAt: Instant
    /// Absolute: a resend does not move it.
    package let expiresAt: Instant
    package var otp: IssuedOTP
    /// Approval only.
    package var binding: Binding?
    /// Wrong values so far, over all resends.
    package var attempts: Int
    /// The prefix of the number that it went to by SMS, by which conversion is counted.
    package let smsPrefix: String?

    package init(
        id: ChallengeID,
        tokenID: TokenID,
        purpose: Purpose,
        createdAt: Instant,
        expiresAt: Instant,
        otp: IssuedOTP,
        binding: Binding? = nil,
        smsPrefix: String? = nil
    ) {
        self.id = id
        self.tokenID = tokenID
        self.purpose = purpose
        self.state = .open
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.otp = otp
        self.binding = binding
        self.attempts = 0
        self.smsPrefix = smsPrefix
    }

    /// `expired` is no stored state: it follows from the instant.
    package enum State: String, Sendable, CaseIterable {
        case open
        case used
        case superseded
        case void
        case exhausted
    }

    /// The values sent so far, as keyed digests, never as values.
    package struct IssuedOTP: Equatable, Sendable {
        package var digits: Int
        package var current: KeyedDigest
        /// Values replaced by a resend: they are answered `challenge_superseded`, which does not count.
        package var replaced: [KeyedDigest]
        package var sends: Int
        package var lastSentAt: Instant
        /// The message that carries the current value.
        package var notificationID: NotificationID

        package init(digits: Int, current: KeyedDigest, sentAt: Instant, notificationID: NotificationID) {
            self.digits = digits
            self.current = current
            self.replaced = []
            self.sends = 1
            self.lastSentAt = sentAt
            self.notificationID = notificationID
        }
    }

    /// What an approval is bound to.
    package struct Binding: Equatable, Sendable {
        /// Given back as `boundTo`.
        package let reference: String
        /// Keyed digest over the context's RFC 8785 form.
        package let context: KeyedDigest

        package init(reference: String, context: KeyedDigest) {
            self.reference = reference
            self.context = context
        }
    }

    package func isOpen(at now: Instant) -> Bool {
        state == .open && now < expiresAt
    }
}

/// An HMAC and a tag of the key that made it, so that keys can be rotated.
package struct KeyedDigest: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }
}
