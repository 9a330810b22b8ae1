import Contract
import TokenCore
import WorkerRuntime

/// `token.enroll`: a user gets a token.
///
/// Rejections: `unknown_token_type`, `type_not_enrollable` (also hardware and recovery codes), `invalid_phone`,
/// `invalid_email`, `no_contact`, `weak_secret`, `secret_taken`, `too_many_tokens`.
struct EnrollTokenHandler: CommandHandler {
    static var reads: Reads { .contact }

    func decide(_ command: EnrollToken, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        state.decideOnUser(of: context) { record throws(Rejection) in
            let enrolled = try record.enroll(EnrollmentRequest(command), context)
            let report = TokenReport(token: enrolled.token, record: record, context: context)
            return Outcome(
                .ok(Provisioning.result(of: enrolled, report)),
                events: [report.event(.tokenEnrolled)],
                notifications: report.notices(of: .enrolled),
                tokens: [enrolled.token.id]
            )
        }
    }
}

extension EnrollmentRequest {
    fileprivate init(_ command: EnrollToken) {
        self.init(
            tokenType: command.tokenType,
            phone: command.contact.phone,
            email: command.contact.email,
            channel: command.contact.channel.flatMap { Channel(rawValue: $0.rawValue) },
            secret: command.secret?.exposed
        )
        text = command.description.flatMap { $0.isEmpty ? nil : $0 }
        expiresAt = command.expiresAt
        activate = command.activate.flatMap { TypePolicy.Activation(rawValue: $0.rawValue) }
    }
}
