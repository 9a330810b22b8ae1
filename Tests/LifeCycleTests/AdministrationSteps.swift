import Contract
import TokenCore
import WorkerRuntime

@testable import Enrollment
@testable import ExpiryScanner

/// Token types that change, and the expiry scanner, told by the model.
extension Play {
    private func type(_ kind: Int) -> String { TokenType.builtIn[kind % TokenType.builtIn.count].name }

    mutating func retire(_ kind: Int) throws {
        let name = type(kind)
        let answer = try send(RetireTokenTypeHandler(), ["tokenType": .string(name)], on: Stage.operators)
        try expect(answer, [])
        try expect(answer, events: model.retired.contains(name) ? [] : ["tokentype.retired"])
        model.retired.insert(name)
    }

    /// Rules hold for the next command, also of tokens that are there.
    mutating func rerule(_ kind: Int, _ change: Change.OfRules) throws {
        let name = type(kind)
        guard var policy = model.types[name]?.policy else { return }
        let rules: JSONObject
        switch change {
        case .oneEach:
            policy.life.maxPerUser = 1
            rules = ["maxPerUser": 1]
        case .keepOne, .letGo:
            policy.permits.requireActiveToken = change == .keepOne
            rules = ["requireActiveToken": .bool(change == .keepOne)]
        case .fix, .loosen:
            policy.permits.editable = change == .loosen
            rules = ["editable": .bool(change == .loosen)]
        case .close, .open:
            policy.permits.enrollable = change == .open
            rules = ["enrollable": .bool(change == .open)]
        case .narrow, .widen:
            policy.otp.window = change == .narrow ? 0 : 4
            policy.otp.lookAhead = change == .narrow ? 1 : 9
            rules = [
                "window": .integer(Int64(policy.otp.window)), "lookAhead": .integer(Int64(policy.otp.lookAhead)),
            ]
        }
        let data: JSONObject = ["tokenType": .string(name), "policy": .object(rules)]
        let answer = try send(EditTokenTypeHandler(), data, on: Stage.operators)
        try expect(answer, [])
        try expect(answer, events: model.types[name]?.policy == policy ? [] : ["tokentype.edited"])
        model.types[name]?.policy = policy
    }

    /// The scanner publishes what time has done; what holds at the instant it does not change.
    mutating func scan(_ number: Int?) throws {
        let user = number.map(user)
        let before = stage.state
        let (outcome, decision) = stage.scan(key(of: user), told: marks())
        let answer = Answer(outcome: outcome)
        try check(answer, since: before, isScan: true)
        try learn(decision)

        var events: [String] = []
        let held = model.held(by: user)
        for index in held where model.status(model.tokens[index]) == .obsolete {
            guard model.tokens[index].status != .obsolete else { continue }
            model.tokens[index].status = .obsolete
            model.tokens[index].pendingAddress = nil
            model.void(index)
            events.append("token.obsoleted")
        }
        for index in held where model.tokens[index].status == .pending {
            guard model.status(model.tokens[index]) == .unassigned else { continue }
            // Back in the stock, as after unassign.
            returnToStock(index)
            events.append("token.unassigned")
        }
        let told = decision.events.count { $0.type == .tokenExpiring }
        try expect(answer, events: events + Array(repeating: "token.expiring", count: told))
    }

    mutating func returnToStock(_ index: Int) {
        model.void(index)
        model.tokens[index].status = .unassigned
        model.tokens[index].holder = nil
        // Counter and drift stay; lock, description and the user's own end are told of nowhere: nobody's any more.
        model.tokens[index].lock = ModelLock()
        model.tokens[index].wrongPairs = 0
        model.tokens[index].description = nil
        model.tokens[index].end = model.tokens[index].deviceEnd
    }

    /// The marks told for a token's present end.
    private func marks() -> [TokenID: Set<Int>] {
        var marks: [TokenID: Set<Int>] = [:]
        for (token, _) in stage.tokens {
            if let known = told[token.id], known.end == token.times.expiresAt { marks[token.id] = known.marks }
        }
        return marks
    }

    /// Each mark of an end is told once, and only while the end is ahead.
    private mutating func learn(_ decision: ScanDecision) throws {
        let known = marks()
        for mark in decision.marks {
            let index = model.tokens.firstIndex { $0.id == mark.token }
            guard let index, let end = model.tokens[index].end, model.now < end else {
                throw Mismatch("an end that is not ahead is told of")
            }
            let days = Int((model.now.secondsUntil(end) + 86_399) / 86_400)
            try expect(days <= mark.days, "the mark \(mark.days) is told \(days) days before the end")
            let former = known[mark.token] ?? []
            try expect(!former.contains(mark.days), "the mark \(mark.days) is told twice")
            told[mark.token] = (end, former.union([mark.days]))
        }
    }
}
