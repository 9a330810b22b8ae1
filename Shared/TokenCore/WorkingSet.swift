/// The state that a batch of commands reads and changes; loaded before the first decision, written after the last.
package struct WorkingSet: Equatable, Sendable {
    /// By user; the devices of a tenant's stock that the batch names stand under ``UserKey/stock(of:)``.
    package var users: [UserKey: UserRecord]
    /// In whose record a device stands that the batch names by its serial number.
    package var devices: [DeviceKey: UserKey] = [:]
    /// The token types of the batch's tenants.
    package var catalogues: [String: TypeCatalogue]
    /// Who holds the seeds that the batch's commands bring.
    package var seeds: SeedLedger
    package var sends: SendLedger
    /// What the guard against pumping knows of the numbers of the batch's users.
    package var conversions = ConversionLedger()
    /// How far the messages got that the batch's `otp.status` commands ask about.
    package var deliveries: [NotificationID: DeliveryState]
    /// The rows of the tenant that the command on a `~` key asked for; set for that one command.
    package var tenantPage: [Token] = []

    package init(
        users: [UserKey: UserRecord] = [:],
        catalogues: [String: TypeCatalogue] = [:],
        seeds: SeedLedger = SeedLedger(),
        sends: SendLedger = SendLedger(),
        deliveries: [NotificationID: DeliveryState] = [:]
    ) {
        self.users = users
        self.catalogues = catalogues
        self.seeds = seeds
        self.sends = sends
        self.deliveries = deliveries
    }

    /// A user's record; an empty one for a user who has nothing yet.
    package subscript(user: UserKey) -> UserRecord {
        get { users[user] ?? UserRecord(key: user) }
        set { users[user] = newValue }
        _modify { yield &users[user, default: UserRecord(key: user)] }
    }
}

/// When OTP messages went out, newest first, as far back as the limits look.
package struct SendLedger: Equatable, Sendable {
    /// Who or what a limit counts for.
    package enum Scope: Hashable, Sendable {
        case user(UserKey)
        /// A canonical E.164 number or an address, over all users and tenants.
        case destination(String)
        /// `+` and the first six digits of a number.
        case prefix(String)
        case tenant(String)
    }

    package private(set) var sent: [Scope: [Instant]]
    /// What this batch added.
    package private(set) var added: [Scope: [Instant]]

    package init(_ sent: [Scope: [Instant]] = [:]) {
        self.sent = sent
        self.added = [:]
    }

    package mutating func record(_ scope: Scope, at instant: Instant) {
        sent[scope, default: []].insert(instant, at: 0)
        added[scope, default: []].append(instant)
    }
}

/// How far a message got (`otp.status`).
package enum DeliveryState: String, Sendable, CaseIterable {
    case queued
    case sent
    case delivered
    case failed
    case dropped
}
