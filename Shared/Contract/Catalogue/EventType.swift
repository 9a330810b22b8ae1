/// A fact that is published on `tokens.events` (section 8), such as `usertokens.token.enrolled.v1`.
package struct EventType: RawRepresentable, Hashable, Sendable {
    /// The type as it stands in `ce_type`.
    package let rawValue: String

    /// Takes any text as it is.
    package init(rawValue: String) { self.rawValue = rawValue }

    private init(name: String) { rawValue = TypeName.full(name) }

    package static let tokenEnrolled = EventType(name: "token.enrolled")
    package static let tokenActivated = EventType(name: "token.activated")
    package static let tokenEdited = EventType(name: "token.edited")
    package static let tokenEnabled = EventType(name: "token.enabled")
    package static let tokenDisabled = EventType(name: "token.disabled")
    package static let tokenDeleted = EventType(name: "token.deleted")
    package static let tokenReset = EventType(name: "token.reset")
    package static let tokenUnassigned = EventType(name: "token.unassigned")
    package static let tokenCompromised = EventType(name: "token.compromised")
    package static let tokenImported = EventType(name: "token.imported")
    package static let tokenLocked = EventType(name: "token.locked")
    package static let tokenUnlocked = EventType(name: "token.unlocked")
    package static let tokenExpiring = EventType(name: "token.expiring")
    package static let tokenObsoleted = EventType(name: "token.obsoleted")
    package static let userLocked = EventType(name: "user.locked")
    package static let userUnlocked = EventType(name: "user.unlocked")
    package static let otpRequested = EventType(name: "otp.requested")
    package static let otpVerified = EventType(name: "otp.verified")
    package static let otpRejected = EventType(name: "otp.rejected")
    package static let notificationSent = EventType(name: "notification.sent")
    package static let notificationDelivered = EventType(name: "notification.delivered")
    package static let notificationFailed = EventType(name: "notification.failed")
    package static let notificationDropped = EventType(name: "notification.dropped")
    package static let tokenTypeDefined = EventType(name: "tokentype.defined")
    package static let tokenTypeEdited = EventType(name: "tokentype.edited")
    package static let tokenTypeRetired = EventType(name: "tokentype.retired")
    package static let contactChanged = EventType(name: "contact.changed")
    package static let contactRejected = EventType(name: "contact.rejected")
    package static let auditCheckpoint = EventType(name: "audit.checkpoint")

    /// Every event of the contract, in its order.
    package static let all: [EventType] = [
        .tokenEnrolled, .tokenActivated, .tokenEdited, .tokenEnabled, .tokenDisabled, .tokenDeleted, .tokenReset,
        .tokenUnassigned, .tokenCompromised, .tokenImported, .tokenLocked, .tokenUnlocked, .tokenExpiring,
        .tokenObsoleted, .userLocked, .userUnlocked, .otpRequested, .otpVerified, .otpRejected, .notificationSent,
        .notificationDelivered, .notificationFailed, .notificationDropped, .tokenTypeDefined, .tokenTypeEdited,
        .tokenTypeRetired, .contactChanged, .contactRejected, .auditCheckpoint,
    ]

    /// Without prefix and version: `token.enrolled`.
    package var name: String { TypeName.short(rawValue) }
}

/// The one type of message on `tokens.notifications` (section 8).
package enum NotificationType {
    /// Deliver one message.
    package static let deliver = TypeName.full("notification.deliver")
}
