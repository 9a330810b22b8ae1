/// Failures and the lock they lead to, of a token or of a user.
///
/// Counts survive resend, restart and rejection; a success clears them (contract section 5, "Counting").
package struct Lockout: Equatable, Sendable {
    /// Failures since the last success or lock.
    package var failures: Int
    /// Failures since the last success, across locks.
    package var consecutiveFailures: Int
    /// How many locks there were since the last success: the index of the next one in `lockSeconds`.
    package var level: Int
    package var lockedUntil: Instant?
    /// Tokens only: wrong pairs of `token.reset` since the last success. A lock that other failures began leaves the
    /// reset open, which is what ends it; one that wrong pairs alone could have begun does not.
    package var resetFailures: Int

    package init(
        failures: Int = 0,
        consecutiveFailures: Int = 0,
        level: Int = 0,
        lockedUntil: Instant? = nil,
        resetFailures: Int = 0
    ) {
        self.failures = failures
        self.consecutiveFailures = consecutiveFailures
        self.level = level
        self.lockedUntil = lockedUntil
        self.resetFailures = resetFailures
    }

    package func isLocked(at now: Instant) -> Bool {
        lockedUntil.map { now < $0 } ?? false
    }

    /// Values that may still be evaluated before the lock, at `now`.
    package func attemptsLeft(limit: Int, at now: Instant) -> Int {
        isLocked(at: now) ? 0 : max(0, limit - (lockedUntil == nil ? failures : 0))
    }

    /// Counts one wrong value. At `limit` the lock of the next length begins.
    ///
    /// - Parameter isConsecutive: whether it counts towards the lock that has no end.
    /// - Returns: whether this failure began a lock.
    package mutating func countFailure(
        limit: Int,
        rules: TypePolicy.LockoutRules,
        at now: Instant,
        isConsecutive: Bool = true
    ) -> Bool {
        if let end = lockedUntil, end <= now {
            lockedUntil = nil
            failures = 0
        }
        failures += 1
        if isConsecutive, countConsecutive(rules) { return true }
        guard failures >= limit else { return false }
        let seconds = rules.lockSeconds[min(level, rules.lockSeconds.count - 1)]
        lockedUntil = now.adding(seconds: Int64(seconds))
        level += 1
        return true
    }

    /// Counts towards the lock that has no end (NIST SP 800-63B §5.2.2: at most 100 failures in a row), and nothing else.
    ///
    /// - Returns: whether that lock is on.
    package mutating func countConsecutive(_ rules: TypePolicy.LockoutRules) -> Bool {
        consecutiveFailures += 1
        guard consecutiveFailures >= rules.maxConsecutiveFailures else { return false }
        lockedUntil = .never
        return true
    }

    /// A success, or an operator's unlock: counts and growth start anew.
    package mutating func clear() {
        self = Lockout()
    }
}
