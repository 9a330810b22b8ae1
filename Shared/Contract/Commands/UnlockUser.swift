/// `user.unlock`: the key's user may verify again.
package struct UnlockUser: CommandContent {
    /// At most 255 characters, for audit and events.
    package var reason: String?

    package init(_ fields: FieldReader) throws(FieldError) {
        reason = try fields.reason()
    }
}
