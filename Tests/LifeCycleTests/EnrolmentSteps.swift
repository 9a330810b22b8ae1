import Contract
import TokenCore

@testable import Enrollment

/// How tokens come to be, told by the model.
extension Play {
    mutating func enroll(
        _ number: Int,
        _ kind: SoftKind,
        contact: Int,
        seed: Int?,
        _ start: Start,
        _ end: End
    ) throws {
        let user = user(number)
        let type = "\(kind)"
        var data: JSONObject = ["tokenType": .string(type)]
        var refused: Set<String> = []
        var channel: Channel?
        var address: String?
        switch kind {
        case .sms:
            (channel, address) = (.sms, Palette.pick(Palette.phones, contact))
            data.append("phone", .optional(address))
            if address == Palette.phones.last { refused.insert("invalid_phone") }
        case .email:
            (channel, address) = (.email, Palette.pick(Palette.emails, contact))
            data.append("email", .optional(address))
            if address == Palette.emails.last { refused.insert("invalid_email") }
        case .virtual:
            channel = contact % 2 == 0 ? .sms : .email
            data.append("channel", .optional(channel?.rawValue))
            let known = channel == .sms ? model.users[user].phone : model.users[user].email
            if known == nil { refused.insert("no_contact") }
        case .hotp, .totp:
            guard let seed else { break }
            let bytes = Palette.pick(Palette.seeds, seed)
            data.append("secret", .string(Base32.encode(bytes)))
            if bytes == Palette.seeds.last { refused.insert("weak_secret") }
            if model.isTaken(bytes) { refused.insert("secret_taken") }
        case .recovery:
            data.append("count", .integer(Int64(1 + contact % 3)))
        }
        append(start, to: &data)
        append(end, to: &data)
        if end == .past { refused.insert("malformed") }
        if !isEnrollable(type) { refused.insert("type_not_enrollable") }
        if !model.hasRoom(user, type) { refused.insert("too_many_tokens") }

        let answer = try send(EnrollTokenHandler(), data, on: key(of: user))
        try expect(answer, refused)
        guard answer.isOK else { return try expect(answer, events: []) }
        try expect(answer, events: ["token.enrolled"])
        var token = try newToken(answer.view, ofType: type, holder: user)
        token.channel = channel
        token.address = address
        begin(&token, start, end.seconds.map { model.now.adding(seconds: $0) }, isProved: false)
        try learnSecret(&token, answer)
        model.tokens.append(token)
        if model.users[user].lock == nil { model.users[user].lock = ModelLock() }
    }

    mutating func provision(_ target: Target) throws {
        let named = name(target)
        let answer = try send(ProvisionTokenHandler(), named.data, on: named.key)
        var refused: Set<String> = []
        if named.key.isTenantWide {
            refused = ["malformed"]
        } else if let common = refusals(named) {
            refused = common
        } else if let index = named.token {
            let token = model.tokens[index]
            refused = refusals(token, admitting: [.pending])
            if !token.isSoftOATH { refused.insert("not_provisionable") }
        }
        try expect(answer, refused)
        try expectDetails(answer, named)
        guard answer.isOK, let index = named.token else { return }
        var token = model.tokens[index]
        let former = token.oath?.seed
        try learnSecret(&token, answer)
        try expect(token.oath?.seed != former, "provisioned with the old secret")
        model.tokens[index] = token
        try expect(answer, events: ["token.edited"])
    }

    // MARK: Parts

    func isEnrollable(_ type: String) -> Bool {
        !model.retired.contains(type) && model.types[type]?.policy.permits.enrollable ?? false
    }

    func append(_ start: Start, to data: inout JSONObject) {
        switch start {
        case .byType, .disabled: break
        case .now: data.append("activate", "now")
        case .onFirstOTP: data.append("activate", "on-first-otp")
        }
    }

    func append(_ end: End, to data: inout JSONObject) {
        if let seconds = end.seconds { data.append("expiresAt", .string(model.now.adding(seconds: seconds).rfc3339)) }
    }

    /// What the answer's view says of a token that is new.
    func newToken(_ view: JSONObject?, ofType type: String, holder: Int?) throws -> ModelToken {
        guard let view, let id = view.text("tokenId").flatMap({ TokenID($0) }), let tokenType = model.types[type] else {
            throw Mismatch("no view of a new token")
        }
        try expect(!model.tokens.contains { $0.id == id }, "a token id was used again")
        return ModelToken(
            id: id,
            type: type,
            kind: tokenType.kind,
            isHardware: tokenType.isHardware,
            serial: view.text("serial"),
            holder: holder,
            status: .unassigned
        )
    }

    /// ACTIVE or PENDING, as the command, the policy or the kind says (section 4); a proof of possession activates.
    func begin(_ token: inout ModelToken, _ start: Start, _ end: Instant?, isProved: Bool) {
        let life = model.policy(token).life
        let isPending: Bool
        switch start {
        case _ where isProved: isPending = false
        case .now: isPending = false
        case .onFirstOTP: isPending = true
        case .byType, .disabled:
            isPending = life.activate.map { $0 == .onFirstOTP } ?? token.isSoftOATH
        }
        token.status = isPending ? .pending : .active
        token.pendingEnd = isPending ? model.now.adding(seconds: Int64(life.pendingTimeToLive)) : nil
        token.end = end ?? token.end ?? life.lifetime.map { model.now.adding(seconds: Int64($0)) }
    }

    /// Opens the seal of what was told once.
    mutating func learnSecret(_ token: inout ModelToken, _ answer: Answer) throws {
        let provisioning = answer.result?["provisioning"]?.objectValue
        switch token.kind {
        case .hotp, .totp:
            guard let uri = provisioning?.text("uri"), let secret = uri.firstMatch(of: #/secret=([A-Z2-7]+)/#),
                let seed = Base32.decode(String(secret.output.1)), let rules = model.types[token.type]?.policy.otp
            else { throw Mismatch("no provisioning URI") }
            token.oath = ModelDevice(
                seed: seed,
                isHOTP: token.kind == .hotp,
                algorithm: rules.algorithm,
                digits: rules.digits,
                period: rules.period
            )
            secrets.add(Base32.encode(seed))
        case .recovery:
            guard let text = provisioning?.text("codes") else { throw Mismatch("no codes") }
            // `sealed(owner,end,codes)`
            let codes = text.dropLast().split(separator: ",").last ?? ""
            token.codes = codes.split(separator: " ").map(String.init)
            for code in token.codes { secrets.add(code) }
        case .sms, .email, .virtual:
            try expect(provisioning == nil, "provisioning of a \(token.type) token")
        }
    }
}
