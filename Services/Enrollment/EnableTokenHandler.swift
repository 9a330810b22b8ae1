import Contract
import TokenCore
import WorkerRuntime

/// `token.enable`: a DISABLED token verifies again.
///
/// Rejections: `token_not_found`, `version_conflict`, `wrong_status`.
struct EnableTokenHandler: CommandHandler {
    static var reads: Reads { .contact }

    func decide(_ command: SetTokenStatus, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        state.decideOnRecord(of: context) { record throws(Rejection) in
            let change = try record.enable(
                TokenID(command.tokenId),
                ifVersion: command.ifVersion,
                reason: command.reason,
                context
            )
            let report = TokenReport(token: change.token, record: record, context: context)
            return report.outcome(of: change, .tokenEnabled, reason: command.reason)
        }
    }
}
