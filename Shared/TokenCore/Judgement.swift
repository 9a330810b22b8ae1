/// A place that the value fits.
enum Fit {
    /// By index.
    case challenge(Int)
    /// The counter or step.
    case oath(Int, at: Int64)
    /// The code's position.
    case recovery(Int, code: Int)
}

/// What trying a value at a place found.
enum Judgement {
    case fits(Fit)
    case refused(Rejection.Code)
    case differs
}

extension UserRecord {
    /// Tries the value at one place; changes nothing.
    func judge(
        _ attempt: VerificationAttempt,
        at place: VerificationCandidates.Place,
        isNamed: Bool,
        in context: DecisionContext
    ) -> Judgement {
        switch place {
        case .challenge(let index): judge(attempt, challenge: index, isNamed: isNamed, in: context)
        case .token(let index): judge(attempt, token: index, in: context)
        }
    }

    /// A challenge that was named is refused for its purpose or context before the value is looked at.
    private func judge(
        _ attempt: VerificationAttempt,
        challenge index: Int,
        isNamed: Bool,
        in context: DecisionContext
    ) -> Judgement {
        let challenge = challenges[index]
        guard challenge.purpose == attempt.purpose else { return .refused(.purposeMismatch) }
        let isBound = challenge.binding.map { binding in
            attempt.context.map {
                context.cryptography.matches(context: $0, digest: binding.context, of: challenge.id)
            } ?? false
        }
        if isNamed, isBound == false { return .refused(.contextMismatch) }
        guard let otp = attempt.otp.digits else { return .differs }
        if context.cryptography.matches(otp: otp, digest: challenge.otp.current, of: challenge.id) {
            return isBound == false ? .refused(.contextMismatch) : .fits(.challenge(index))
        }
        let isReplaced = challenge.otp.replaced.contains {
            context.cryptography.matches(otp: otp, digest: $0, of: challenge.id)
        }
        return isReplaced ? .refused(.challengeSuperseded) : .differs
    }

    private func judge(_ attempt: VerificationAttempt, token index: Int, in context: DecisionContext) -> Judgement {
        let token = tokens[index]
        if let codes = token.recovery {
            let position = codes.position(of: attempt.otp, token: token.id, cryptography: context.cryptography)
            return position.map { .fits(.recovery(index, code: $0)) } ?? .differs
        }
        guard let oath = token.oath, let device = context.device(of: token) else { return .differs }
        let rules = context.catalogue.policy(of: token).otp
        switch oath.search(attempt.otp, on: device, kind: token.type.kind, rules: rules, at: context.now) {
        case .accepted(let factor): return .fits(.oath(index, at: factor))
        case .replayed: return .refused(.otpReplayed)
        case .none: return .differs
        }
    }

    /// The answer to a value that was good once and is spent: it was accepted, or another approval replaced its own.
    /// Told, and not counted, as a resend's old value is: knowing it helps nobody to guess.
    func answerToSpentValue(_ attempt: VerificationAttempt, in context: DecisionContext) -> Rejection.Code? {
        guard attempt.challengeID == nil, let otp = attempt.otp.digits else { return nil }
        let spent = challenges.last { challenge in
            (challenge.state == .superseded || challenge.state == .used) && challenge.purpose == attempt.purpose
                && context.now < challenge.expiresAt
                && (attempt.tokenID ?? challenge.tokenID) == challenge.tokenID
                && ([challenge.otp.current] + challenge.otp.replaced).contains {
                    context.cryptography.matches(otp: otp, digest: $0, of: challenge.id)
                }
        }
        guard let spent else { return nil }
        let isCurrent = context.cryptography.matches(otp: otp, digest: spent.otp.current, of: spent.id)
        return spent.state == .used && isCurrent ? .challengeUsed : .challengeSuperseded
    }
}

extension DecisionContext {
    /// The device behind an OATH token; nil where there is none, or where its seal does not open.
    func device(of token: Token) -> (any OATHDevice)? {
        token.oath.flatMap {
            cryptography.device($0.secret, of: token.id, tenant: token.tenant, algorithm: $0.algorithm)
        }
    }
}
