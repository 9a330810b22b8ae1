package import TokenCore

/// `token.provision`: a PENDING soft token gets a new secret.
package struct ProvisionToken: CommandContent {
    package var tokenId: UUIDValue
    /// Holds only for that version of the token.
    package var ifVersion: Int64?

    package init(_ fields: FieldReader) throws(FieldError) {
        tokenId = try fields.tokenId()
        ifVersion = try fields.ifVersion()
    }
}
