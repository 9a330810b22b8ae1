import Contract
import TokenCore
import WorkerRuntime

/// `token.disable`: an ACTIVE token stops verifying until it is enabled again.
///
/// Rejections: `token_not_found`, `version_conflict`, `wrong_status`, `last_active_token` (only where the token type's
/// policy demands that a user keeps one ACTIVE token).
struct DisableTokenHandler: CommandHandler {
    static var reads: Reads { .contact }

    func decide(_ command: SetTokenStatus, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        state.decideOnRecord(of: context) { record throws(Rejection) in
            let change = try record.disable(
                TokenID(command.tokenId),
                ifVersion: command.ifVersion,
                reason: command.reason,
                context
            )
            let report = TokenReport(token: change.token, record: record, context: context)
            return report.outcome(of: change, .tokenDisabled, reason: command.reason, notice: .disabled)
        }
    }
}
