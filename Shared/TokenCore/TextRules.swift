/// Rules of free text and of dates that operators give.
package enum TextRules {
    /// Longest `description` or `reason`, in Unicode scalars.
    package static let longest = 255

    /// - Throws: `malformed`, naming `field`, for a text that is too long or has control characters or line ends.
    package static func check(_ text: String?, field: String) throws(Rejection) {
        guard let text, !isPlain(text) else { return }
        throw .malformed(field: field)
    }

    /// At most ``longest`` scalars, none of them a control character, U+2028 or U+2029, which some readers take for a
    /// line end.
    package static func isPlain(_ text: String) -> Bool {
        text.utf8.count <= longest * 4 && text.unicodeScalars.count <= longest
            && text.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control, .lineSeparator, .paragraphSeparator: false
                default: true
                }
            }
    }

    /// - Throws: `malformed` (`/expiresAt`) for an end at or before the instant.
    package static func check(expiresAt: Instant?, at now: Instant) throws(Rejection) {
        guard let expiresAt, expiresAt <= now else { return }
        throw .malformed(field: "/expiresAt")
    }

    /// A language tag as far as its characters go; `_` for `-` is usual in directories.
    package static func isLocale(_ text: String) -> Bool {
        (1...35).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
