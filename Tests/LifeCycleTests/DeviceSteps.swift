import Contract
import TokenCore

@testable import Enrollment
@testable import Verifier

/// What happens to hardware, and to devices that went out of step, told by the model.
extension Play {
    mutating func assign(_ number: Int, serial: Int, isHOTP: Bool, _ proof: Pair?, _ start: Start) throws {
        let user = user(number)
        let type = isHOTP ? "hotp-hardware" : "totp-hardware"
        let serial = Palette.pick(Palette.serials, serial)
        var data: JSONObject = ["tokenType": .string(type), "serial": .string(serial)]
        append(start, to: &data)
        let index = model.index(ofSerial: serial)
        let values = proof.map { self.values($0, index) }
        if let values {
            data.append("otp1", .string(values.0))
            if let second = values.1 { data.append("otp2", .string(second)) }
        }
        var refused: Set<String> = []
        // HOTP is proved by two values (section 4).
        if isHOTP, let values, values.1 == nil { refused.insert("malformed") }
        if !isEnrollable(type) { refused.insert("type_not_enrollable") }
        if !model.hasRoom(user, type) { refused.insert("too_many_tokens") }
        refused.formUnion(refusal(ofDevice: index, type))
        if values != nil, model.isUserLocked(user) || index.map({ model.tokens[$0].lock.isOn(model.now) }) ?? false {
            refused.insert("locked")
        }
        var found = ModelDevice.FoundPair.fits(second: -1)
        if refused.isEmpty, let values, let index { found = judge(values, index) }
        if refused.isEmpty { refused = refusal(of: found) }

        let answer = try send(EnrollTokenHandler(), data, on: key(of: user))
        try expect(answer, refused)
        guard answer.isOK, let index else { return try countProof(answer, user, index) }
        if values != nil, case .fits(let second) = found { model.tokens[index].oath?.accept(second, model.now) }
        model.tokens[index].holder = user
        model.tokens[index].lock = ModelLock()
        model.tokens[index].wrongPairs = 0
        // One that was not activated in time bears nothing of what was set for the user before.
        model.tokens[index].end = model.tokens[index].deviceEnd
        model.tokens[index].description = nil
        begin(&model.tokens[index], start, nil, isProved: values != nil)
        if model.users[user].lock == nil { model.users[user].lock = ModelLock() }
        try expect(answer, events: ["token.enrolled"])
    }

    private func refusal(ofDevice index: Int?, _ type: String) -> Set<String> {
        guard let index, model.tokens[index].type == type else { return ["serial_not_found"] }
        let token = model.tokens[index]
        switch model.status(token) {
        case .unassigned: return []
        case .compromised: return ["serial_compromised"]
        // A device of the stock that is out of date: the contract has no word for it.
        case .obsolete where token.holder == nil: return ["wrong_status", "serial_not_found", "serial_taken"]
        default: return ["serial_taken"]
        }
    }

    private func refusal(of found: ModelDevice.FoundPair) -> Set<String> {
        switch found {
        case .fits: []
        case .swapped: ["otp_wrong_order"]
        case .replayed: ["otp_replayed"]
        case .wrong: ["otp_mismatch"]
        }
    }

    private func judge(_ values: (String, String?), _ index: Int) -> ModelDevice.FoundPair {
        guard let device = model.tokens[index].oath else { return .wrong }
        let rules = model.policy(model.tokens[index]).otp
        guard let second = values.1 else {
            return switch device.find(values.0, rules, model.now) {
            case .fits(let factor): .fits(second: factor)
            case .replayed, .replayedPerhaps: .replayed
            case .wrong: .wrong
            }
        }
        return device.find(values.0, second, window: rules.resetWindow, model.now)
    }

