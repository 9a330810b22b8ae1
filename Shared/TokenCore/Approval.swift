/// What an approval is for, as the user is shown it.
package struct Approval: Equatable, Sendable {
    /// Given back as `boundTo`.
    package let reference: String
    /// Shown in the message.
    package let text: String
    /// The whole context in RFC 8785 form: what the challenge is bound to.
    package let canonical: [UInt8]

    /// Longest `reference`, in Unicode scalars.
    package static let longestReference = 128
    /// Longest `text`, in Unicode scalars.
    package static let longestText = 160

    /// - Parameters:
    ///   - reference: member `reference`.
    ///   - text: member `text`.
    ///   - canonical: the context, with all its members, in RFC 8785 form.
    /// - Throws: `malformed` for a reference or a text that is empty, a reference that is too long or has control
    ///   characters; `context_not_allowed` for a text that could be mistaken for something else than plain words.
    package init(reference: String, text: String, canonical: [UInt8]) throws(Rejection) {
        guard !reference.isEmpty, reference.unicodeScalars.count <= Self.longestReference,
            !reference.unicodeScalars.contains(where: \.breaksLines)
        else { throw .malformed(field: "/context/reference") }
        guard !text.isEmpty else { throw .malformed(field: "/context/text") }
        guard Self.isPlain(text) else { throw Rejection(.contextNotAllowed) }
        self.reference = reference
        self.text = text
        self.canonical = canonical
    }

    /// No more than fits beside the OTP, no control or bidirectional characters, URLs or template marks.
    private static func isPlain(_ text: String) -> Bool {
        guard text.unicodeScalars.count <= longestText else { return false }
        guard !text.unicodeScalars.contains(where: { $0.breaksLines || $0.properties.isBidiControl }) else {
            return false
        }
        let lower = text.lowercased()
        return !["://", "www.", "{{", "{%", "${"].contains { lower.contains($0) }
    }
}

extension Unicode.Scalar {
    /// A control character, or one that some readers take for a line end.
    fileprivate var breaksLines: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
