import TokenCore

/// What the contract says there is after the commands so far: a model of the system about a page long, written from
/// the contract and not from the code.
struct Model {
    var now: Instant
    var users = Palette.users.map { _ in ModelUser() }
    /// In the order of appearance; deleted ones stay, so that numbers keep their meaning.
    var tokens: [ModelToken] = []
    var challenges: [ModelChallenge] = []
    var retired: Set<String> = []
    /// Messages by address.
    var sent: [String: [Instant]] = [:]
    var types: [String: TokenType]

    init(_ ruling: Ruling, now: Instant) {
        self.now = now
        types = Dictionary(ruling.types.map { ($0.name, $0) }) { first, _ in first }
    }

    func policy(_ token: ModelToken) -> TypePolicy { types[token.type]?.policy ?? TypePolicy() }

    // MARK: Status

    /// Expiry holds at the instant (section 5, "Time"); COMPROMISED is final.
    func status(_ token: ModelToken) -> TokenStatus {
        guard [.pending, .active, .disabled, .unassigned].contains(token.status) else { return token.status }
        if token.end.map({ $0 <= now }) ?? false || retired.contains(token.type) { return .obsolete }
        if token.status == .pending, token.pendingEnd.map({ $0 <= now }) ?? false {
            // Never activated: out of date, or if it is a device back in the stock.
            return token.isHardware ? .unassigned : .obsolete
        }
        return token.status
    }

    /// Section 7: `enrollment` only while PENDING, all but `enrollment` while ACTIVE.
    func admits(_ token: ModelToken, _ purpose: Use) -> Bool {
        switch status(token) {
        case .pending: purpose == .enrollment
        case .active: purpose != .enrollment
        default: false
        }
    }

    func held(by user: Int?) -> [Int] {
        tokens.indices.filter { !tokens[$0].isDeleted && tokens[$0].holder == user }
    }

    /// ACTIVE ones, recovery not counted.
    func activeCount(_ user: Int) -> Int {
        held(by: user).count { tokens[$0].kind != .recovery && status(tokens[$0]) == .active }
    }

    /// Taking this token from ACTIVE leaves its user none.
    func isLastActive(_ index: Int) -> Bool {
        let token = tokens[index]
        guard policy(token).permits.requireActiveToken, let user = token.holder else { return false }
        return token.kind != .recovery && status(token) == .active && activeCount(user) == 1
    }

    func hasRoom(_ user: Int, _ type: String) -> Bool {
        let living = held(by: user).count {
            tokens[$0].type == type && [.pending, .active, .disabled].contains(status(tokens[$0]))
        }
        return living < types[type]?.policy.life.maxPerUser ?? 0
    }

    func index(ofSerial serial: String) -> Int? { tokens.firstIndex { !$0.isDeleted && $0.serial == serial } }

    func isTaken(_ seed: [UInt8]) -> Bool { tokens.contains { !$0.isDeleted && $0.oath?.seed == seed } }

    // MARK: Addresses

    func address(_ token: ModelToken) -> String? {
        guard token.kind == .virtual, let user = token.holder else { return token.address }
        return token.channel == .sms ? users[user].phone : users[user].email
    }

    func target(_ token: ModelToken, _ purpose: Use) -> String? {
        guard token.channel != nil else { return nil }
        return purpose == .contactChange ? token.pendingAddress : address(token)
    }

    // MARK: Locks

    func isUserLocked(_ user: Int) -> Bool { users[user].lock?.isOn(now) ?? false }

    func isLocked(_ token: ModelToken) -> Bool {
        token.lock.isOn(now) || token.holder.map(isUserLocked) ?? false
    }

    /// What one wrong value did: the attempts left, and the locks that it began.
    struct Counted {
        var attemptsLeft = Int.max
        var lockedUser = false
        var lockedTokens = 0
    }

    /// - Parameter isOfChallenges: the value was tried on nothing else.
    mutating func count(
        _ user: Int?,
        token: Int?,
        challenges indices: [Int] = [],
        isOfChallenges: Bool = false
    ) -> Counted {
        var counted = Counted()
        let policy = types["totp"]?.policy ?? TypePolicy()
        let rules = policy.lockout
        if let user {
            var lock = users[user].lock ?? ModelLock()
            let isLocked = lock.fail(limit: rules.userMaxFailures, rules, now, isConsecutive: !isOfChallenges)
            counted.lockedUser = isLocked
            counted.attemptsLeft = lock.left(of: rules.userMaxFailures, now)
            users[user].lock = lock
        }
        if let token {
            if !tokens[token].lock.isOn(now) {
                if tokens[token].lock.fail(limit: rules.maxFailures, rules, now) { counted.lockedTokens += 1 }
            }
            counted.attemptsLeft = min(counted.attemptsLeft, tokens[token].lock.left(of: rules.maxFailures, now))
        }
        for index in indices {
            challenges[index].attempts += 1
            let left = policy.challenge.maxAttempts - challenges[index].attempts
            counted.attemptsLeft = min(counted.attemptsLeft, left)
            if left <= 0 { challenges[index].state = "exhausted" }
            let token = challenges[index].token
            guard isOfChallenges, tokens[token].lock.failForGood(rules) else { continue }
            counted.lockedTokens += 1
            counted.attemptsLeft = 0
        }
        return counted
    }

    /// A success clears the token's and the user's counts.
    mutating func succeed(_ token: Int) {
        tokens[token].lock = ModelLock()
        tokens[token].wrongPairs = 0
        if let user = tokens[token].holder { users[user].lock = ModelLock() }
    }

    // MARK: Challenges

    func state(_ challenge: ModelChallenge) -> String {
        guard challenge.state == "open" else { return challenge.state }
        let token = tokens[challenge.token]
        guard token.holder == challenge.user, admits(token, challenge.purpose) else { return "void" }
        return challenge.end <= now ? "expired" : "open"
    }

    func open(_ user: Int, _ purpose: Use) -> [Int] {
        challenges.indices.filter {
            challenges[$0].user == user && challenges[$0].purpose == purpose && state(challenges[$0]) == "open"
        }
    }

    mutating func void(_ token: Int) {
        for index in challenges.indices where challenges[index].token == token && challenges[index].state == "open" {
            challenges[index].state = "void"
        }
    }
}
