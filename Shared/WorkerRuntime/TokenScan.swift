package import TokenCore

/// What a look at tokens decides whose time has come: those of one user, or devices of one tenant's stock. Pure, like
/// a command's decision.
package protocol TokenScan: Sendable {
    /// Decides about the record of the context's user, who may be the stock.
    ///
    /// - Parameter told: by token, the marks told already for its present `expiresAt`.
    func decide(_ state: inout WorkingSet, told: [TokenID: Set<Int>], _ context: DecisionContext) -> ScanOutcome
}

/// What follows from a scan.
package struct ScanOutcome: Sendable {
    package var events: [EventDraft]
    package var notifications: [NotificationDraft]
    /// Notices of an end that are given with this: token, and the policy's mark in days.
    package var marks: [(token: TokenID, days: Int)]
    /// Tokens whose time was over, and why.
    package var ended: [(token: TokenID, reason: ObsolescenceReason)]

    package init(
        events: [EventDraft] = [],
        notifications: [NotificationDraft] = [],
        marks: [(token: TokenID, days: Int)] = [],
        ended: [(token: TokenID, reason: ObsolescenceReason)] = []
    ) {
        self.events = events
        self.notifications = notifications
        self.marks = marks
        self.ended = ended
    }
}
