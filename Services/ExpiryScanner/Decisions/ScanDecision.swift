import Contract
import TokenCore
import WorkerRuntime

/// What a look at one user's tokens, or at devices of the stock, leads to.
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
    /// Tokens whose time was over, and why.
    var ended: [(token: TokenID, reason: ObsolescenceReason)] = []

    /// Makes OBSOLETE what is out of date at the context's instant, brings back into the stock what nobody activated,
    /// and tells of ends that come near.
    ///
    /// - Parameter told: by token, the marks told already for its present `expiresAt`.
    init(_ state: inout WorkingSet, told: [TokenID: Set<Int>], _ context: DecisionContext) {
        let changes = state.expire(context.user, at: context.now, catalogue: context.catalogue, told: told)
        let record = state[context.user]
        for obsoleted in changes.obsoleted {
            publish(.tokenObsoleted, obsoleted.token, obsoleted.reason, record, context)
        }
        // Keyed by whoever had the device, after all that was told of it there.
        for device in changes.returned {
            publish(.tokenUnassigned, device, .notActivated, state[.stock(of: device.tenant)], context)
        }
        for expiring in changes.expiring {
            let days = JSONValue.integer(Int64(expiring.daysLeft))
            let view = TokenView.published(expiring.token, record: record, context: context)
            events.append(EventDraft(.tokenExpiring, ["token": .object(view), "daysLeft": days]))
            marks.append(Mark(token: expiring.token.id, days: expiring.mark))
            if let notice = notice(of: expiring, record, context) { notifications.append(notice) }
        }
    }

    private mutating func publish(
        _ event: EventType,
        _ token: Token,
        _ reason: ObsolescenceReason,
        _ record: UserRecord,
        _ context: DecisionContext
    ) {
        let view = TokenView.published(token, record: record, context: context)
        events.append(EventDraft(event, ["token": .object(view), "reason": .string(reason.rawValue)]))
        ended.append((token.id, reason))
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
