package import TokenCore

/// A token type as results and events show it.
package enum TokenTypeView {
    /// With the whole policy as it holds now, defaults included.
    package static func json(_ type: TokenType) -> JSONObject {
        var names = JSONObject(capacity: type.names.count)
        for (locale, name) in type.names.sorted(by: { $0.key < $1.key }) { names.append(locale, .string(name)) }
        return [
            "tokenType": .string(type.name),
            "kind": .string(type.kind.rawValue),
            "hardware": .bool(type.isHardware),
            "names": .object(names),
            "policy": .object(PolicyJSON.json(type.policy)),
            "retired": .bool(type.isRetired),
        ]
    }
}
