package import TokenCore

/// `token.edit`: changes what is given and leaves the rest; `null` is no change, as elsewhere.
package struct EditToken: CommandContent {
    package var tokenId: UUIDValue
    /// Empty clears it.
    package var description: String?
    /// As given: what is no phone number is `invalid_phone`, not `malformed`.
    package var phone: String?
    /// As given: what is no address is `invalid_email`, not `malformed`.
    package var email: String?
    /// A new end.
    package var expiresAt: Instant?
    /// Holds only for that version of the token.
    package var ifVersion: Int64?

    package init(_ fields: FieldReader) throws(FieldError) {
        tokenId = try fields.tokenId()
        description = try fields.optionalText("description")
        phone = try fields.optionalString("phone")
        email = try fields.optionalString("email")
        expiresAt = try fields.optionalInstant("expiresAt")
        ifVersion = try fields.ifVersion()
    }
}
