/// `otp.verify`: whether a value is right, for whom it counts, and what it is spent for.
extension UserRecord {
    /// Judges one value. What a refusal counts and locks is in the record too and has to be kept.
    package mutating func verify(
        _ attempt: VerificationAttempt,
        in context: DecisionContext
    ) -> CountedOutcome<Verification> {
        let candidates: VerificationCandidates
        do {
            candidates = try self.candidates(for: attempt, in: context)
        } catch {
            let spent = error.code == .challengeNotFound ? answerToSpentValue(attempt, in: context) : nil
            return CountedOutcome(spent.map { Rejection($0) } ?? error, tokenID: concernedToken(attempt))
        }

        let isNamed = if case .challenge = candidates.named { true } else { false }
        var accepted: [Fit] = []
        var refusal: Rejection.Code?
        for place in candidates.places {
            switch judge(attempt, at: place, isNamed: isNamed, in: context) {
            case .fits(let fit): accepted.append(fit)
            case .refused(let code): if refusal?.countsAsFailure ?? true { refusal = code }
            case .differs: break
            }
        }
        if let first = accepted.first {
            for fit in accepted { spend(fit, in: context) }
            let verification = credit(first, attempt, in: context)
            return CountedOutcome(verification, tokenID: verification.tokenID)
        }
        if refusal?.countsAsFailure ?? true, let spent = answerToSpentValue(attempt, in: context) { refusal = spent }
        return refuse(refusal ?? .otpMismatch, attempt, candidates, in: context)
    }

    private mutating func refuse(
        _ code: Rejection.Code,
        _ attempt: VerificationAttempt,
        _ candidates: VerificationCandidates,
        in context: DecisionContext
    ) -> CountedOutcome<Verification> {
        let tokenID = concernedToken(attempt)
        guard code.countsAsFailure else { return CountedOutcome(Rejection(code), tokenID: tokenID) }
        let target: CountedTarget =
            switch candidates.named {
            case .token(let id): .token(id, isReset: false)
            case .challenge, .nothing: .challenges(candidates.challenges)
            }
        let policies = candidates.places.map { context.catalogue.policy(of: token(at: $0)) }
        let isOfChallenges = candidates.challenges.count == candidates.places.count
        let counted = countFailure(target, policies: policies, isOfChallenges: isOfChallenges, in: context)
        return CountedOutcome(Rejection(code, counted.details), tokenID: tokenID, counted: counted)
    }

    /// The token that the command names, itself or by its challenge.
    private func concernedToken(_ attempt: VerificationAttempt) -> TokenID? {
        if let tokenID = attempt.tokenID { return self[tokenID]?.id }
        return attempt.challengeID.flatMap { self[$0] }.flatMap { self[$0.tokenID]?.id }
    }
}

extension UserRecord {
    private mutating func spend(_ fit: Fit, in context: DecisionContext) {
        switch fit {
        case .challenge(let index):
            challenges[index].state = .used
        case .oath(let index, let factor):
            let kind = tokens[index].type.kind
            tokens[index].oath?.accept(factor, kind: kind, at: context.now)
        case .recovery(let index, let code):
            tokens[index].recovery?.unused.remove(at: code)
        }
    }

    /// Credits the token with a success: counts are cleared, and what the purpose stands for happens.
    private mutating func credit(
        _ fit: Fit,
        _ attempt: VerificationAttempt,
        in context: DecisionContext
    ) -> Verification {
        let binding: Challenge.Binding?
        var token: Token
        switch fit {
        case .challenge(let index):
            binding = challenges[index].binding
            token = self.token(at: .challenge(index))
        case .oath(let index, _), .recovery(let index, _):
            binding = nil
            token = tokens[index]
        }

        let isActivation = token.status == .pending
        let isContactChange = attempt.purpose == .contactChange && token.device.pendingAddress != nil
        token.change { token in
            token.lockout.clear()
            if isActivation { token.activate(at: context.now) }
            if attempt.purpose.marksUse {
                token.times.lastUsedAt = max(context.now, token.times.lastUsedAt ?? context.now)
            }
            if isContactChange {
                token.device.address = token.device.pendingAddress
                token.device.pendingAddress = nil
            }
        }
        self[token.id] = token
        lockout?.clear()
        if isContactChange { voidChallenges(of: token.id) }
        return Verification(
            tokenID: token.id,
            tokenType: token.type.name,
            purpose: attempt.purpose,
            verifiedAt: context.now,
            boundTo: binding?.reference,
            isActivation: isActivation,
            isContactChange: isContactChange
        )
    }
}

extension Token {
    /// PENDING → ACTIVE: the first OTP was right.
    mutating func activate(at now: Instant) {
        status = .active
        times.activatedAt = now
        times.activateBefore = nil
    }
}
