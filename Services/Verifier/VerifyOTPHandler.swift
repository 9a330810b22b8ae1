import Contract
import TokenCore
import WorkerRuntime

/// `otp.verify`: a value that a person typed is right once, or wrong and counted.
///
/// Rejections: `otp_mismatch`, `otp_replayed`, `challenge_not_found`, `challenge_expired`, `challenge_used`,
/// `challenge_superseded`, `challenge_void`, `challenge_exhausted`, `purpose_mismatch`, `context_mismatch`,
/// `binding_required`, `locked`, `no_active_token`, `wrong_status`, `token_not_found`.
struct VerifyOTPHandler: CommandHandler {
    static var reads: Reads { .contact }

    func decide(_ command: VerifyOTP, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        let otp: SubmittedOTP
        do {
            otp = try context.open(command.otp, "otp")
        } catch {
            return .rejected(error)
        }
        let attempt = VerificationAttempt(
            otp: otp,
            purpose: Purpose(command.purpose),
            tokenID: command.tokenId.map { TokenID($0) },
            challengeID: command.challengeId.map { ChallengeID($0) },
            context: command.context?.canonical
        )
        // An unknown user gets no record; the answer is computed all the same.
        var nobody = UserRecord(key: context.user)
        let outcome = state.verify(attempt, in: context) ?? nobody.verify(attempt, in: context)
        let consequences = Consequences(record: state[context.user], context: context)
        switch outcome.result {
        case .success(let verification):
            return success(verification, command, consequences)
        case .failure(let rejection):
            return consequences.refusal(rejection, of: outcome, facts(command))
        }
    }

    private func success(
        _ verification: Verification,
        _ command: VerifyOTP,
        _ consequences: Consequences
    ) -> Outcome {
        let result: JSONObject = [
            "tokenId": .string(verification.tokenID.description),
            "tokenType": .string(verification.tokenType),
            "verifiedAt": .instant(verification.verifiedAt),
            "purpose": .string(verification.purpose.rawValue),
            "boundTo": .text(verification.boundTo),
        ]
        var verified = result
        if let challenge = command.challengeId { verified.append("challengeId", .string(challenge.description)) }
        var events = [consequences.event(.otpVerified, verification.tokenID, verified)]
        if verification.isActivation { events.append(consequences.event(.tokenActivated, verification.tokenID)) }
        if verification.isContactChange { events.append(consequences.event(.tokenEdited, verification.tokenID)) }
        return Outcome(.ok(result), events: events, tokens: [verification.tokenID])
    }

    private func facts(_ command: VerifyOTP) -> JSONObject {
        var facts: JSONObject = [
            "command": .string(CommandType.verifyOTP.name),
            "purpose": .string(command.purpose.rawValue),
        ]
        if let token = command.tokenId { facts.append("tokenId", .string(token.description)) }
        if let challenge = command.challengeId { facts.append("challengeId", .string(challenge.description)) }
        return facts
    }
}
