package import TokenCore

/// A `policy` as a command brings it: every member is known and of the right type; whether its value is within bounds
/// depends on the type's kind.
package struct PolicyChange: Sendable, Equatable {
    private enum Value: Sendable, Equatable {
        /// `null`: back to the default.
        case standard
        case number(Int)
        case numbers([Int])
        case flag(Bool)
        case word(String)
        case words([String])
    }

    private struct Member: Sendable, Equatable {
        let name: String
        let pointer: String
        let value: Value
    }

    private var members: [Member] = []

    /// - Throws: `FieldError` for a member that is unknown or ill-typed.
    package init(_ fields: FieldReader) throws(FieldError) {
        let known = PolicyField.all()
        for member in fields.object {
            guard let field = known.first(where: { $0.name.hasSameBytes(as: member.name) }) else {
                throw fields.error(member.name)
            }
            let pointer = fields.pointer(to: member.name)
            let value = member.value == .null ? .standard : try Self.read(member.value, field.shape, pointer)
            members.append(Member(name: field.name, pointer: pointer, value: value))
        }
    }

    /// The policy with the change; what the change does not name stays.
    ///
    /// - Parameter kind: that of the type; nil where it was checked before.
    /// - Throws: `policy_out_of_range`.
    package func applied(to policy: TypePolicy, kind: TokenKind?) throws(Rejection) -> TypePolicy {
        let fields = PolicyField.all(of: kind)
        let standard = TypePolicy()
        var policy = policy
        for member in members {
            guard let field = fields.first(where: { $0.name == member.name }) else { continue }
            if member.value == .standard {
                field.shape.copy(from: standard, to: &policy)
            } else {
                try set(member, field.shape, in: &policy)
            }
        }
        return policy
    }

    private func set(
        _ member: Member,
        _ shape: PolicyField.Shape,
        in policy: inout TypePolicy
    ) throws(Rejection) {
        let pointer = member.pointer
        switch (shape, member.value) {
        case (.number(let path, let bounds), .number(let number)):
            try require(number, in: bounds, pointer)
            policy[keyPath: path] = number
        case (.choice(let path, let choices), .number(let number)):
            guard choices.contains(number) else {
                throw .outOfRange(choices[0]...choices[choices.count - 1], pointer)
            }
            policy[keyPath: path] = number
        case (.optionalNumber(let path, let bounds), .number(let number)):
            try require(number, in: bounds, pointer)
            policy[keyPath: path] = number
        case (.numbers(let path, let count, let bounds), .numbers(let numbers)):
            try require(numbers.count, in: count, pointer)
            for (index, number) in numbers.enumerated() {
                try require(number, in: bounds, JSONPointer.element(index, of: pointer))
            }
            policy[keyPath: path] = numbers
        case (.flag(let path), .flag(let flag)): policy[keyPath: path] = flag
        case (.word(let word), .word(let text)): word.set(&policy, text)
        case (.notices, .words(let words)):
            policy.life.notices = Set(words.compactMap(TypePolicy.Notice.init(rawValue:)))
        default: break
        }
    }

    private func require(_ number: Int, in bounds: ClosedRange<Int>, _ pointer: String) throws(Rejection) {
        guard bounds.contains(number) else { throw .outOfRange(bounds, pointer) }
    }

    // MARK: Form

    private static func read(
        _ value: JSONValue,
        _ shape: PolicyField.Shape,
        _ pointer: String
    ) throws(FieldError) -> Value {
        switch shape {
        case .number, .choice, .optionalNumber:
            return .number(try number(value, pointer))
        case .numbers:
            var numbers: [Int] = []
            for (index, element) in try elements(value, pointer).enumerated() {
                numbers.append(try number(element, JSONPointer.element(index, of: pointer)))
            }
            return .numbers(numbers)
        case .flag:
            guard case .bool(let flag) = value else { throw FieldError(pointer: pointer) }
            return .flag(flag)
        case .word(let word):
            return .word(try text(value, pointer, word.isMember))
        case .notices:
            var words: [String] = []
            for (index, element) in try elements(value, pointer).enumerated() {
                let pointer = JSONPointer.element(index, of: pointer)
                words.append(try text(element, pointer) { TypePolicy.Notice(rawValue: $0) != nil })
            }
            return .words(words)
        }
    }

    /// A whole number, however it is written; one that no integer holds is out of any bounds.
    private static func number(_ value: JSONValue, _ pointer: String) throws(FieldError) -> Int {
        switch value {
        case .integer(let number): return Int(clamping: number)
        case .double(let number):
            if let exact = Int(exactly: number) { return exact }
            // From 2^53 on every double is whole.
            guard number.magnitude >= 0x1p53 else { throw FieldError(pointer: pointer) }
            return number < 0 ? .min : .max
        default: throw FieldError(pointer: pointer)
        }
    }

    private static func elements(_ value: JSONValue, _ pointer: String) throws(FieldError) -> [JSONValue] {
        guard case .array(let elements) = value else { throw FieldError(pointer: pointer) }
        return elements
    }

    private static func text(
        _ value: JSONValue,
        _ pointer: String,
        _ isMember: (String) -> Bool
    ) throws(FieldError) -> String {
        guard let text = value.stringValue, isMember(text) else { throw FieldError(pointer: pointer) }
        return text
    }
}

extension PolicyField.Shape {
    fileprivate func copy(from source: TypePolicy, to policy: inout TypePolicy) {
        switch self {
        case .number(let path, _), .choice(let path, _): policy[keyPath: path] = source[keyPath: path]
        case .optionalNumber(let path, _): policy[keyPath: path] = source[keyPath: path]
        case .numbers(let path, _, _): policy[keyPath: path] = source[keyPath: path]
        case .flag(let path): policy[keyPath: path] = source[keyPath: path]
        case .word(let word): word.copy(source, &policy)
        case .notices: policy.life.notices = source.life.notices
        }
    }
}

extension Rejection {
    fileprivate static func outOfRange(_ bounds: ClosedRange<Int>, _ pointer: String) -> Rejection {
        Rejection(
            .policyOutOfRange,
            Details(field: pointer, maximum: bounds.upperBound, minimum: bounds.lowerBound)
        )
    }
}
