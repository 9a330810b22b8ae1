/// Identifies a token; UUID version 7, so that ids sort by creation.
package struct TokenID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let value: UUIDValue

    package init(_ value: UUIDValue) {
        self.value = value
    }

    package init?(_ text: some StringProtocol) {
        guard let value = UUIDValue(text) else { return nil }
        self.value = value
    }

    package var description: String { value.description }

    package static func < (left: TokenID, right: TokenID) -> Bool {
        left.value < right.value
    }
}

/// Identifies a challenge: one OTP that was, or will be, delivered for one purpose.
package struct ChallengeID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let value: UUIDValue

    package init(_ value: UUIDValue) {
        self.value = value
    }

    package init?(_ text: some StringProtocol) {
        guard let value = UUIDValue(text) else { return nil }
        self.value = value
    }

    package var description: String { value.description }

    package static func < (left: ChallengeID, right: ChallengeID) -> Bool {
        left.value < right.value
    }
}

/// Identifies one message to deliver.
package struct NotificationID: Hashable, Sendable, CustomStringConvertible {
    package let value: UUIDValue

    package init(_ value: UUIDValue) {
        self.value = value
    }

    package init?(_ text: some StringProtocol) {
        guard let value = UUIDValue(text) else { return nil }
        self.value = value
    }

    package var description: String { value.description }
}

/// A user within a tenant, compared bytewise; the record key of the contract, `tenant/userId`.
package struct UserKey: Hashable, Sendable {
    package let tenant: String
    package let userID: String

    package init(tenant: String, userID: String) {
        self.tenant = tenant
        self.userID = userID
    }

    /// Keys that begin with `~` stand for the tenant's stock and types, never for a person.
    package var isTenantWide: Bool { userID.utf8.first == UInt8(ascii: "~") }
}
