import TokenCore

/// What a run's rules make of the built-in types.
struct Ruling {
    let rules: Set<Rule>

    init(_ rules: [Rule]) {
        self.rules = Set(rules)
    }

    func has(_ rule: Rule) -> Bool { rules.contains(rule) }

    var types: [TokenType] {
        TokenType.builtIn.map { type in
            var type = type
            type.policy = policy(of: type)
            return type
        }
    }

    private func policy(of type: TokenType) -> TypePolicy {
        var policy = TypePolicy()
        // Small, since every value in the window is computed.
        policy.otp.resetWindow = 10
        policy.otp.lookAhead = has(.wideWindow) ? 9 : has(.narrowWindow) ? 1 : 3
        policy.otp.window = has(.wideWindow) ? 4 : has(.narrowWindow) ? 0 : 1
        policy.otp.digits = has(.eightDigits) ? 8 : 6
        policy.otp.algorithm = has(.sha512) ? .sha512 : has(.sha256) ? .sha256 : .sha1
        policy.otp.period = has(.minuteSteps) ? 60 : 30
        policy.challenge.maxAttempts = 3
        policy.challenge.maxSends = 3
        policy.lockout.maxFailures = has(.locksSoon) ? 3 : 5
        policy.lockout.userMaxFailures = has(.locksSoon) ? 5 : 10
        policy.lockout.maxConsecutiveFailures = has(.locksForever) ? 10 : 100
        policy.life.pendingTimeToLive = has(.waitsBriefly) ? 120 : 7 * 86_400
        policy.life.maxPerUser = has(.allowsTwo) ? 2 : 10
        policy.life.lifetime = has(.endsSoon) ? 400 : has(.endsLater) ? 100_000 : nil
        policy.life.activate = has(.startsPending) ? .onFirstOTP : has(.startsActive) ? .now : nil
        policy.life.contactChange = has(.provesContacts) ? .verify : .immediate
        policy.life.notices = has(.tellsAll) ? Set(TypePolicy.Notice.allCases) : []
        policy.permits.requireActiveToken = has(.keepsOneActive)
        policy.permits.editable = !has(.isFixed)
        policy.permits.testable = !has(.isUntested)
        policy.permits.requireBinding = has(.needsBinding)
        if has(.closesSMS), type.kind == .sms { policy.permits.enrollable = false }
        if has(.closesHOTPDevices), type.name == "hotp-hardware" { policy.permits.enrollable = false }
        return policy
    }

    var limits: SendingLimits { has(.limitsSending) ? SendingLimits() : .none }
}

/// Values that steps choose among.
enum Palette {
    static let users = ["alice", "bob"]
    static let phones = ["+41790000067", "+41790000068", "+4912345678901", "0790000067"]
    static let emails = ["alice@example.org", "bob@example.com", "a.b@example.net", "nobody"]
    static let serials = ["S-1", "S-2", "S-3", "S-4", "S-5"]
    /// Six seeds, and one that is too weak.
    static let seeds: [[UInt8]] =
        (0..<6).map { number in (0..<20).map { UInt8(truncatingIfNeeded: 17 &* number &+ 3 &* $0 &+ 1) } }
        + [[UInt8](repeating: 7, count: 20)]
    static let reason = "asked for"

    static func pick<Element>(_ list: [Element], _ index: Int) -> Element { list[index % list.count] }
}
