import TestSupport

/// Draws scripts: what happens is weighted so that tokens live long enough for all of it.
struct Generator {
    private var random: SeededRandom

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    mutating func script(length: Int) -> Script {
        let rules = Rule.allCases.filter { _ in one(in: 5) }
        return Script(rules: rules, steps: (0..<length).map { _ in step() })
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

    private mutating func use() -> Use { one(in: 2) ? .login : pick(Use.allCases) }

    private mutating func naming() -> Naming {
        switch number(5) {
        case 0: .nothing
        case 1, 2: .token(number(8))
        case 3: .challenge(number(4))
        default: one(in: 4) ? .both(token: number(8), challenge: number(4)) : .nothing
        }
    }

    private mutating func value() -> Value {
        switch number(10) {
        case 0, 1, 2: .sent(challenge: number(4))
        case 3: .replaced(challenge: number(4))
        case 4, 5, 6: .shown(token: number(8), ahead: pick([0, 0, 0, 1, 2, 4, 9, 10, -1, -1, -2, -5]))
        case 7: .code(token: number(2), number: number(3))
        case 8: .wrong
        default: one(in: 3) ? .noDigits : .wrong
        }
    }

    private mutating func step() -> Step {
        switch number(50) {
        case 0...5:
            .enroll(
                user: user(),
                kind: pick(SoftKind.allCases),
                contact: number(4),
                seed: one(in: 2) ? number(7) : nil,
                start: start(),
                end: end()
            )
        case 6...8:
            .assign(
                user: user(),
                serial: number(5),
                isHOTP: !one(in: 2),
                proof: one(in: 2) ? pair() : nil,
                start: start()
            )
        case 9...11:
            .bring(
                serial: number(5),
                isHOTP: !one(in: 2),
                seed: number(7),
                counter: number(8),
                user: one(in: 3) ? user() : nil,
                start: one(in: 3) ? pick(Start.allCases) : .byType,
                end: end(),
                twice: one(in: 5)
            )
        case 12: .provision(target())
        case 13, 14: .edit(target(), pick(Change.allCases))
        case 15, 16: .enable(target())
        case 17, 18: .disable(target())
        case 19: .delete(target())
        case 20, 21: .unassign(target(), bySerial: one(in: 3))
        case 22: .compromise(target(), bySerial: one(in: 3))
        case 23: .view(target())
        case 24: .list(user: one(in: 3) ? nil : user())
        case 25...29:
            .request(user: user(), token: one(in: 2) ? number(8) : nil, purpose: use(), context: number(2))
        case 30...38: .verify(user: user(), naming(), value(), purpose: use(), context: number(2))
        case 39: .cancel(challenge: number(4))
        case 40...42: .reset(target(), pair())
        case 43: .unlock(target())
        case 44: .unlockUser(user())
        case 45, 46:
            .directory(
                user: user(),
                phone: one(in: 4) ? nil : number(4),
                email: one(in: 4) ? nil : number(4),
                isStale: one(in: 5)
            )
        case 47: one(in: 4) ? .retire(kind: number(8)) : .tombstone(user: user())
        default: .wait(pick([1, 31, 31, 61, 61, 130, 301, 1_000, 10_000, 90_000]))
        }
    }
}
