/// A token type as the administrator named and ruled it.
package struct TokenType: Equatable, Sendable {
    /// `[a-z0-9-]{1,40}`; unique in the tenant.
    package var name: String
    package var kind: TokenKind
    /// Tokens come from a stock of serial numbers.
    package var isHardware: Bool
    /// Display names by locale (BCP 47).
    package var names: [String: String]
    package var policy: TypePolicy
    package var isRetired: Bool

    package init(
        name: String,
        kind: TokenKind,
        isHardware: Bool = false,
        names: [String: String] = [:],
        policy: TypePolicy = TypePolicy(),
        isRetired: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.isHardware = isHardware
        self.names = names
        self.policy = policy
        self.isRetired = isRetired
    }

    /// The name to show: that of `locale`, else of its language, else English, else the type's own name.
    package func displayName(locale: String?) -> String {
        if let locale {
            if let exact = names[locale] { return exact }
            if let language = locale.split(separator: "-").first, let general = names[String(language)] {
                return general
            }
        }
        return names["en"] ?? names.min { $0.key < $1.key }?.value ?? name
    }

    /// When a new token counts as ACTIVE, where neither command nor policy says: a soft OATH token has to show
    /// its first OTP, all others are active at once (contract section 4).
    package var defaultActivation: TypePolicy.Activation {
        policy.life.activate ?? (kind.isOATH && !isHardware ? .onFirstOTP : .now)
    }

    /// The types that each tenant begins with.
    package static let builtIn: [TokenType] = [
        TokenType(name: "sms", kind: .sms, names: ["en": "SMS code"]),
        TokenType(name: "email", kind: .email, names: ["en": "E-mail code"]),
        TokenType(name: "virtual", kind: .virtual, names: ["en": "Code to a contact in the directory"]),
        TokenType(name: "hotp", kind: .hotp, names: ["en": "HOTP app"]),
        TokenType(name: "totp", kind: .totp, names: ["en": "TOTP app"]),
        TokenType(name: "hotp-hardware", kind: .hotp, isHardware: true, names: ["en": "HOTP hardware token"]),
        TokenType(name: "totp-hardware", kind: .totp, isHardware: true, names: ["en": "TOTP hardware token"]),
        TokenType(name: "recovery", kind: .recovery, names: ["en": "Recovery codes"]),
    ]
}

/// The token types of one tenant, by name.
package struct TypeCatalogue: Equatable, Sendable {
    private var types: [String: TokenType]

    package init(_ types: [TokenType]) {
        self.types = Dictionary(types.map { ($0.name, $0) }) { _, last in last }
    }

    /// A type by name; what may become of one is said in ``define(_:)``, ``edit(_:_:)`` and ``retire(_:)``.
    package internal(set) subscript(name: String) -> TokenType? {
        get { types[name] }
        set { types[name] = newValue }
    }

    package var all: [TokenType] { types.values.sorted { $0.name < $1.name } }

    /// The policy of a token's type; the defaults where the type is not known.
    package func policy(of token: Token) -> TypePolicy {
        types[token.type.name]?.policy ?? TypePolicy()
    }
}
