import TestSupport

/// Draws scripts: what happens is weighted so that tokens live long enough for all of it.
struct Generator {
    private var random: SeededRandom

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    mutating func script(length: Int) -> Script {
        let rules = Rule.allCases.filter { _ in one(in: 5) }
        // First something to work with.
        let beginning = (0..<length / 6).map { _ in one(in: 3) ? delivery() : one(in: 3) ? directory() : enrolment() }
        return Script(rules: rules, steps: beginning + (beginning.count..<length).map { _ in step() })
    }

    private mutating func number(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }
    private mutating func one(in count: Int) -> Bool { number(count) == 0 }

    private mutating func pick<Element>(_ list: [Element]) -> Element { list[number(list.count)] }

    private mutating func target() -> Target {
        Target(
            token: number(8),
            key: one(in: 8) ? pick(Target.Key.allCases) : .holder,
            version: one(in: 6) ? pick(Target.Expected.allCases) : .any
        )
    }

    /// Mostly what is usual.
    private mutating func start() -> Start { one(in: 2) ? .byType : pick(Start.allCases) }
    private mutating func end() -> End { one(in: 4) ? pick(End.allCases) : .none }
    private mutating func pair() -> Pair {
        Pair(
            ahead: pick([0, 0, 1, 3, 9, 10, 11, -1, -2, -5]),
            kind: one(in: 2) ? .right : pick(Pair.Kind.allCases)
        )
    }
    private mutating func user() -> Int { number(2) }
    private mutating func anybody() -> Int? { one(in: 12) ? user() : nil }
    private mutating func use() -> Use? { one(in: 3) ? pick(Use.allCases) : nil }

    private mutating func naming() -> Naming {
        switch number(12) {
        case 0...3: .nothing
        case 4...7: .token(number(8))
        case 8...10: .challenge(number(6))
        default: .both(token: number(8), challenge: number(6))
        }
    }

    private mutating func value() -> Value {
        switch number(10) {
        case 0, 1, 2: .sent(challenge: number(6))
        case 3: .replaced(challenge: number(6))
        case 4, 5, 6: .shown(token: number(8), ahead: pick([0, 0, 0, 1, 2, 4, 9, 10, -1, -1, -2, -5]))
        case 7: .code(token: number(2), number: number(3))
        default: one(in: 4) ? .noDigits : .wrong
        }
    }

    /// A value and what it is for: mostly both of one token or challenge.
    private mutating func attempt() -> Step {
        let value = value()
        var naming = naming()
        if !one(in: 3) {
            switch value {
            case .sent(let challenge), .replaced(let challenge): naming = one(in: 2) ? .challenge(challenge) : .nothing
            case .shown(let token, _): naming = one(in: 2) ? .token(token) : .nothing
            case .code, .wrong, .noDigits: break
            }
        }
        return .verify(user: anybody(), naming, value, purpose: use(), context: one(in: 6) ? number(2) : nil)
    }

    private mutating func enrolment() -> Step {
        .enroll(
            user: user(),
            kind: pick(SoftKind.allCases),
            contact: number(4),
            seed: one(in: 2) ? number(7) : nil,
            start: start(),
            end: end()
        )
    }

    private mutating func delivery() -> Step {
        let serial = number(5)
        return .bring(
            serial: serial,
            asOther: one(in: 8),
            seed: one(in: 4) ? number(7) : serial,
            counter: number(8),
            user: one(in: 3) ? user() : nil,
            start: one(in: 6) ? pick(Start.allCases) : .byType,
            end: end(),
            twice: one(in: 5)
        )
    }

    private mutating func directory() -> Step {
        .directory(
            user: user(),
            phone: one(in: 4) ? nil : number(4),
            email: one(in: 4) ? nil : number(4),
            isStale: one(in: 5)
        )
    }

    private mutating func administration() -> Step {
        switch number(8) {
        case 0: .retire(kind: number(8))
        case 1: .tombstone(user: user())
        case 2, 3: .rerule(kind: number(8), pick(Change.OfRules.allCases))
        default: .scan(user: one(in: 3) ? nil : user())
        }
    }

    private mutating func step() -> Step {
        switch number(50) {
        case 0...4: enrolment()
        case 5...8:
            .assign(
                user: user(),
                serial: number(5),
                asOther: one(in: 8),
                proof: one(in: 2) ? pair() : nil,
                start: start()
            )
        case 9, 10: delivery()
        case 11: .provision(target())
        case 12, 13: .edit(target(), pick(Change.allCases))
        case 14, 15: .enable(target())
        case 16, 17: .disable(target())
        case 18: one(in: 2) ? .delete(target()) : .compromise(target(), bySerial: one(in: 3))
        case 19: .unassign(target(), bySerial: one(in: 3))
        case 20: one(in: 2) ? .view(target()) : .list(user: one(in: 3) ? nil : user())
        case 21...27:
            .request(user: anybody(), token: one(in: 3) ? nil : number(8), purpose: use(), context: number(2))
        case 28...38: attempt()
        case 39:
            one(in: 3) ? .fumble(target(), times: pick([2, 3, 5, 6])) : .guess(naming(), times: pick([2, 3, 5, 10]))
        case 40: one(in: 2) ? .cancel(challenge: number(6)) : .state(challenge: number(6))
        case 41...43: .reset(target(), pair())
        case 44: one(in: 2) ? .unlock(target()) : .unlockUser(user())
        case 45, 46: directory()
        case 47: administration()
        default: .wait(pick([1, 31, 31, 31, 61, 61, 61, 130, 301, 1_000, 10_000, 90_000]))
        }
    }
}
