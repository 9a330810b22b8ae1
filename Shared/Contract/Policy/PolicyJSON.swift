package import TokenCore

/// A token type's policy as JSON (contract section 5): only what the administrator set; the rest is the default.
package enum PolicyJSON {
    /// Why a policy is not taken.
    package enum Refusal: Error, Equatable, Sendable {
        /// An unknown or ill-typed member.
        case malformed(field: String)
        case outOfRange(field: String, minimum: Int, maximum: Int)
    }

    /// Reads the members over the defaults.
    package static func read(
        _ object: JSONObject,
        over base: TypePolicy = TypePolicy(),
        pointer: String = ""
    ) throws(Refusal) -> TypePolicy {
        var policy = base
        for member in object {
            let field = JSONPointer.member(member.name, of: pointer)
            if let number = numbers[member.name] {
                policy[keyPath: number.path] = try integer(member.value, in: number.bounds, field)
            } else if let flag = flags[member.name] {
                guard case .bool(let value) = member.value else { throw .malformed(field: field) }
                policy[keyPath: flag] = value
            } else {
                try readOther(member, into: &policy, field)
            }
        }
        return policy
    }

    /// What of the policy is not the default: read back, it gives the policy again.
    package static func choices(of policy: TypePolicy) -> JSONObject {
        let standard = json(TypePolicy())
        var choices = JSONObject()
        for member in json(policy) where standard[member.name] != member.value {
            choices.append(member.name, member.value)
        }
        return choices
    }

    /// The whole policy; what was not set and has no default is absent.
    package static func json(_ policy: TypePolicy) -> JSONObject {
        var object = JSONObject()
        for (name, number) in numbers.sorted(by: { $0.key < $1.key }) {
            object.append(name, .integer(Int64(policy[keyPath: number.path])))
        }
        for (name, flag) in flags.sorted(by: { $0.key < $1.key }) {
            object.append(name, .bool(policy[keyPath: flag]))
        }
        object.append("algorithm", .string(policy.otp.algorithm.rawValue))
        object.append("period", .integer(Int64(policy.otp.period)))
        object.append("lockSeconds", .array(policy.lockout.lockSeconds.map { .integer(Int64($0)) }))
        object.append("expiryNotices", .array(policy.life.expiryNotices.map { .integer(Int64($0)) }))
        object.append("notices", .array(policy.life.notices.map(\.rawValue).sorted().map { .string($0) }))
        object.append("contactChange", .string(policy.life.contactChange.rawValue))
        if let activate = policy.life.activate { object.append("activate", .string(activate.rawValue)) }
        if let lifetime = policy.life.lifetime { object.append("lifetime", .integer(Int64(lifetime))) }
        return object
    }

    private struct NumberField {
        let path: WritableKeyPath<TypePolicy, Int>
        let bounds: ClosedRange<Int>

        init(_ path: WritableKeyPath<TypePolicy, Int>, _ bounds: ClosedRange<Int>) {
            self.path = path
            self.bounds = bounds
        }
    }

    private static var numbers: [String: NumberField] {
        [
            "digits": NumberField(\.otp.digits, TypePolicy.Bounds.challengeDigits),
            "window": NumberField(\.otp.window, TypePolicy.Bounds.window),
            "lookAhead": NumberField(\.otp.lookAhead, TypePolicy.Bounds.lookAhead),
            "resetWindow": NumberField(\.otp.resetWindow, TypePolicy.Bounds.resetWindow),
            "challengeTtl": NumberField(\.challenge.timeToLive, TypePolicy.Bounds.challengeTimeToLive),
            "maxAttempts": NumberField(\.challenge.maxAttempts, TypePolicy.Bounds.maxAttempts),
            "resendAfter": NumberField(\.challenge.resendAfter, TypePolicy.Bounds.resendAfter),
            "maxSends": NumberField(\.challenge.maxSends, TypePolicy.Bounds.maxSends),
            "maxFailures": NumberField(\.lockout.maxFailures, TypePolicy.Bounds.maxFailures),
            "userMaxFailures": NumberField(\.lockout.userMaxFailures, TypePolicy.Bounds.userMaxFailures),
            "maxConsecutiveFailures": NumberField(
                \.lockout.maxConsecutiveFailures,
                TypePolicy.Bounds.maxConsecutiveFailures
            ),
            "pendingTtl": NumberField(\.life.pendingTimeToLive, TypePolicy.Bounds.pendingTimeToLive),
            "maxPerUser": NumberField(\.life.maxPerUser, TypePolicy.Bounds.maxPerUser),
        ]
    }

    private static var flags: [String: WritableKeyPath<TypePolicy, Bool>] {
        [
            "editable": \.permits.editable,
            "testable": \.permits.testable,
            "enrollable": \.permits.enrollable,
            "requireActiveToken": \.permits.requireActiveToken,
            "requireBinding": \.permits.requireBinding,
        ]
    }

    private static func readOther(
        _ member: JSONObject.Member,
        into policy: inout TypePolicy,
        _ field: String
    ) throws(Refusal) {
        switch member.name {
        case "algorithm": policy.otp.algorithm = try choice(member.value, field)
        case "activate": policy.life.activate = try choice(member.value, field)
        case "contactChange": policy.life.contactChange = try choice(member.value, field)
        case "period":
            let period = try integer(member.value, in: 30...60, field)
            guard TypePolicy.Bounds.periods.contains(period) else {
                throw .outOfRange(field: field, minimum: 30, maximum: 60)
            }
            policy.otp.period = period
        case "lifetime": policy.life.lifetime = try integer(member.value, in: TypePolicy.Bounds.lifetime, field)
        case "lockSeconds":
            policy.lockout.lockSeconds = try integers(
                member.value,
                count: TypePolicy.Bounds.lockSecondsCount,
                in: TypePolicy.Bounds.lockSeconds,
                field
            )
        case "expiryNotices":
            policy.life.expiryNotices = try integers(
                member.value,
                count: TypePolicy.Bounds.expiryNoticesCount,
                in: TypePolicy.Bounds.expiryNoticeDays,
                field
            )
        case "notices":
            guard case .array(let values) = member.value else { throw .malformed(field: field) }
            var notices: Set<TypePolicy.Notice> = []
            for value in values { notices.insert(try choice(value, field)) }
            policy.life.notices = notices
        default: throw .malformed(field: field)
        }
    }

    private static func integer(
        _ value: JSONValue,
        in bounds: ClosedRange<Int>,
        _ field: String
    ) throws(Refusal) -> Int {
        guard case .integer(let number) = value else { throw .malformed(field: field) }
        guard let exact = Int(exactly: number), bounds.contains(exact) else {
            throw .outOfRange(field: field, minimum: bounds.lowerBound, maximum: bounds.upperBound)
        }
        return exact
    }

    private static func integers(
        _ value: JSONValue,
        count: ClosedRange<Int>,
        in bounds: ClosedRange<Int>,
        _ field: String
    ) throws(Refusal) -> [Int] {
        guard case .array(let values) = value else { throw .malformed(field: field) }
        guard count.contains(values.count) else {
            throw .outOfRange(field: field, minimum: count.lowerBound, maximum: count.upperBound)
        }
        var numbers: [Int] = []
        for (index, value) in values.enumerated() {
            numbers.append(try integer(value, in: bounds, JSONPointer.element(index, of: field)))
        }
        return numbers
    }

    private static func choice<Choice: RawRepresentable<String>>(
        _ value: JSONValue,
        _ field: String
    ) throws(Refusal) -> Choice {
        guard let text = value.stringValue, let choice = Choice(rawValue: text) else {
            throw .malformed(field: field)
        }
        return choice
    }
}
