import TokenCore

/// A member of a policy: its name, its place in ``TypePolicy``, and what values it takes.
struct PolicyField {
    enum Shape {
        case number(WritableKeyPath<TypePolicy, Int>, ClosedRange<Int>)
        /// One of a few numbers, ascending.
        case choice(WritableKeyPath<TypePolicy, Int>, [Int])
        /// Without a default.
        case optionalNumber(WritableKeyPath<TypePolicy, Int?>, ClosedRange<Int>)
        case numbers(WritableKeyPath<TypePolicy, [Int]>, count: ClosedRange<Int>, each: ClosedRange<Int>)
        case flag(WritableKeyPath<TypePolicy, Bool>)
        case word(Word)
        case notices
    }

    /// A text of a closed set.
    struct Word {
        let isMember: (String) -> Bool
        let get: (TypePolicy) -> String?
        let set: (inout TypePolicy, String) -> Void
        /// From the first policy to the second.
        let copy: (TypePolicy, inout TypePolicy) -> Void

        init<Value: RawRepresentable<String>>(_ path: WritableKeyPath<TypePolicy, Value>) {
            isMember = { Value(rawValue: $0) != nil }
            get = { $0[keyPath: path].rawValue }
            set = { policy, text in if let value = Value(rawValue: text) { policy[keyPath: path] = value } }
            copy = { $1[keyPath: path] = $0[keyPath: path] }
        }

        init<Value: RawRepresentable<String>>(optional path: WritableKeyPath<TypePolicy, Value?>) {
            isMember = { Value(rawValue: $0) != nil }
            get = { $0[keyPath: path]?.rawValue }
            set = { policy, text in policy[keyPath: path] = Value(rawValue: text) }
            copy = { $1[keyPath: path] = $0[keyPath: path] }
        }
    }

    let name: String
    let shape: Shape

    private init(_ name: String, _ shape: Shape) {
        self.name = name
        self.shape = shape
    }

    /// All members, in the contract's order.
    ///
    /// - Parameter kind: decides how long OTPs can be; nil: as long as any kind's.
    static func all(of kind: TokenKind? = nil) -> [PolicyField] {
        let bounds = TypePolicy.Bounds.self
        return [
            PolicyField("digits", .number(\.otp.digits, bounds.digits(of: kind))),
            PolicyField("algorithm", .word(Word(\.otp.algorithm))),
            PolicyField("period", .choice(\.otp.period, bounds.periods)),
            PolicyField("window", .number(\.otp.window, bounds.window)),
            PolicyField("lookAhead", .number(\.otp.lookAhead, bounds.lookAhead)),
            PolicyField("resetWindow", .number(\.otp.resetWindow, bounds.resetWindow)),
            PolicyField("challengeTtl", .number(\.challenge.timeToLive, bounds.challengeTimeToLive)),
            PolicyField("maxAttempts", .number(\.challenge.maxAttempts, bounds.maxAttempts)),
            PolicyField("resendAfter", .number(\.challenge.resendAfter, bounds.resendAfter)),
            PolicyField("maxSends", .number(\.challenge.maxSends, bounds.maxSends)),
            PolicyField("maxFailures", .number(\.lockout.maxFailures, bounds.maxFailures)),
            PolicyField("userMaxFailures", .number(\.lockout.userMaxFailures, bounds.userMaxFailures)),
            PolicyField(
                "lockSeconds",
                .numbers(\.lockout.lockSeconds, count: bounds.lockSecondsCount, each: bounds.lockSeconds)
            ),
            PolicyField(
                "maxConsecutiveFailures",
                .number(\.lockout.maxConsecutiveFailures, bounds.maxConsecutiveFailures)
            ),
            PolicyField("pendingTtl", .number(\.life.pendingTimeToLive, bounds.pendingTimeToLive)),
            PolicyField("maxPerUser", .number(\.life.maxPerUser, bounds.maxPerUser)),
            PolicyField("activate", .word(Word(optional: \.life.activate))),
            PolicyField("editable", .flag(\.permits.editable)),
            PolicyField("testable", .flag(\.permits.testable)),
            PolicyField("enrollable", .flag(\.permits.enrollable)),
            PolicyField("requireActiveToken", .flag(\.permits.requireActiveToken)),
            PolicyField("requireBinding", .flag(\.permits.requireBinding)),
            PolicyField("contactChange", .word(Word(\.life.contactChange))),
            PolicyField("notices", .notices),
            PolicyField(
                "expiryNotices",
                .numbers(\.life.expiryNotices, count: bounds.expiryNoticesCount, each: bounds.expiryNoticeDays)
            ),
            PolicyField("lifetime", .optionalNumber(\.life.lifetime, bounds.lifetime)),
        ]
    }
}

extension TypePolicy.Bounds {
    /// What an app or a device computes is shorter than what can be sent.
    static func digits(of kind: TokenKind?) -> ClosedRange<Int> {
        kind?.isOATH == true ? oathDigits : challengeDigits
    }
}
