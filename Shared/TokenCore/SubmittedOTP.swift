/// What somebody typed, freed of blanks and hyphens; shows itself in no description.
package struct SubmittedOTP: Equatable, Sendable {
    /// The decimal digits; nil where anything else stood there: such a value fits nothing and counts as wrong.
    package let digits: String?
    /// The digits as a number, where there are at most 18.
    let number: UInt64

    /// Longest field that is looked at, in bytes.
    package static let maximumBytes = 64

    /// Reads the value of a command's field.
    ///
    /// - Parameter field: JSON pointer, for the refusal.
    /// - Throws: `malformed` for more than 64 bytes.
    package init(_ text: String, field: String = "/otp") throws(Rejection) {
        guard text.utf8.count <= Self.maximumBytes else { throw .malformed(field: field) }
        var digits: [UInt8] = []
        digits.reserveCapacity(text.utf8.count)
        var number: UInt64 = 0
        var isNumeric = true
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits.append(byte)
                if digits.count <= 18 { number = number * 10 + UInt64(byte - UInt8(ascii: "0")) }
            case UInt8(ascii: " "), UInt8(ascii: "-"):
                break
            default:
                isNumeric = false
            }
        }
        self.digits = isNumeric ? String(decoding: digits, as: UTF8.self) : nil
        self.number = number
    }

    /// The number behind a value of exactly `count` digits; nil for any other value.
    func number(digits count: Int) -> UInt32? {
        guard let digits, digits.utf8.count == count, count <= 9 else { return nil }
        return UInt32(number)
    }
}

extension SubmittedOTP: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Never the value.
    package var description: String { "‹redacted›" }
    /// Never the value.
    package var debugDescription: String { "‹redacted›" }
    /// Shows no child, so that `dump` has nothing to walk into.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
