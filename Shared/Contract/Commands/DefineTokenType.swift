package import TokenCore

/// `tokentype.define`: the tenant gets a token type.
package struct DefineTokenType: CommandContent {
    /// `[a-z0-9-]{1,40}`.
    package var tokenType: String
    package var kind: TokenKind
    /// Of kinds hotp and totp only.
    package var hardware: Bool?
    /// By locale; the type's own name shows where there is none.
    package var names: [String: String]
    /// Over the defaults.
    package var policy: PolicyChange?

    package init(_ fields: FieldReader) throws(FieldError) {
        tokenType = try fields.typeName()
        kind = try fields.stringEnum("kind")
        hardware = try fields.optionalBool("hardware")
        names = try fields.typeNames().compactMapValues(\.self)
        policy = try fields.policyChange()
    }
}
