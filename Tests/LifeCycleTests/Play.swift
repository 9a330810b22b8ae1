import Contract
import TokenCore
import WorkerRuntime

/// A script that is played: each step is sent to the real handlers and told to the model, and both have to agree.
struct Play {
    var stage: Stage
    var model: Model
    let ruling: Ruling
    /// Seeds, OTPs and addresses so far: nothing may show them.
    var secrets = SecretWatch()
    /// The notices of ends that were given, by token and its end at that time.
    var told: [TokenID: (end: Instant?, marks: Set<Int>)] = [:]
    private(set) var commands = 0
    private(set) var words: [String: Int] = [:]

    /// - Parameter disbelieved: a rule that the model does not know of, to try whether that is found.
    init(_ rules: [Rule], disbelieved: Rule? = nil) {
        let real = Ruling(rules)
        stage = Stage(types: real.types, isOneBatch: real.has(.oneBatch), limits: real.limits)
        ruling = Ruling(rules.filter { $0 != disbelieved })
        model = Model(ruling, now: stage.now)
    }

    /// - Throws: ``Mismatch``.
    mutating func perform(_ step: Step, checking actions: ActionCheck) throws {
        // No two commands come at the same instant.
        stage.now.microseconds += 1_000
        model.now = stage.now
        try dispatch(step)
        try compare()
        learnVersions()
        try checkActions(actions)
    }

    // MARK: Sending

    mutating func send<Handler: CommandHandler>(
        _ handler: Handler,
        _ data: JSONObject,
        on key: UserKey
    ) throws -> Answer {
        let before = stage.state
        let answer = Answer(outcome: stage.send(handler, data, on: key))
        try check(answer, since: before)
        return answer
    }

    mutating func check(_ answer: Answer, since before: WorkingSet, isScan: Bool = false) throws {
        commands += 1
        words[answer.word, default: 0] += 1
        try secrets.check(answer)
        try Invariants(before: before, stage: stage, isScan: isScan).check(answer)
    }

    // MARK: Comparing

    /// - Parameter refusals: every refusal that the contract gives a reason for; which of several comes first is open.
    func expect(_ answer: Answer, _ refusals: Set<String>, else word: String = "ok") throws {
        let expected = refusals.isEmpty ? [word] : refusals
        guard expected.contains(answer.word) else {
            throw Mismatch("answered \(answer.word), expected \(expected.sorted().joined(separator: " or "))")
        }
    }

    func expect(_ answer: Answer, events expected: [String], or others: [[String]] = []) throws {
        guard answer.events == expected || others.contains(answer.events) else {
            throw Mismatch("events \(answer.events), expected \(expected)")
        }
    }

    func expect(_ holds: Bool, _ what: @autoclosure () -> String) throws {
        if !holds { throw Mismatch(what()) }
    }

    /// Every token, lock and challenge is as the model has it.
    func compare() throws {
        let stored = Dictionary(stage.tokens.map { ($0.token.id, $0) }) { first, _ in first }
        let living = model.tokens.filter { !$0.isDeleted }
        try expect(stored.count == living.count, "\(stored.count) tokens, expected \(living.count)")
        let catalogue = TypeCatalogue(stage.types)
        for token in living {
            guard let (found, holder) = stored[token.id] else { throw Mismatch("a token is gone") }
            let name = "a \(token.type) token"
            let status = found.effectiveStatus(in: catalogue, at: stage.now)
            try expect(status == model.status(token), "\(name) is \(status), expected \(model.status(token))")
            try expect(holder == key(of: token.holder), "\(name) is with \(holder.userID)")
            try compare(found.lockout, token.lock, name)
            try expect(found.lockout.resetFailures == token.wrongPairs, "\(name): wrong pairs")
            try expect(found.oath?.movingFactor == token.oath?.next, "\(name): counter or step")
            try expect(found.oath?.drift == token.oath?.drift, "\(name): drift")
            try expect(found.recovery?.unused.count ?? 0 == token.codes.count, "\(name): codes")
            try expect(found.device.address == token.address, "\(name): address")
            try expect(found.device.pendingAddress == token.pendingAddress, "\(name): pending address")
            try expect(found.description == token.description, "\(name): description")
            if status != .obsolete { try expect(found.times.expiresAt == token.end, "\(name): end") }
        }
        for (number, user) in model.users.enumerated() {
            let record = stage.record(key(of: number))
            try expect((record.lockout == nil) == (user.lock == nil), "the record of user \(number)")
            if let lock = user.lock { try compare(record.lockout ?? Lockout(), lock, "user \(number)") }
            try expect(record.contact?.phone == user.phone && record.contact?.email == user.email, "contact")
            let context = stage.context(on: key(of: number))
            for challenge in model.challenges where challenge.user == number {
                guard let id = ChallengeID(challenge.id), let found = record[id] else {
                    throw Mismatch("a challenge is gone")
                }
                let state = record.state(of: found, in: context).rawValue
                let expected = model.state(challenge)
                try expect(state == expected, "a challenge is \(state), expected \(expected)")
                try expect(found.attempts == challenge.attempts, "attempts of a challenge")
            }
        }
    }

