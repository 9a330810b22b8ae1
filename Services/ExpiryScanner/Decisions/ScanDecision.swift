import Contract
import TokenCore
import WorkerRuntime

/// What a look at one user's tokens leads to.
struct ScanDecision: Sendable {
    /// A notice that was given and is not to be given again while the token ends when it does now.
    struct Mark: Equatable, Sendable {
        let token: TokenID
        /// Days before the end, as the policy names them.
        let days: Int
    }

    var events: [EventDraft] = []
    var notifications: [NotificationDraft] = []
    var marks: [Mark] = []

    /// Makes OBSOLETE what is out of date at the context's instant, and tells of ends that come near.
    ///
    /// - Parameter told: by token, the marks told already for its present `expiresAt`.
    init(_ record: inout UserRecord, told: [TokenID: Set<Int>], _ context: DecisionContext) {
        let changes = record.expire(at: context.now, catalogue: context.catalogue, told: told)
        for obsoleted in changes.obsoleted {
            let view = TokenView.published(obsoleted.token, record: record, context: context)
            events.append(
                EventDraft(.tokenObsoleted, ["token": .object(view), "reason": .string(obsoleted.reason.rawValue)])
            )
        }
        for expiring in changes.expiring {
            let days = JSONValue.integer(Int64(expiring.daysLeft))
            let view = TokenView.published(expiring.token, record: record, context: context)
            events.append(EventDraft(.tokenExpiring, ["token": .object(view), "daysLeft": days]))
            marks.append(Mark(token: expiring.token.id, days: expiring.mark))
            if let notice = notice(of: expiring, record, context) { notifications.append(notice) }
        }
    }

    /// Worthless once the token has ended.
    private func notice(
        of expiring: ExpiryChanges.Expiring,
        _ record: UserRecord,
        _ context: DecisionContext
    ) -> NotificationDraft? {
        guard context.catalogue.policy(of: expiring.token).life.notices.contains(.expiring),
            let recipient = record.noticeRecipient(about: expiring.token, context)
        else { return nil }
        return .notice(
            template: "expiring",
            about: expiring.token,
            to: recipient,
            record: record,
            context: context,
            expires: expiring.token.times.expiresAt,
            details: ["daysLeft": .integer(Int64(expiring.daysLeft))]
        )
    }
}
