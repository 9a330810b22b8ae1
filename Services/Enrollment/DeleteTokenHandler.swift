import Contract
import TokenCore
import WorkerRuntime

/// `token.delete`: the token is gone for everybody but the audit.
///
/// Rejections: `token_not_found`, `version_conflict`, `last_active_token` (only where the token type's policy demands
/// that a user keeps one ACTIVE token).
struct DeleteTokenHandler: CommandHandler {
    static var reads: Reads { .contact }
    static var keys: AcceptedKeys { [.user, .tenantWide] }

    func needs(_ command: SetTokenStatus, on key: UserKey) throws(Rejection) -> Needs {
        .token(command.tokenId, on: key)
    }

    func decide(_ command: SetTokenStatus, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        let outcome = state.decideOnRecord(of: context) { record throws(Rejection) in
            let change = try record.delete(
                TokenID(command.tokenId),
                ifVersion: command.ifVersion,
                reason: command.reason,
                context
            )
            var result: JSONObject = ["tokenId": .string(change.token.id.description)]
            if change.token.userID != nil {
                result.append("activeTokensLeft", .integer(Int64(change.activeTokensLeft)))
            }
            let report = TokenReport(token: change.token, record: record, context: context)
            return Outcome(
                .ok(result),
                events: [report.event(.tokenDeleted, reason: command.reason)],
                notifications: report.notices(of: .deleted),
                tokens: [change.token.id]
            )
        }
        if outcome.code == nil { state.seeds.release(TokenID(command.tokenId)) }
        return outcome
    }
}
