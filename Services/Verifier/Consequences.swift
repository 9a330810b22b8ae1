import Contract
import TokenCore
import WorkerRuntime

/// What others learn of a decision, with the user's record as it is afterwards.
struct Consequences {
    let record: UserRecord
    let context: DecisionContext

    /// The token as the asker may see it.
    func view(_ token: Token) -> JSONValue { .object(TokenView.json(token, record: record, context: context)) }

    /// A fact about a token; it carries the token's view for everybody.
    func event(_ type: EventType, _ tokenID: TokenID?, _ facts: JSONObject = JSONObject()) -> EventDraft {
        var data = facts
        if let token = tokenID.flatMap({ record[$0] }) {
            data.set("token", to: .object(TokenView.published(token, record: record, context: context)))
        }
        return EventDraft(type, data)
    }

    /// The notice that the policy of the token's type asks for, if it does.
    func notices(of change: TypePolicy.Notice, _ tokenID: TokenID?) -> [NotificationDraft] {
        guard let token = tokenID.flatMap({ record[$0] }) else { return [] }
        return NotificationDraft.notice(of: change, about: token, record: record, context: context).map { [$0] } ?? []
    }

    /// A value that was refused: the fact, the locks that it led to, and who is told of them.
    ///
    /// A refusal that says nothing about the value, such as `malformed`, is an answer and no more.
    func refusal<Success>(
        _ rejection: Rejection,
        of outcome: CountedOutcome<Success>,
        _ facts: JSONObject
    ) -> Outcome {
        guard rejection.code.publicCode != nil else {
            return Outcome(.rejected(rejection), tokens: outcome.concerned)
        }
        var facts = facts
        facts.append("code", .string(rejection.code.rawValue))
        if let left = rejection.details.attemptsLeft { facts.append("attemptsLeft", .integer(Int64(left))) }

        var events = [event(.otpRejected, outcome.tokenID, facts)]
        for token in outcome.lockedTokens.compactMap({ record[$0] }) {
            events.append(event(.tokenLocked, token.id, ["lockedUntil": .instant(token.lockout.lockedUntil)]))
        }
        if outcome.isUserLocked {
            events.append(
                EventDraft(
                    .userLocked,
                    [
                        "userId": .string(context.user.userID),
                        "lockedUntil": .instant(record.lockout?.lockedUntil),
                    ]
                )
            )
        }
        return Outcome(
            .rejected(rejection),
            events: events,
            notifications: lockNotices(outcome),
            tokens: outcome.concerned
        )
    }

    /// One message, though token and user be locked by the same value. A user's lock is told about the token that was
    /// tried, else about the first whose policy wants it told.
    private func lockNotices<Success>(_ outcome: CountedOutcome<Success>) -> [NotificationDraft] {
        guard !outcome.lockedTokens.isEmpty || outcome.isUserLocked else { return [] }
        let named = outcome.lockedTokens + [outcome.tokenID].compactMap(\.self)
        let others = outcome.isUserLocked ? record.tokens.map(\.id) : []
        return (named + others).lazy.map { notices(of: .locked, $0) }.first { !$0.isEmpty } ?? []
    }
}

extension CountedOutcome {
    /// For the audit.
    var concerned: [TokenID] { tokenID.map { [$0] } ?? [] }
}

extension JSONValue {
    static func instant(_ instant: Instant?) -> JSONValue { instant.map { .string($0.rfc3339) } ?? .null }

    static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}
