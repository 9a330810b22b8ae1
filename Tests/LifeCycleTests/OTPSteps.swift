import Contract
import TokenCore
import WorkerRuntime

@testable import Enrollment
@testable import Verifier

extension Use {
    var name: String { self == .contactChange ? "contact-change" : "\(self)" }

    static func context(_ number: Int) -> JSONValue {
        .object(["reference": .string("order-\(number % 2)"), "text": "Pay 10 francs"])
    }
}

/// Requesting and giving up OTPs, told by the model.
extension Play {
    mutating func request(_ number: Int?, token: Int?, _ use: Use?, context: Int) throws {
        let meant = token.flatMap { model.tokens.isEmpty ? nil : $0 % model.tokens.count }
        let user = number.map(user) ?? holder(of: meant)
        let purpose = use ?? fitting(meant)
        var data: JSONObject = ["purpose": .string(purpose.name)]
        if purpose == .approval { data.append("context", Use.context(context)) }
        let bound = purpose == .approval ? context % 2 : nil
        if let meant { data.append("tokenId", .string(model.tokens[meant].id.description)) }

        let (refused, chosen) = recipient(user, meant, purpose)
        var refusals = refused
        var isOpen = false
        if let chosen, refusals.isEmpty {
            refusals = sendingRefusals(user, chosen, purpose, bound)
            isOpen = resent(user, chosen, purpose, bound) != nil
        }
        let isHasty = chosen.map { isHastyReplacement(user, $0, purpose, bound) } ?? false
        let answer = try send(RequestOTPHandler(), data, on: key(of: user))
        if isHasty, answer.word == "too_many_requests" { return }
        try expect(answer, refusals)
        guard answer.isOK, let chosen else {
            // A limit that was met is a fact worth publishing.
            let others = answer.word == "too_many_requests" ? [["otp.rejected"]] : []
            return try expect(answer, events: [], or: others)
        }
        try expect(answer, events: ["otp.requested"])
        try follow(answer, user, chosen, purpose, bound, isResend: isOpen)
    }

    func holder(of token: Int?) -> Int { token.flatMap { model.tokens[$0].holder } ?? 0 }

    /// A purpose that the token's status admits, if any does.
    func fitting(_ token: Int?) -> Use {
        guard let token else { return .login }
        return model.status(model.tokens[token]) == .pending ? .enrollment : .login
    }

    /// The token that a request means, or why there is none.
    private func recipient(_ user: Int, _ meant: Int?, _ purpose: Use) -> (Set<String>, Int?) {
        if let meant {
            let token = model.tokens[meant]
            guard !token.isDeleted, token.holder == user else { return (["token_not_found"], nil) }
            var refused: Set<String> = []
            if !model.admits(token, purpose) { refused.insert("wrong_status") }
            if model.target(token, purpose) == nil { refused.insert("not_deliverable") }
            if purpose == .test, !model.policy(token).permits.testable { refused.insert("forbidden") }
            if model.isLocked(token) { refused.insert("locked") }
            return (refused, meant)
        }
        let admitted = model.held(by: user).filter { model.admits(model.tokens[$0], purpose) }
        if admitted.isEmpty { return (["no_active_token"], nil) }
        let deliverable = admitted.filter { model.target(model.tokens[$0], purpose) != nil }
        if purpose == .test, ruling.has(.isUntested) {
            return (["forbidden", "not_deliverable", "ambiguous_token"], nil)
        }
        guard let first = deliverable.first else { return (["not_deliverable"], nil) }
        if deliverable.count > 1 { return (["ambiguous_token"], nil) }
        return (model.isLocked(model.tokens[first]) ? ["locked"] : [], first)
    }

    private func resent(_ user: Int, _ token: Int, _ purpose: Use, _ bound: Int?) -> Int? {
        model.open(user, purpose).first { model.challenges[$0].token == token && model.challenges[$0].context == bound }
    }

    /// Whether an approval in another context, which replaces the open one, may be asked for before `resendAfter` is
    /// left open.
    private func isHastyReplacement(_ user: Int, _ token: Int, _ purpose: Use, _ bound: Int?) -> Bool {
        let after = Int64(model.policy(model.tokens[token]).challenge.resendAfter)
        return model.open(user, purpose).contains {
            let challenge = model.challenges[$0]
            return challenge.token == token && challenge.context != bound
                && model.now < challenge.lastSent.adding(seconds: after)
        }
    }

