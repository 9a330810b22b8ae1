import Contract
import TokenCore
import WorkerRuntime

/// `otp.status`: how a challenge stands, and how far its last message got.
///
/// Rejections: `challenge_not_found`.
struct OTPStatusHandler: CommandHandler {
    static var reads: Reads { .deliveries }
    static var isReadOnly: Bool { true }

    func decide(_ command: OTPStatus, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        let id = ChallengeID(command.challengeId)
        do {
            let status = try state.status(of: id, in: context)
            return Outcome(
                .ok([
                    "challengeId": .string(id.description),
                    "state": .string(status.state.rawValue),
                    "delivery": .string(status.delivery.rawValue),
                ])
            )
        } catch {
            return .rejected(error)
        }
    }
}
