import TokenCore

/// A token as the contract tells of it.
struct ModelToken {
    let id: TokenID
    let type: String
    let kind: TokenKind
    let isHardware: Bool
    let serial: String?
    /// The user's number; nil in the stock.
    var holder: Int?
    /// As it was made; what time makes of it is ``Model/status(_:)``.
    var status: TokenStatus
    var end: Instant?
    var pendingEnd: Instant?
    /// The device's own end, from its import.
    var deviceEnd: Instant?
    var lock = ModelLock()
    /// Wrong pairs of reset since the last success.
    var wrongPairs = 0
    var version: Int64 = 1
    var oath: ModelDevice?
    var codes: [String] = []
    var channel: Channel?
    var address: String?
    var pendingAddress: String?
    var description: String?

    var isDeleted: Bool { status == .deleted }
    /// Values come from the token itself.
    var holdsValues: Bool { kind.isOATH || kind == .recovery }
    var isSoftOATH: Bool { kind.isOATH && !isHardware }
}

/// Failures, and the lock they lead to (contract section 5, "Counting").
struct ModelLock: Equatable {
    var failures = 0
    var consecutive = 0
    var locks = 0
    var end: Instant?

    func isOn(_ now: Instant) -> Bool { end.map { now < $0 } ?? false }

    /// Values still evaluated before the lock.
    func left(of limit: Int, _ now: Instant) -> Int { isOn(now) ? 0 : limit - (end == nil ? failures : 0) }

    /// - Parameter isConsecutive: not so for a user's challenges: those end their own token.
    /// - Returns: whether it locked.
    mutating func fail(
        limit: Int,
        _ rules: TypePolicy.LockoutRules,
        _ now: Instant,
        isConsecutive: Bool = true
    ) -> Bool {
        if end != nil { (end, failures) = (nil, 0) }
        failures += 1
        if isConsecutive, failForGood(rules) { return true }
        guard failures >= limit else { return false }
        let lengths = rules.lockSeconds
        end = now.adding(seconds: Int64(lengths[min(locks, lengths.count - 1)]))
        locks += 1
        return true
    }

    /// - Returns: whether the lock has no end now.
    mutating func failForGood(_ rules: TypePolicy.LockoutRules) -> Bool {
        consecutive += 1
        guard consecutive >= rules.maxConsecutiveFailures else { return false }
        end = .never
        return true
    }
}

struct ModelChallenge {
    let id: String
    let user: Int
    let token: Int
    let purpose: Use
    let context: Int?
    let end: Instant
    var value: String
    var replaced: [String] = []
    var state = "open"
    var attempts = 0
    var sends = 1
    var lastSent: Instant
}

struct ModelUser {
    /// Nil until the user has had a token.
    var lock: ModelLock?
    var phone: String?
    var email: String?
    var revision: Int64?
    var sent: [Instant] = []
}
