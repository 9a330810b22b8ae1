import Contract
import TokenCore
import WorkerRuntime

/// `token.enroll`: a user gets a token.
///
/// Rejections: `unknown_token_type`, `type_not_enrollable`, `invalid_phone`, `invalid_email`, `no_contact`,
/// `weak_secret`, `secret_taken`, `too_many_tokens`; of hardware `serial_not_found`, `serial_taken`,
/// `serial_compromised`, `wrong_status`, `otp_mismatch`, `otp_wrong_order`, `otp_replayed`, `locked`.
struct EnrollTokenHandler: CommandHandler {
    static var reads: Reads { .contact }

    func needs(_ command: EnrollToken, on key: UserKey) throws(Rejection) -> Needs {
        var needs = Needs()
        if let serial = command.hardware.serial { needs.serials = [serial] }
        if let secret = command.secret { needs.seeds = [SubmittedSeed(secret.exposed, owner: .user(key))] }
        return needs
    }

    func decide(_ command: EnrollToken, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        let request: EnrollmentRequest
        do {
            request = try EnrollmentRequest(command, context)
        } catch {
            return .rejected(error)
        }
        let outcome = state.enroll(request, context)
        let record = state[context.user]
        switch outcome.result {
        case .success(let enrolled):
            let report = TokenReport(token: enrolled.token, record: record, context: context)
            return Outcome(
                .ok(Provisioning.result(of: enrolled, report)),
                events: [report.event(.tokenEnrolled)],
                notifications: report.notices(of: .enrolled),
                tokens: [enrolled.token.id]
            )
        case .failure(let rejection):
            return Outcome(
                .rejected(rejection),
                events: locks(outcome, record, state, context),
                tokens: outcome.tokenID.map { [$0] } ?? []
            )
        }
    }

    /// The locks that a wrong proof of possession began.
    private func locks(
        _ outcome: CountedOutcome<ProvisionedToken>,
        _ record: UserRecord,
        _ state: WorkingSet,
        _ context: DecisionContext
    ) -> [EventDraft] {
        var events: [EventDraft] = []
        let stock = state[.stock(of: context.user.tenant)]
        for token in outcome.lockedTokens.compactMap({ stock[$0] }) {
            let report = TokenReport(token: token, record: stock, context: context)
            var event = report.event(.tokenLocked)
            event.data.append("lockedUntil", token.lockout.lockedUntil.map { .string($0.rfc3339) } ?? .null)
            events.append(event)
        }
        if outcome.isUserLocked {
            let end = record.lockout?.lockedUntil.map { JSONValue.string($0.rfc3339) } ?? .null
            events.append(EventDraft(.userLocked, ["userId": .string(context.user.userID), "lockedUntil": end]))
        }
        return events
    }
}

extension EnrollmentRequest {
    fileprivate init(_ command: EnrollToken, _ context: DecisionContext) throws(Rejection) {
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
        count = command.count.map { Int($0) }
        if let serial = command.hardware.serial {
            hardware = HardwareProof(
                serial: serial,
                first: try context.open(command.hardware.otp1, "otp1"),
                second: try context.open(command.hardware.otp2, "otp2")
            )
        }
    }
}

extension DecisionContext {
    /// The value of a command's field, sealed or clear.
    ///
    /// - Throws: `invalid_ciphertext`, `plaintext_not_allowed`, `malformed`.
    fileprivate func open(_ otp: SensitiveText?, _ member: String) throws(Rejection) -> SubmittedOTP? {
        guard let otp else { return nil }
        let clear = try envelopes.open(otp.exposed, member: member, owner: .user(user), at: now)
        return try SubmittedOTP(clear, field: "/\(member)")
    }
}