    /// Which changes are visible is the business of ``Invariants``.
    mutating func learnVersions() {
        let versions = Dictionary(stage.tokens.map { ($0.token.id, $0.token.version) }) { first, _ in first }
        for index in model.tokens.indices {
            model.tokens[index].version = versions[model.tokens[index].id] ?? model.tokens[index].version
        }
    }

    private func compare(_ found: Lockout, _ lock: ModelLock, _ name: String) throws {
        let same =
            found.failures == lock.failures && found.consecutiveFailures == lock.consecutive
            && found.level == lock.locks && found.lockedUntil == lock.end
        try expect(same, "\(name): lock \(found), expected \(lock)")
    }

    // MARK: Names

    func key(of user: Int?) -> UserKey { user.map { Stage.user(Palette.users[$0]) } ?? Stage.stock }

    func user(_ number: Int) -> Int { number % Palette.users.count }

    /// A target among what there is: the token's number, where one stands behind its number and in the key's record.
    struct Named {
        /// The token that was meant, wherever it is.
        let meant: Int?
        /// The same, where the command's key can see it.
        let token: Int?
        let key: UserKey
        let data: JSONObject
        let version: Int64?
        /// The command expects another version than there is.
        let isConflict: Bool
    }

    func name(_ target: Target, bySerial: Bool = false) -> Named {
        let meant = model.tokens.isEmpty ? nil : target.token % model.tokens.count
        let token = meant.map { model.tokens[$0] }
        var holder: Int?
        var key = Stage.operators
        switch (target.key, bySerial) {
        case (_, true), (.operators, _): break
        case (.holder, false):
            holder = token?.holder
            if holder != nil { key = self.key(of: holder) }
        case (.other, false):
            holder = (token?.holder).map { 1 - $0 } ?? 0
            key = self.key(of: holder)
        }
        var data: JSONObject = [:]
        let isHere: Bool
        if bySerial {
            data.append("serial", .string(token?.serial ?? "none"))
            isHere = token?.serial != nil
        } else {
            data.append("tokenId", .string(token?.id.description ?? "01934b00-0000-7000-8000-000000000000"))
            isHere = token?.holder == holder
        }
        // A serial number finds the device that has it now.
        let named = bySerial ? (token?.serial).flatMap(model.index(ofSerial:)) : meant
        let seen = isHere && named.map { !model.tokens[$0].isDeleted } ?? false ? named : nil
        let version = seen.map { model.tokens[$0].version } ?? 1
        var expected: Int64?
        switch target.version {
        case .any: break
        case .right: expected = version
        case .wrong: expected = version + 1
        }
        if let expected { data.append("ifVersion", .integer(expected)) }
        return Named(
            meant: meant,
            token: seen,
            key: key,
            data: data,
            version: version,
            isConflict: seen != nil && target.version == .wrong
        )
    }
}
