import Contract
import TokenCore
import WorkerRuntime

/// `token.view`: one token as it is now.
///
/// Rejections: `token_not_found`.
struct ViewTokenHandler: CommandHandler {
    static var reads: Reads { .contact }
    static var keys: AcceptedKeys { [.user, .tenantWide] }
    static var isReadOnly: Bool { true }

    func needs(_ command: ViewToken, on key: UserKey) throws(Rejection) -> Needs { .token(command.tokenId, on: key) }

    func decide(_ command: ViewToken, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        state.decideOnRecord(of: context) { record throws(Rejection) in
            let token = try record.token(TokenID(command.tokenId), ifVersion: nil)
            let report = TokenReport(token: token, record: record, context: context)
            return Outcome(.ok(["token": report.view]), tokens: [token.id])
        }
    }
}
