import Contract
import TokenCore

@testable import Enrollment
@testable import Verifier

/// The table of contract section 7, told by the model.
extension Play {
    /// Refusals that hold for every command on a token.
    func refusals(_ named: Named) -> Set<String>? {
        if named.token == nil { return ["token_not_found"] }
        return named.isConflict ? ["version_conflict"] : nil
    }

    /// - Parameter admitted: the statuses that the table says yes to.
    func refusals(_ token: ModelToken, admitting admitted: [TokenStatus]) -> Set<String> {
        admitted.contains(model.status(token)) ? [] : ["wrong_status"]
    }

    /// Details name what there is.
    func expectDetails(_ answer: Answer, _ named: Named) throws {
        if answer.word == "version_conflict" {
            try expect(answer.rejection?.details.version == named.version, "details.version")
        }
        if answer.word == "wrong_status", let token = named.token {
            try expect(
                answer.rejection?.details.status == model.status(model.tokens[token]),
                "details.status is \(String(describing: answer.rejection?.details.status))"
            )
        }
        if !answer.isOK { try expect(answer, events: []) }
    }

    func expectLeft(_ answer: Answer, _ holder: Int?) throws {
        guard let holder else { return }
        let left = answer.result?.integer("activeTokensLeft")
        let expected = Int64(model.activeCount(holder))
        try expect(left == expected, "activeTokensLeft \(String(describing: left)), expected \(expected)")
    }

    mutating func enable(_ target: Target) throws {
        let named = name(target)
        let answer = try send(EnableTokenHandler(), named.data, on: named.key)
        let isUnchanged = named.token.map { model.status(model.tokens[$0]) == .active } ?? false
        try expectSwitch(answer, named, from: .disabled, isUnchanged: isUnchanged)
        guard answer.isOK, let index = named.token else { return }
        model.tokens[index].status = .active
        try expect(answer, events: isUnchanged ? [] : ["token.enabled"])
        try expectLeft(answer, model.tokens[index].holder)
    }

    mutating func disable(_ target: Target) throws {
        let named = name(target)
        let answer = try send(DisableTokenHandler(), named.data, on: named.key)
        let isUnchanged = named.token.map { model.status(model.tokens[$0]) == .disabled } ?? false
        try expectSwitch(answer, named, from: .active, isUnchanged: isUnchanged)
        guard answer.isOK, let index = named.token else { return }
        model.tokens[index].status = .disabled
        if !isUnchanged { model.void(index) }
        try expect(answer, events: isUnchanged ? [] : ["token.disabled"])
        try expectLeft(answer, model.tokens[index].holder)
    }

    private func expectSwitch(_ answer: Answer, _ named: Named, from: TokenStatus, isUnchanged: Bool) throws {
        var refused: Set<String> = []
        if named.key.isTenantWide {
            refused = ["malformed"]
        } else if let common = refusals(named) {
            refused = common
        } else if let index = named.token, !isUnchanged {
            refused = refusals(model.tokens[index], admitting: [from])
            if from == .active, refused.isEmpty, model.isLastActive(index) { refused = ["last_active_token"] }
        }
        try expect(answer, refused, else: isUnchanged ? "unchanged" : "ok")
        try expectDetails(answer, named)
    }

    mutating func delete(_ target: Target) throws {
        let named = name(target)
        let answer = try send(DeleteTokenHandler(), named.data, on: named.key)
        let isLast = named.token.map(model.isLastActive) ?? false
        try expect(answer, refusals(named) ?? (isLast ? ["last_active_token"] : []))
        try expectDetails(answer, named)
        guard answer.isOK, let index = named.token else { return }
        let holder = model.tokens[index].holder
        model.void(index)
        model.tokens[index].status = .deleted
        try expect(answer, events: ["token.deleted"])
        try expectLeft(answer, holder)
        let hasCount = answer.result?["activeTokensLeft"] != nil
        try expect(hasCount == (holder != nil), "activeTokensLeft of the stock")
    }

    mutating func unassign(_ target: Target, bySerial: Bool) throws {
        let named = name(target, bySerial: bySerial)
        let answer = try send(UnassignTokenHandler(), named.data, on: named.key)
        var refused: Set<String> = []
        if let common = refusals(named) {
            refused = common
        } else if let index = named.token {
            let token = model.tokens[index]
            switch model.status(token) {
            case _ where !token.isHardware: refused = ["not_hardware"]
            case .pending, .active, .disabled: break
            case .unassigned: refused = ["not_assigned"]
            default: refused = ["wrong_status"]
            }
        }
        try expect(answer, refused)
        try expectDetails(answer, named)
        guard answer.isOK, let index = named.token else { return }
        returnToStock(index)
        try expect(answer, events: ["token.unassigned"])
        try expect(answer.view?["userId"] == .null, "userId after unassign")
    }

    mutating func compromise(_ target: Target, bySerial: Bool) throws {
        let named = name(target, bySerial: bySerial)
        let answer = try send(CompromiseTokenHandler(), named.data, on: named.key)
        var refused: Set<String> = []
        var isUnchanged = false
        if let common = refusals(named) {
            refused = common
        } else if let index = named.token {
            let token = model.tokens[index]
            if !token.isHardware { refused = ["not_hardware"] }
            isUnchanged = token.status == .compromised
        }
        try expect(answer, refused, else: isUnchanged ? "unchanged" : "ok")
        try expectDetails(answer, named)
        guard answer.isOK, let index = named.token else { return }
        if !isUnchanged { model.void(index) }
        model.tokens[index].status = .compromised
        try expect(answer, events: isUnchanged ? [] : ["token.compromised"])
        let userID = model.tokens[index].holder.map { JSONValue.string(Palette.users[$0]) } ?? .null
        try expect(answer.view?["userId"] == userID, "userId after compromise")
    }

    mutating func unlock(_ target: Target) throws {
        let named = name(target)
        let answer = try send(UnlockTokenHandler(), named.data, on: named.key)
        let refused = named.key.isTenantWide ? ["malformed"] : refusals(named) ?? []
        try expect(answer, refused)
        try expectDetails(answer, named)
        guard answer.isOK, let index = named.token else { return }
        let isChange = model.tokens[index].lock != ModelLock() || model.tokens[index].wrongPairs > 0
        model.tokens[index].lock = ModelLock()
        model.tokens[index].wrongPairs = 0
        try expect(answer, events: isChange ? ["token.unlocked"] : [])
    }

    mutating func unlockUser(_ number: Int) throws {
        let user = user(number)
        let answer = try send(UnlockUserHandler(), [:], on: key(of: user))
        try expect(answer, [])
        let isChange = model.users[user].lock.map { $0 != ModelLock() } ?? false
        if isChange { model.users[user].lock = ModelLock() }
        try expect(answer, events: isChange ? ["user.unlocked"] : [])
    }
}
