package import TokenCore

/// `token.enable`, `token.disable`, `token.delete`, `token.unlock`: one token, and why.
package struct SetTokenStatus: CommandContent {
    package var tokenId: UUIDValue
    /// At most 255 characters, for audit and events.
    package var reason: String?
    /// Holds only for that version of the token.
    package var ifVersion: Int64?

    package init(_ fields: FieldReader) throws(FieldError) {
        tokenId = try fields.tokenId()
        reason = try fields.reason()
        ifVersion = try fields.ifVersion()
    }
}
