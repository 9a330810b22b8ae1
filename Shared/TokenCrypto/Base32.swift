/// Base32 (RFC 4648 §6), the form in which authenticator apps take a seed.
package enum Base32 {
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

    /// The text of `bytes`, in upper case and without padding (which some apps refuse in an `otpauth` URI).
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 8 + 4) / 5)
        var word: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            word = word << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(alphabet.utf8Start[Int(word >> bits & 31)])
            }
        }
        if bits > 0 { text.append(alphabet.utf8Start[Int(word << (5 - bits) & 31)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text, or nil.
    ///
    /// Case does not matter. Padding may be left out, but if it is there it must be whole. Unused bits of the last letter
    /// are dropped unseen, as Google Authenticator and its kin do, so a seed that works there works here. White space,
    /// hyphens, other letters and lengths that no bytes encode to (1, 3 or 6 letters over a multiple of 8) are refused.
    package static func decode(_ text: String) -> [UInt8]? {
        let letters = text.utf8.prefix { $0 != UInt8(ascii: "=") }
        let padding = text.utf8.dropFirst(letters.count)
        guard padding.allSatisfy({ $0 == UInt8(ascii: "=") }) else { return nil }
        guard padding.isEmpty || (padding.count < 8 && (letters.count + padding.count).isMultiple(of: 8)) else {
            return nil
        }
        guard ![1, 3, 6].contains(letters.count % 8) else { return nil }

        var bytes: [UInt8] = []
        bytes.reserveCapacity(letters.count * 5 / 8)
        var word: UInt32 = 0
        var bits: UInt32 = 0
        for letter in letters {
            guard let value = value(of: letter) else { return nil }
            word = word << 5 | value
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: word >> bits))
            }
        }
        return bytes
    }

    private static func value(of letter: UInt8) -> UInt32? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter - UInt8(ascii: "a"))
        case UInt8(ascii: "2")...UInt8(ascii: "7"): UInt32(letter - UInt8(ascii: "2") + 26)
        default: nil
        }
    }
}
