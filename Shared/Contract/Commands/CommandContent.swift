/// The data of a command, read from its fields (section 4).
package protocol CommandContent: Sendable, Equatable {
    /// - Throws: `FieldError` for the first field that is missing or ill-typed; unknown fields are ignored.
    init(_ fields: FieldReader) throws(FieldError)
}
