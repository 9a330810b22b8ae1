/// `tokentype.retire`: no token of the type is enrolled any more, and those that are there are OBSOLETE.
package struct RetireTokenType: CommandContent {
    /// `[a-z0-9-]{1,40}`.
    package var tokenType: String

    package init(_ fields: FieldReader) throws(FieldError) {
        tokenType = try fields.typeName()
    }
}