    /// A wrong proof counts for the user, if there is a record yet, and for the device.
    private mutating func countProof(_ answer: Answer, _ user: Int, _ index: Int?) throws {
        guard let index, ["otp_mismatch", "otp_wrong_order"].contains(answer.word) else {
            return try expect(answer, events: [])
        }
        let isKnown = model.users[user].lock != nil
        let counted = model.count(isKnown ? user : nil, token: index)
        try expect(answer.rejection?.details.attemptsLeft == counted.attemptsLeft, "attemptsLeft of a proof")
        try expect(answer, events: locks(counted))
    }

    func locks(_ counted: Model.Counted) -> [String] {
        Array(repeating: "token.locked", count: counted.lockedTokens) + (counted.lockedUser ? ["user.locked"] : [])
    }

    /// What the person types of the device; something else where there is none.
    func values(_ pair: Pair, _ index: Int?) -> (String, String?) {
        guard let device = index.flatMap({ model.tokens[$0].oath }) else { return ("000000", "000001") }
        let factor = max(0, device.position(model.now) + Int64(pair.ahead))
        let (first, second) = (device.shown(factor), device.shown(factor + 1))
        switch pair.kind {
        case .right: return (first, second)
        case .swapped: return (second, first)
        case .wrong: return (first, "x")
        case .apart: return (first, device.shown(factor + 3))
        case .single: return (first, nil)
        }
    }

    mutating func reset(_ target: Target, _ pair: Pair) throws {
        let named = name(target)
        let index = named.meant
        let values = values(pair, index)
        var data = named.data
        data.append("otp1", .string(values.0))
        if let second = values.1 { data.append("otp2", .string(second)) }
        var refused: Set<String> = []
        var found = ModelDevice.FoundPair.wrong
        if named.key.isTenantWide || values.1 == nil {
            refused = ["malformed"]
        } else if let common = refusals(named) {
            refused = common
        } else if let index, let second = values.1 {
            refused = refusalsOfReset(model.tokens[index])
            if refused.isEmpty {
                found = judge((values.0, second), index)
                refused = refusal(of: found)
                if model.tokens[index].oath?.hasAccepted == false, found == .replayed { refused.insert("otp_mismatch") }
            }
        }
        let answer = try send(ResetTokenHandler(), data, on: named.key)
        try expect(answer, refused)
        guard answer.isOK, let index = named.token, case .fits(let second) = found else {
            return try countReset(answer, named)
        }
        let isUnlock = model.tokens[index].lock.isOn(model.now)
        let isActivation = model.tokens[index].status == .pending
        model.tokens[index].oath?.accept(second, model.now)
        // "Unlocks its token"; whether it also clears the user's count is left open, and taken as no.
        model.tokens[index].lock = ModelLock()
        model.tokens[index].wrongPairs = 0
        if isActivation { model.tokens[index].status = .active }
        let more = (isActivation ? ["token.activated"] : []) + (isUnlock ? ["token.unlocked"] : [])
        try expect(answer, events: ["token.reset"] + more)
    }

    /// A lock that wrong OTPs led to leaves the reset open, since that is what ends it; one that wrong pairs led to
    /// does not, or pairs could be tried without end.
    func refusalsOfReset(_ token: ModelToken) -> Set<String> {
        var refused = refusals(token, admitting: [.pending, .active, .disabled])
        if !token.kind.isOATH { refused.insert("not_resettable") }
        let limit = model.policy(token).lockout.maxFailures
        let isClosed = token.lock.isOn(model.now) && token.wrongPairs >= limit
        if isClosed || token.holder.map(model.isUserLocked) ?? false { refused.insert("locked") }
        return refused
    }

    private mutating func countReset(_ answer: Answer, _ named: Named) throws {
        if ["malformed", "version_conflict"].contains(answer.word) { return try expect(answer, events: []) }
        var counted = Model.Counted()
        if let index = named.token, ["otp_mismatch", "otp_wrong_order"].contains(answer.word) {
            model.tokens[index].wrongPairs += 1
            counted = model.count(model.tokens[index].holder, token: index)
            try expect(answer.rejection?.details.attemptsLeft == counted.attemptsLeft, "attemptsLeft of a reset")
        }
        try expect(answer, events: ["otp.rejected"] + locks(counted))
    }
}
