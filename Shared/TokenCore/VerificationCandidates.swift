/// Where a value may fit: the rules of contract section 5, "Which token".
struct VerificationCandidates {
    enum Place {
        /// By index.
        case challenge(Int)
        case token(Int)
    }

    /// What the command names, which is what a failure counts for.
    enum Named {
        case challenge
        case token(TokenID)
        case nothing
    }

    let named: Named
    /// In the order in which a value is credited.
    let places: [Place]

    /// Indices of the challenges among the places.
    var challenges: [Int] {
        places.compactMap { place in
            if case .challenge(let index) = place { index } else { nil }
        }
    }
}

extension UserRecord {
    func candidates(
        for attempt: VerificationAttempt,
        in context: DecisionContext
    ) throws(Rejection) -> VerificationCandidates {
        if let tokenID = attempt.tokenID, self[tokenID] == nil { throw Rejection(.tokenNotFound) }
        if let challengeID = attempt.challengeID {
            return try namedChallenge(challengeID, of: attempt.tokenID, in: context)
        }
        if let tokenID = attempt.tokenID, let index = tokens.firstIndex(where: { $0.id == tokenID }) {
            return try namedToken(index, attempt.purpose, in: context)
        }
        return try all(attempt.purpose, in: context)
    }

    private func namedChallenge(
        _ id: ChallengeID,
        of tokenID: TokenID?,
        in context: DecisionContext
    ) throws(Rejection) -> VerificationCandidates {
        guard let index = challenges.firstIndex(where: { $0.id == id }),
            tokenID == nil || tokenID == challenges[index].tokenID
        else { throw Rejection(.challengeNotFound) }
        let challenge = challenges[index]
        if let end = lockEnd(of: self[challenge.tokenID], at: context.now) {
            throw .locked(until: end, at: context.now)
        }
        if let code = state(of: challenge, in: context).rejection { throw Rejection(code) }
        return VerificationCandidates(named: .challenge, places: [.challenge(index)])
    }

    private func namedToken(
        _ index: Int,
        _ purpose: Purpose,
        in context: DecisionContext
    ) throws(Rejection) -> VerificationCandidates {
        let token = tokens[index]
        let status = token.effectiveStatus(in: context.catalogue, at: context.now)
        guard status.admits(purpose) else { throw Rejection(.wrongStatus, .init(status: status)) }
        if let end = lockEnd(of: token, at: context.now) { throw .locked(until: end, at: context.now) }
        if let code = refusal(of: token, purpose, in: context) { throw Rejection(code) }
        let places = openChallenges(purpose, in: context)
            .filter { challenges[$0].tokenID == token.id }
            .map(VerificationCandidates.Place.challenge)
        if token.holdsValues, purpose != .contactChange {
            return VerificationCandidates(named: .token(token.id), places: places + [.token(index)])
        }
        guard !places.isEmpty else { throw Rejection(.challengeNotFound) }
        return VerificationCandidates(named: .token(token.id), places: places)
    }

    private func all(_ purpose: Purpose, in context: DecisionContext) throws(Rejection) -> VerificationCandidates {
        let admitted = tokens.filter {
            $0.effectiveStatus(in: context.catalogue, at: context.now).admits(purpose)
        }
        guard !admitted.isEmpty else { throw Rejection(.noActiveToken) }
        if let end = lockEnd(of: nil, at: context.now) { throw .locked(until: end, at: context.now) }

        var places = openChallenges(purpose, in: context).map(VerificationCandidates.Place.challenge)
        var refused: Rejection.Code?
        for kind in [TokenKind.totp, .hotp, .recovery] where purpose != .contactChange {
            for token in admitted where token.type.kind == kind {
                if let code = refusal(of: token, purpose, in: context) {
                    refused = code
                } else if let index = tokens.firstIndex(where: { $0.id == token.id }) {
                    places.append(.token(index))
                }
            }
        }
        let unlocked = places.filter { !token(at: $0).lockout.isLocked(at: context.now) }
        guard unlocked.isEmpty else { return VerificationCandidates(named: .nothing, places: unlocked) }

        let hopeful = places.isEmpty ? admitted : places.map(token)
        if hopeful.allSatisfy({ $0.lockout.isLocked(at: context.now) }),
            let end = hopeful.compactMap(\.lockout.lockedUntil).min()
        {
            throw .locked(until: end, at: context.now)
        }
        throw Rejection(refused ?? .challengeNotFound)
    }

    /// Why a token of the right status is not tried all the same.
    private func refusal(of token: Token, _ purpose: Purpose, in context: DecisionContext) -> Rejection.Code? {
        let permits = context.catalogue.policy(of: token).permits
        if purpose == .test, !permits.testable { return .forbidden }
        if purpose == .approval, permits.requireBinding, token.holdsValues { return .bindingRequired }
        return nil
    }

    private func openChallenges(_ purpose: Purpose, in context: DecisionContext) -> [Int] {
        challenges.indices.filter {
            challenges[$0].purpose == purpose && state(of: challenges[$0], in: context) == .open
        }
    }

    /// The token of a place; every place has one, since a challenge without its token is void.
    func token(at place: VerificationCandidates.Place) -> Token {
        switch place {
        case .token(let index): tokens[index]
        case .challenge(let index): tokens[tokens.firstIndex { $0.id == challenges[index].tokenID } ?? 0]
        }
    }
}

extension Token {
    /// Values come from the token itself, so they are bound to no approval and need no challenge.
    var holdsValues: Bool { !type.kind.isDelivered }
}

extension ChallengeState {
    /// The answer to a value for a challenge in this state; nil while it is open.
    var rejection: Rejection.Code? {
        switch self {
        case .open: nil
        case .used: .challengeUsed
        case .superseded: .challengeSuperseded
        case .void: .challengeVoid
        case .expired: .challengeExpired
        case .exhausted: .challengeExhausted
        }
    }
}
