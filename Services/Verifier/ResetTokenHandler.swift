import Contract
import TokenCore
import WorkerRuntime

/// `token.reset`: two consecutive values find a device again that went out of step, and unlock its token.
///
/// Rejections: `token_not_found`, `version_conflict`, `not_resettable`, `otp_mismatch`, `otp_wrong_order`,
/// `otp_replayed`, `locked`, `wrong_status`.
struct ResetTokenHandler: CommandHandler {
    static var reads: Reads { .contact }

    func decide(_ command: ResetToken, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        let id = TokenID(command.tokenId)
        let outcome: CountedOutcome<TokenReset>
        do {
            let first = try context.open(command.otp1, "otp1")
            let second = try context.open(command.otp2, "otp2")
            var nobody = UserRecord(key: context.user)
            outcome =
                state.users[context.user]?.reset(id, first, second, ifVersion: command.ifVersion, in: context)
                ?? nobody.reset(id, first, second, in: context)
        } catch {
            return .rejected(error)
        }
        let consequences = Consequences(record: state[context.user], context: context)
        switch outcome.result {
        case .success(let reset):
            return success(reset, id, consequences)
        case .failure(let rejection):
            let facts: JSONObject = [
                "command": .string(CommandType.resetToken.name),
                "tokenId": .string(id.description),
            ]
            return consequences.refusal(rejection, of: outcome, facts)
        }
    }

    private func success(_ reset: TokenReset, _ id: TokenID, _ consequences: Consequences) -> Outcome {
        var events = [consequences.event(.tokenReset, id)]
        if reset.isActivation { events.append(consequences.event(.tokenActivated, id)) }
        if reset.isUnlock { events.append(consequences.event(.tokenUnlocked, id)) }
        return Outcome(
            .ok(["token": consequences.record[id].map(consequences.view) ?? .null]),
            events: events,
            notifications: consequences.notices(of: .reset, id),
            tokens: [id]
        )
    }
}
