import Contract
import TokenCore

@testable import Enrollment

/// A vendor's delivery, told by the model.
extension Play {
    /// One device of the delivery.
    private struct Entry {
        let serial: String
        let seed: [UInt8]
        let type: String
        let isHOTP: Bool
        let position: Int64?
        let user: Int?
        let start: Start
        let end: Instant?
    }

    mutating func bring(
        serial: Int,
        isHOTP: Bool,
        seed: Int,
        counter: Int,
        _ number: Int?,
        _ start: Start,
        _ end: End,
        isTwice: Bool
    ) throws {
        let type = isHOTP ? "hotp-hardware" : "totp-hardware"
        let period = model.types[type]?.policy.otp.period ?? 30
        let position = isHOTP ? Int64(counter) : model.now.seconds / Int64(period) + Int64(counter) - 3
        let entry = Entry(
            serial: Palette.pick(Palette.serials, serial),
            seed: Palette.pick(Palette.seeds, seed),
            type: type,
            isHOTP: isHOTP,
            position: counter == 0 ? nil : position,
            user: number.map(user),
            start: start,
            end: end.seconds.map { model.now.adding(seconds: $0) }
        )
        let json = JSONValue.object(json(entry))
        let data: JSONObject = ["tokenType": .string(type), "tokens": .array(isTwice ? [json, json] : [json])]
        let answer = try send(ImportTokensHandler(), data, on: Stage.operators)
        try expect(answer, model.retired.contains(type) ? ["type_not_enrollable"] : [])
        guard answer.isOK else { return }

        var skipped: [Set<String>] = []
        var assigned = 0
        for _ in 0..<(isTwice ? 2 : 1) {
            let codes = refusals(entry)
            guard codes.isEmpty else {
                skipped.append(codes)
                continue
            }
            try take(entry)
            if entry.user != nil { assigned += 1 }
        }
        let imported = (isTwice ? 2 : 1) - skipped.count
        try expect(answer.result?["imported"] == .integer(Int64(imported)), "imported, expected \(imported)")
        guard case .array(let rows)? = answer.result?["skipped"], rows.count == skipped.count else {
            throw Mismatch("skipped, expected \(skipped)")
        }
        for (row, codes) in zip(rows, skipped) {
            let code = row.objectValue?.text("code") ?? ""
            try expect(codes.contains(code), "skipped as \(code), expected \(codes)")
        }
        try expect(answer, events: ["token.imported"] + Array(repeating: "token.enrolled", count: assigned))
    }

    private func json(_ entry: Entry) -> JSONObject {
        var json: JSONObject = [
            "serial": .string(entry.serial), "secret": .string(Base32.encode(entry.seed)), "model": "M1",
        ]
        if let position = entry.position { json.append("counter", .integer(position)) }
        if let user = entry.user { json.append("userId", .string(Palette.users[user])) }
        switch entry.start {
        case .byType: break
        case .now: json.append("status", "ACTIVE")
        case .onFirstOTP: json.append("status", "PENDING")
        case .disabled: json.append("status", "DISABLED")
        }
        if let end = entry.end { json.append("expiresAt", .string(end.rfc3339)) }
        return json
    }

    /// Why the entry is skipped; of a known device the position moves forward all the same, where it is `unchanged`.
    private mutating func refusals(_ entry: Entry) -> Set<String> {
        // A status without a user is no status that an entry has.
        if entry.start != .byType, entry.user == nil { return ["malformed"] }
        var codes: Set<String> = []
        if entry.seed == Palette.seeds.last { codes.insert("weak_secret") }
        if let user = entry.user {
            if !model.hasRoom(user, entry.type) { codes.insert("too_many_tokens") }
            if !isEnrollable(entry.type) { codes.insert("type_not_enrollable") }
        }
        guard let index = model.index(ofSerial: entry.serial) else {
            if model.isTaken(entry.seed) { codes.insert("secret_taken") }
            return codes
        }
        let token = model.tokens[index]
        if token.status == .compromised { return codes.union(["serial_compromised"]) }
        if token.type != entry.type || token.oath?.seed != entry.seed { return codes.union(["serial_taken"]) }
        if entry.user != nil, model.status(token) == .unassigned { return codes }
        if let user = entry.user, user != token.holder { return ["serial_taken"] }
        advance(index, entry)
        return ["unchanged"]
    }

    private mutating func advance(_ index: Int, _ entry: Entry) {
        guard let position = entry.position, let next = model.tokens[index].oath?.next, position > next else { return }
        model.tokens[index].oath?.next = position
        model.tokens[index].oath?.hasAccepted = false
    }

    private mutating func take(_ entry: Entry) throws {
        let index: Int
        if let known = model.index(ofSerial: entry.serial) {
            index = known
            advance(known, entry)
        } else {
            guard let found = stage.tokens.first(where: { $0.token.device.serial == entry.serial })?.token,
                let rules = model.types[entry.type]?.policy.otp
            else { throw Mismatch("an imported device is not there") }
            var token = ModelToken(
                id: found.id,
                type: entry.type,
                kind: entry.isHOTP ? .hotp : .totp,
                isHardware: true,
                serial: entry.serial,
                status: .unassigned
            )
            token.oath = ModelDevice(
                seed: entry.seed,
                isHOTP: entry.isHOTP,
                algorithm: rules.algorithm,
                digits: rules.digits,
                period: rules.period,
                next: entry.position ?? 0
            )
            token.end = entry.end
            token.deviceEnd = entry.end
            if let end = entry.end, end <= model.now { token.status = .obsolete }
            index = model.tokens.count
            model.tokens.append(token)
        }
        guard let user = entry.user else { return }
        model.tokens[index].holder = user
        model.tokens[index].lock = ModelLock()
        model.tokens[index].wrongPairs = 0
        if model.users[user].lock == nil { model.users[user].lock = ModelLock() }
        guard model.tokens[index].status != .obsolete else { return }
        let start = entry.start == .onFirstOTP ? Start.onFirstOTP : .now
        begin(&model.tokens[index], start, nil, isProved: false)
        if entry.start == .disabled { model.tokens[index].status = .disabled }
    }
}
