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

    /// `String` compares by canonical equivalence, which would make one user of two.
    package static func == (left: UserKey, right: UserKey) -> Bool {
        left.tenant.utf8.elementsEqual(right.tenant.utf8) && left.userID.utf8.elementsEqual(right.userID.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for text in [tenant, userID] {
            var text = text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
            hasher.combine(0xFF as UInt8)
        }
    }

    /// Keys that begin with `~` stand for the tenant's stock and types, never for a person.
    package var isTenantWide: Bool { userID.utf8.first == UInt8(ascii: "~") }

    /// Stands for the devices that no user holds.
    package static func stock(of tenant: String) -> UserKey { UserKey(tenant: tenant, userID: "~stock") }

    /// Whose record a command on this key is about: the user's, or on any `~` key the tenant's stock.
    package var holder: UserKey { isTenantWide ? .stock(of: tenant) : self }
}
