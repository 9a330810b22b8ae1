package import TokenCore

/// A token type's policy as JSON (contract section 5).
package enum PolicyJSON {
    /// The whole policy, in the contract's order; what was not set and has no default is absent.
    package static func json(_ policy: TypePolicy) -> JSONObject {
        let fields = PolicyField.all()
        var object = JSONObject(capacity: fields.count)
        for field in fields {
            if let value = field.shape.json(policy) { object.append(field.name, value) }
        }
        return object
    }

    /// What of the policy is not the default: read as a change of the default, it gives the policy again.
    package static func choices(of policy: TypePolicy) -> JSONObject {
        let standard = json(TypePolicy())
        var choices = JSONObject()
        for member in json(policy) where standard[member.name] != member.value {
            choices.append(member.name, member.value)
        }
        return choices
    }
}

extension PolicyField.Shape {
    fileprivate func json(_ policy: TypePolicy) -> JSONValue? {
        switch self {
        case .number(let path, _), .choice(let path, _): .integer(Int64(policy[keyPath: path]))
        case .optionalNumber(let path, _): policy[keyPath: path].map { .integer(Int64($0)) }
        case .numbers(let path, _, _): .array(policy[keyPath: path].map { .integer(Int64($0)) })
        case .flag(let path): .bool(policy[keyPath: path])
        case .word(let word): word.get(policy).map { .string($0) }
        case .notices: .array(policy.life.notices.map(\.rawValue).sorted().map { .string($0) })
        }
    }
}
