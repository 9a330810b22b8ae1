/// A challenge's state as `otp.status` tells it.
package enum ChallengeState: String, Sendable, CaseIterable {
    case open
    case used
    case superseded
    case void
    case expired
    case exhausted
}

extension UserRecord {
    /// The state that holds at the instant: the end of a challenge, or of its token, needs nobody to come by.
    package func state(of challenge: Challenge, in context: DecisionContext) -> ChallengeState {
        switch challenge.state {
        case .used: return .used
        case .superseded: return .superseded
        case .void: return .void
        case .exhausted: return .exhausted
        case .open: break
        }
        guard let token = self[challenge.tokenID],
            token.effectiveStatus(in: context.catalogue, at: context.now).admits(challenge.purpose)
        else { return .void }
        if context.now >= challenge.expiresAt { return .expired }
        let limit = context.catalogue.policy(of: token).challenge.maxAttempts
        return challenge.attempts >= limit ? .exhausted : .open
    }

    /// Voids the open challenges of a token: to be called by each change after which an OTP under way must not verify
    /// (disable, delete, compromise, unassign, obsolete, reset, contact change, the user's tombstone).
    ///
    /// The notifier asks for the state just before it sends, so a queued message is dropped too.
    package mutating func voidChallenges(of token: TokenID) {
        for index in challenges.indices where challenges[index].tokenID == token {
            if challenges[index].state == .open { challenges[index].state = .void }
        }
    }
}
