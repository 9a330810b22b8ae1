extension String {
    /// Whether a character of Unicode's category Cc (U+0000–U+001F, U+007F–U+009F) is in the text.
    package var hasControlCharacters: Bool {
        // In UTF-8 U+0080–U+009F are C2 80 – C2 9F; other bytes up to 7F are characters of their own.
        var text = self
        return text.withUTF8 { bytes in
            var previous: UInt8 = 0
            for byte in bytes {
                if byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte < 0xA0) { return true }
                previous = byte
            }
            return false
        }
    }

    /// Whether the text can break a line: control characters, or U+2028 and U+2029, which mail and pages break at too.
    package var breaksLines: Bool {
        hasControlCharacters || unicodeScalars.contains { $0 == "\u{2028}" || $0 == "\u{2029}" }
    }
}
