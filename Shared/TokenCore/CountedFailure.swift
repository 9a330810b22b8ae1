/// What one wrong value did (contract section 5, "Counting").
struct CountedFailure: Equatable {
    /// The smallest of what was counted.
    var attemptsLeft: Int
    /// The end of the lock that is on after this failure.
    var lockedUntil: Instant?
    var lockedTokens: [TokenID] = []
    var isUserLocked = false

    var details: Rejection.Details {
        Rejection.Details(attemptsLeft: attemptsLeft, lockedUntil: lockedUntil)
    }
}

/// What a failure counts for, beside the user.
enum CountedTarget {
    /// By index.
    case challenges([Int])
    case token(TokenID, isReset: Bool)
}

extension UserRecord {
    /// Counts one wrong value: once for the user, once for each target.
    ///
    /// The user's lock without end comes of values tried on tokens that hold values. A value that was tried on challenges
    /// alone ends, after as many, the tokens that they were sent for: who can have OTPs sent and guess at them must not be
    /// able to take the user's other factors away for good.
    ///
    /// - Parameters:
    ///   - policies: those of the tokens that the value was tried on; the strictest rules the user's count.
    ///   - isOfChallenges: the value was tried on challenges alone.
    mutating func countFailure(
        _ target: CountedTarget,
        policies: [TypePolicy],
        isOfChallenges: Bool = false,
        in context: DecisionContext
    ) -> CountedFailure {
        let now = context.now
        let rules = policies.map(\.lockout).min { $0.userMaxFailures < $1.userMaxFailures } ?? .init()
        var user = lockout ?? Lockout()
        let isUserLocked = user.countFailure(
            limit: rules.userMaxFailures,
            rules: rules,
            at: now,
            isConsecutive: !isOfChallenges
        )
        lockout = user
        var counted = CountedFailure(attemptsLeft: user.attemptsLeft(limit: rules.userMaxFailures, at: now))
        if isUserLocked {
            counted.isUserLocked = true
            counted.lockedUntil = user.lockedUntil
        }
        switch target {
        case .challenges(let indices):
            for index in indices {
                counted.attemptsLeft = min(counted.attemptsLeft, countAttempt(index, context))
                if isOfChallenges { endDelivery(challenges[index].tokenID, &counted, context) }
            }
        case .token(let id, let isReset):
            count(id, isReset: isReset, into: &counted, in: context)
        }
        return counted
    }

    /// Counts an attempt on a challenge, which ends it at the last one.
    ///
    /// - Returns: the attempts left.
    private mutating func countAttempt(_ index: Int, _ context: DecisionContext) -> Int {
        let policy = self[challenges[index].tokenID].map(context.catalogue.policy) ?? TypePolicy()
        challenges[index].attempts += 1
        let left = max(0, policy.challenge.maxAttempts - challenges[index].attempts)
        if left == 0 { challenges[index].state = .exhausted }
        return left
    }

    /// Counts towards the end of a token whose challenges are guessed at: its lock has no end then.
    private mutating func endDelivery(_ id: TokenID, _ counted: inout CountedFailure, _ context: DecisionContext) {
        guard var token = self[id] else { return }
        let rules = context.catalogue.policy(of: token).lockout
        token.change { token in
            guard token.lockout.countConsecutive(rules) else { return }
            counted.lockedTokens.append(id)
            counted.lockedUntil = token.lockout.lockedUntil
            counted.attemptsLeft = 0
        }
        self[id] = token
    }

    /// Counts a wrong value for a token alone.
    mutating func count(
        _ id: TokenID,
        isReset: Bool = false,
        into counted: inout CountedFailure,
        in context: DecisionContext
    ) {
        guard var token = self[id] else { return }
        defer { self[id] = token }
        let now = context.now
        let rules = context.catalogue.policy(of: token).lockout
        if isReset { token.lockout.resetFailures += 1 }
        if !token.lockout.isLocked(at: now) {
            token.change { token in
                if token.lockout.countFailure(limit: rules.maxFailures, rules: rules, at: now) {
                    counted.lockedTokens.append(token.id)
                }
            }
        }
        counted.attemptsLeft = min(counted.attemptsLeft, token.lockout.attemptsLeft(limit: rules.maxFailures, at: now))
        if token.lockout.isLocked(at: now) {
            counted.lockedUntil = [counted.lockedUntil, token.lockout.lockedUntil].compactMap(\.self).max()
        }
    }

    /// The end of the lock that keeps a token from being used: its own or the user's, whichever is later.
    func lockEnd(of token: Token?, at now: Instant) -> Instant? {
        [lockout, token?.lockout].compactMap { lock in
            lock.flatMap { $0.isLocked(at: now) ? $0.lockedUntil : nil }
        }.max()
    }
}

extension Rejection {
    /// `locked`; asking later helps, unless the lock has no end.
    static func locked(until end: Instant, at now: Instant) -> Rejection {
        Rejection(.locked, .init(lockedUntil: end, retryAfter: end == .never ? nil : now.secondsUntil(end)))
    }
}
