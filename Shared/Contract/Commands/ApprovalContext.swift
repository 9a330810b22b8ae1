/// What a person approves (section 5): shown with the OTP, and bound to it.
///
/// What `text` may say (`context_not_allowed`) is the handler's rule.
package struct ApprovalContext: Sendable, Equatable {
    /// In characters.
    package static let maximumReferenceLength = 128

    /// 1 to 128 characters; given back as `boundTo`.
    package var reference: String
    /// What the message shows; unchecked.
    package var text: String
    /// Structured data of the sender's, bound but not shown.
    package var fields: JSONObject?
    /// The RFC 8785 form of the whole context as sent, unknown members included: what the binding is computed over.
    package var canonical: [UInt8]

    /// - Throws: `FieldError` for a reference or text that is missing or ill-typed, for fields that are no object.
    init(_ fields: FieldReader) throws(FieldError) {
        reference = try fields.text("reference", maxCharacters: Self.maximumReferenceLength)
        guard !reference.isEmpty else { throw fields.error("reference") }
        text = try fields.string("text")
        self.fields = try fields.optionalObject("fields")?.object
        canonical = CanonicalJSON.bytes(of: .object(fields.object))
    }
}

extension FieldReader {
    /// `context`.
    func approvalContext() throws(FieldError) -> ApprovalContext? {
        guard let context = try optionalObject("context") else { return nil }
        return try ApprovalContext(context)
    }
}
