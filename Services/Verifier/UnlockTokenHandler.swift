import Contract
import TokenCore
import WorkerRuntime

/// `token.unlock`: a locked token verifies again, and its failures are forgotten.
///
/// Rejections: `token_not_found`, `version_conflict`.
struct UnlockTokenHandler: CommandHandler {
    static var reads: Reads { .contact }

    func decide(_ command: SetTokenStatus, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        let id = TokenID(command.tokenId)
        guard var record = state.users[context.user] else { return .rejected(Rejection(.tokenNotFound)) }
        let isChange: Bool
        do {
            isChange = try record.unlock(id, ifVersion: command.ifVersion, at: context.now)
        } catch {
            return .rejected(error)
        }
        if isChange { state.users[context.user] = record }
        let consequences = Consequences(record: record, context: context)
        let facts: JSONObject = command.reason.map { ["reason": .string($0)] } ?? [:]
        return Outcome(
            .ok(["token": record[id].map(consequences.view) ?? .null]),
            events: isChange ? [consequences.event(.tokenUnlocked, id, facts)] : [],
            notifications: isChange ? consequences.notices(of: .unlocked, id) : [],
            tokens: [id]
        )
    }
}
