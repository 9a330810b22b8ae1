package import TokenCore

/// `token.view`: one token as it is.
package struct ViewToken: CommandContent {
    package var tokenId: UUIDValue

    package init(_ fields: FieldReader) throws(FieldError) {
        tokenId = try fields.tokenId()
    }
}
