import Contract
import TokenCore
import WorkerRuntime

/// `otp.cancel`: a challenge is given up; its message, if still queued, is dropped.
///
/// Rejections: `challenge_not_found`, `challenge_used`.
struct CancelOTPHandler: CommandHandler {
    func decide(_ command: CancelOTP, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        let id = ChallengeID(command.challengeId)
        guard var record = state.users[context.user] else { return .rejected(Rejection(.challengeNotFound)) }
        do {
            try record.cancel(id)
        } catch {
            return .rejected(error)
        }
        state.users[context.user] = record
        let token = record[id]?.tokenID
        return Outcome(.ok(["challengeId": .string(id.description)]), tokens: token.map { [$0] } ?? [])
    }
}
