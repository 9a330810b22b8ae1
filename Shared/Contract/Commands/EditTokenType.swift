/// `tokentype.edit`: changes what is given and leaves the rest; a `null` within `names` or `policy` takes back.
package struct EditTokenType: CommandContent {
    /// `[a-z0-9-]{1,40}`.
    package var tokenType: String
    /// Of kinds hotp and totp only; tokens that are there stay what they are.
    package var hardware: Bool?
    /// By locale; nil takes the locale's name away.
    package var names: [String: String?]
    /// Over the policy as it is.
    package var policy: PolicyChange?

    package init(_ fields: FieldReader) throws(FieldError) {
        tokenType = try fields.typeName()
        hardware = try fields.optionalBool("hardware")
        names = try fields.typeNames()
        policy = try fields.policyChange()
    }
}
