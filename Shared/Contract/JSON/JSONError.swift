/// Why a text is not the JSON that the contract allows (section 2), and where; never what it says there.
package struct JSONError: Error, Equatable, Sendable {
    /// The closed set of reasons; raw values are fit for logs and headers.
    package enum Reason: String, Sendable, CaseIterable {
        case unexpectedEnd = "unexpected_end"
        case unexpectedByte = "unexpected_byte"
        case trailingBytes = "trailing_bytes"
        case tooDeep = "too_deep"
        case duplicateMember = "duplicate_member"
        case invalidNumber = "invalid_number"
        /// A number that no Double holds; it could not be written again.
        case numberOutOfRange = "number_out_of_range"
        case invalidEscape = "invalid_escape"
        case loneSurrogate = "lone_surrogate"
        case controlCharacter = "control_character"
        case invalidUTF8 = "invalid_utf8"
    }

    /// Why.
    package var reason: Reason
    /// Offset of the offending byte from the start of the text.
    package var offset: Int

    /// A fault at a byte.
    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension JSONError: CustomStringConvertible {
    package var description: String { "JSON \(reason.rawValue) at byte \(offset)" }
}
