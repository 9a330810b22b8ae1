package import TokenCore

/// `token.enable`, `token.disable`, `token.delete`, `token.unlock`: one token, and why.
package struct SetTokenStatus: CommandContent {
    package var tokenId: UUIDValue
    package var reason: String?
    package var ifVersion: Int64?

    package init(_ fields: FieldReader) throws(FieldError) {
        tokenId = try fields.tokenId()
        reason = try fields.reason()
        ifVersion = try fields.ifVersion()
    }
}
