/// `token.reset`: two consecutive values show where the device is (RFC 4226 §7.4).
package struct TokenReset: Equatable, Sendable {
    /// The token was PENDING.
    package let isActivation: Bool
    /// A lock ended with it.
    package let isUnlock: Bool
}

extension UserRecord {
    /// Finds the device again; unlocks its token, and activates a PENDING one.
    ///
    /// A lock that wrong OTPs led to does not keep the device from being found, since it is the usual reason to look
    /// for it; wrong pairs count like wrong OTPs, and a lock that they led to does.
    package mutating func reset(
        _ tokenID: TokenID,
        _ first: SubmittedOTP,
        _ second: SubmittedOTP,
        ifVersion version: Int64? = nil,
        in context: DecisionContext
    ) -> CountedOutcome<TokenReset> {
        guard let token = self[tokenID] else { return CountedOutcome(Rejection(.tokenNotFound), tokenID: nil) }
        let match: Resynchronization.Match
        do {
            try admitReset(of: token, ifVersion: version, in: context)
            match = locate(first, second, token, in: context)
        } catch {
            return CountedOutcome(error, tokenID: tokenID)
        }
        switch match {
        case .accepted(let factor):
            return CountedOutcome(accept(factor, token, in: context), tokenID: tokenID)
        case .replayed:
            return CountedOutcome(Rejection(.otpReplayed), tokenID: tokenID)
        case .wrongOrder, .none:
            let policy = context.catalogue.policy(of: token)
            let counted = countFailure(.token(tokenID, isReset: true), policies: [policy], in: context)
            let code = match == .wrongOrder ? Rejection.Code.otpWrongOrder : .otpMismatch
            return CountedOutcome(Rejection(code, counted.details), tokenID: tokenID, counted: counted)
        }
    }

    /// - Throws: the refusal that holds whatever values are brought.
    func admitReset(
        of token: Token,
        ifVersion version: Int64?,
        in context: DecisionContext
    ) throws(Rejection) {
        try token.requireVersion(version)
        guard token.type.kind.isOATH else { throw Rejection(.notResettable) }
        let status = token.effectiveStatus(in: context.catalogue, at: context.now)
        guard [.pending, .active, .disabled].contains(status) else {
            throw Rejection(.wrongStatus, .init(status: status))
        }
        if let end = lockEnd(of: nil, at: context.now) { throw .locked(until: end, at: context.now) }
        let limit = context.catalogue.policy(of: token).lockout.maxFailures
        if token.lockout.resetFailures >= limit, let end = lockEnd(of: token, at: context.now) {
            throw .locked(until: end, at: context.now)
        }
    }

    private func locate(
        _ first: SubmittedOTP,
        _ second: SubmittedOTP,
        _ token: Token,
        in context: DecisionContext
    ) -> Resynchronization.Match {
        guard let oath = token.oath, let device = context.device(of: token) else { return .none }
        let window = context.catalogue.policy(of: token).otp.resetWindow
        return Resynchronization.search(
            first,
            second,
            on: device,
            oath,
            kind: token.type.kind,
            window: window,
            at: context.now
        )
    }

    private mutating func accept(_ factor: Int64, _ found: Token, in context: DecisionContext) -> TokenReset {
        var token = found
        let reset = TokenReset(
            isActivation: token.status == .pending,
            isUnlock: token.lockout.isLocked(at: context.now)
        )
        token.oath?.accept(factor, kind: token.type.kind, at: context.now)
        token.change { token in
            token.lockout.clear()
            if reset.isActivation { token.activate(at: context.now) }
            token.times.updatedAt = context.now
        }
        self[token.id] = token
        return reset
    }
}

extension Token {
    /// - Throws: `version_conflict`, with the version that there is, where another one was expected.
    package func requireVersion(_ expected: Int64?) throws(Rejection) {
        guard let expected, expected != version else { return }
        throw Rejection(.versionConflict, .init(version: version))
    }
}
