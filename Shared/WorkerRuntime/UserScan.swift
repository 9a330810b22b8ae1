package import TokenCore

/// What a look at one user's tokens decides, when time has come for one of them. Pure, like a command's decision.
package protocol UserScan: Sendable {
    /// - Parameter told: by token, the marks told already for its present `expiresAt`.
    func decide(_ record: inout UserRecord, told: [TokenID: Set<Int>], _ context: DecisionContext) -> ScanOutcome
}

/// What follows from a scan.
package struct ScanOutcome: Sendable {
    package var events: [EventDraft]
    package var notifications: [NotificationDraft]
    /// Notices of an end that are given with this: token, and the policy's mark in days.
    package var marks: [(token: TokenID, days: Int)]

    package init(
        events: [EventDraft] = [],
        notifications: [NotificationDraft] = [],
        marks: [(token: TokenID, days: Int)] = []
    ) {
        self.events = events
        self.notifications = notifications
        self.marks = marks
    }
}
