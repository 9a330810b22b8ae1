/// What an administrator changes of a token type; nil: it stays.
package struct TypeEdit: Equatable, Sendable {
    /// Tokens come from a stock of serial numbers; those that are there already stay what they are.
    package var isHardware: Bool?
    /// Names by locale; a nil name takes the locale's away.
    package var names: [String: String?]
    /// The policy as a whole.
    package var policy: TypePolicy?

    package init(isHardware: Bool? = nil, names: [String: String?] = [:], policy: TypePolicy? = nil) {
        self.isHardware = isHardware
        self.names = names
        self.policy = policy
    }
}

/// What a command did to a token type.
package struct TypeChange: Equatable, Sendable {
    /// The type as it is now.
    package let type: TokenType
    /// It was so before.
    package let isUnchanged: Bool
}

/// How a tenant's token types come to be and change. There is no way back from retired, and a name is taken for good:
/// tokens refer to it.
extension TypeCatalogue {
    /// - Throws: `type_exists`, also for a retired one; `malformed` (`/hardware`, `/names`).
    package mutating func define(_ type: TokenType) throws(Rejection) -> TypeChange {
        try type.requireSound()
        guard self[type.name] == nil else { throw Rejection(.typeExists) }
        self[type.name] = type
        return TypeChange(type: type, isUnchanged: false)
    }

    /// Changes what the edit names and leaves the rest, of a retired type too.
    ///
    /// - Throws: `unknown_token_type`; `malformed` (`/hardware`, `/names`).
    package mutating func edit(_ name: String, _ edit: TypeEdit) throws(Rejection) -> TypeChange {
        try change(name) { type in
            if let isHardware = edit.isHardware { type.isHardware = isHardware }
            for (locale, name) in edit.names { type.names[locale] = name }
            if let policy = edit.policy { type.policy = policy }
        }
    }

    /// From now on no token of the type is enrolled, and those that are there are OBSOLETE.
    ///
    /// - Throws: `unknown_token_type`.
    package mutating func retire(_ name: String) throws(Rejection) -> TypeChange {
        try change(name) { $0.isRetired = true }
    }

    private mutating func change(_ name: String, _ body: (inout TokenType) -> Void) throws(Rejection) -> TypeChange {
        guard let old = self[name] else { throw Rejection(.unknownTokenType) }
        var type = old
        body(&type)
        try type.requireSound()
        self[name] = type
        return TypeChange(type: type, isUnchanged: type == old)
    }
}

extension TokenType {
    /// Names that a type can have, so that its view always fits into a record.
    package static let maximumNames = 100

    fileprivate func requireSound() throws(Rejection) {
        guard !isHardware || kind.isOATH else { throw .malformed(field: "/hardware") }
        guard names.count <= Self.maximumNames else { throw .malformed(field: "/names") }
    }
}