    private func sendingRefusals(_ user: Int, _ token: Int, _ purpose: Use, _ bound: Int?) -> Set<String> {
        let rules = model.policy(model.tokens[token]).challenge
        if let index = resent(user, token, purpose, bound) {
            let challenge = model.challenges[index]
            let isEarly = model.now < challenge.lastSent.adding(seconds: Int64(rules.resendAfter))
            if isEarly || challenge.sends >= rules.maxSends { return ["too_many_requests"] }
        }
        guard ruling.has(.limitsSending), let address = model.target(model.tokens[token], purpose) else { return [] }
        func recent(_ sent: [Instant], _ seconds: Int64) -> Int {
            sent.count { model.now < $0.adding(seconds: seconds) }
        }
        let mine = model.users[user].sent
        let there = model.sent[address] ?? []
        return recent(mine, 900) >= 5 || recent(mine, 86_400) >= 20 || recent(there, 900) >= 5
            ? ["too_many_requests"] : []
    }

    private mutating func follow(
        _ answer: Answer,
        _ user: Int,
        _ token: Int,
        _ purpose: Use,
        _ bound: Int?,
        isResend: Bool
    ) throws {
        let address = model.target(model.tokens[token], purpose)
        guard let result = answer.result, let id = result.text("challengeId"), let end = result.instant("expiresAt"),
            let message = answer.outcome.notifications.first, let value = message.content.text("otp")
        else { throw Mismatch("an OTP was requested and not sent") }
        try expect(message.content.text("to") == address, "sent to another address")
        try expect(result.text("tokenId") == model.tokens[token].id.description, "sent for another token")
        try expect(result["resend"] == .bool(isResend), "resend, expected \(isResend)")
        secrets.add(value)
        let rules = model.policy(model.tokens[token]).challenge
        if isResend, let index = resent(user, token, purpose, bound) {
            try expect(model.challenges[index].id == id && model.challenges[index].end == end, "a resend's challenge")
            model.challenges[index].replaced.append(model.challenges[index].value)
            model.challenges[index].value = value
            model.challenges[index].sends += 1
            model.challenges[index].lastSent = model.now
        } else {
            try expect(!model.challenges.contains { $0.id == id }, "a new challenge with an old id")
            try expect(end == model.now.adding(seconds: Int64(rules.timeToLive)), "a challenge's end")
            for index in model.open(user, purpose) where model.challenges[index].token == token {
                model.challenges[index].state = "superseded"
            }
            model.challenges.append(
                ModelChallenge(
                    id: id,
                    user: user,
                    token: token,
                    purpose: purpose,
                    context: bound,
                    end: end,
                    value: value,
                    lastSent: model.now
                )
            )
        }
        let sends = isResend ? model.challenges.first { $0.id == id }?.sends ?? 0 : 1
        try expect(result.integer("sendsLeft") == Int64(rules.maxSends - sends), "sendsLeft")
        model.users[user].sent.append(model.now)
        if let address { model.sent[address, default: []].append(model.now) }
    }

    mutating func cancel(_ number: Int) throws {
        guard !model.challenges.isEmpty else { return }
        let index = number % model.challenges.count
        let challenge = model.challenges[index]
        let answer = try send(CancelOTPHandler(), ["challengeId": .string(challenge.id)], on: key(of: challenge.user))
        try expect(answer, challenge.state == "used" ? ["challenge_used"] : [])
        if answer.isOK, challenge.state == "open" { model.challenges[index].state = "void" }
        try expect(answer, events: [])
    }

    mutating func state(_ number: Int) throws {
        guard !model.challenges.isEmpty else { return }
        let challenge = Palette.pick(model.challenges, number)
        let data: JSONObject = ["challengeId": .string(challenge.id)]
        let answer = try send(OTPStatusHandler(), data, on: key(of: challenge.user))
        try expect(answer, [])
        let state = answer.result?.text("state")
        let isEither = challenge.state == "open" && challenge.end <= model.now && ["void", "expired"].contains(state)
        try expect(state == model.state(challenge) || isEither, "otp.status tells another state")
        // The notifier has not come by.
        try expect(answer.result?.text("delivery") == "queued", "otp.status tells another delivery")
        let foreign = try send(OTPStatusHandler(), data, on: key(of: 1 - challenge.user))
        try expect(foreign, ["challenge_not_found"])
    }
}
