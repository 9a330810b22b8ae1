import Contract
import TokenCore
import WorkerRuntime

/// The record of a command's key, a user's or the stock's: changed as a whole, or not at all.
extension WorkingSet {
    /// Lets `decide` change a copy of the record, and keeps the copy unless the command was refused.
    mutating func decideOnRecord(
        of context: DecisionContext,
        _ decide: (inout UserRecord) throws(Rejection) -> Outcome
    ) -> Outcome {
        var record = self[context.user.holder]
        let before = record
        do {
            let outcome = try decide(&record)
            if record != before { self[record.key] = record }
            return outcome
        } catch {
            return .rejected(error)
        }
    }
}

extension Needs {
    /// A token by its id: on a user's key one of the user's, which is there anyway; on a `~` key one of the stock.
    static func token(_ id: UUIDValue, on key: UserKey) -> Needs {
        var needs = Needs()
        if key.isTenantWide { needs.stocked = [TokenID(id)] }
        return needs
    }
}

/// What a decision about one token answers and tells, with the record as it is afterwards.
struct TokenReport {
    let token: Token
    let record: UserRecord
    let context: DecisionContext

    /// The token as the asker may see it.
    var view: JSONValue { .object(TokenView.json(token, record: record, context: context)) }

    func event(_ type: EventType, reason: String? = nil) -> EventDraft {
        var data: JSONObject = ["token": .object(TokenView.published(token, record: record, context: context))]
        if let reason { data.append("reason", .string(reason)) }
        return EventDraft(type, data, user: record.key == context.user.holder ? nil : record.key)
    }

    /// The notice that the policy asks for, if it does.
    func notices(of change: TypePolicy.Notice) -> [NotificationDraft] {
        NotificationDraft.notice(of: change, about: token, record: record, context: context).map { [$0] } ?? []
    }

    /// The answer to enable and disable.
    func outcome(
        of change: StatusChange,
        _ event: EventType,
        reason: String?,
        notice: TypePolicy.Notice? = nil
    ) -> Outcome {
        var result: JSONObject = ["token": view, "activeTokensLeft": .integer(Int64(change.activeTokensLeft))]
        guard !change.isUnchanged else {
            result.append("unchanged", .bool(true))
            return Outcome(.ok(result), tokens: [token.id])
        }
        return Outcome(
            .ok(result),
            events: [self.event(event, reason: reason)],
            notifications: notice.map(notices(of:)) ?? [],
            tokens: [token.id]
        )
    }
}
