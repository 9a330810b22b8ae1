import Contract
import TokenCore
import WorkerRuntime

/// `user.unlock`: the user's own lock ends; locks of tokens stay.
///
/// A user who is not known gets the same answer, and no record.
struct UnlockUserHandler: CommandHandler {
    func decide(_ command: UnlockUser, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        let isChange = state.users[context.user]?.unlock() ?? false
        let userID = JSONValue.string(context.user.userID)
        var facts: JSONObject = ["userId": userID]
        if let reason = command.reason { facts.append("reason", .string(reason)) }
        return Outcome(.ok(["userId": userID]), events: isChange ? [EventDraft(.userUnlocked, facts)] : [])
    }
}
