/// Base64 (RFC 4648 §4) as XML has it: white space anywhere, padding whole.
enum Base64 {
    /// The bytes, or nil for another character, a length that no bytes have, or padding in the middle.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 3 / 4)
        var word: UInt32 = 0
        var (letters, padding) = (0, 0)
        for letter in text.utf8 {
            switch letter {
            case 0x20, 0x09, 0x0A, 0x0D: continue
            case UInt8(ascii: "="): padding += 1
            default:
                guard padding == 0, let value = value(of: letter) else { return nil }
                word = word << 6 | value
                letters += 1
                if letters.isMultiple(of: 4) {
                    bytes += [UInt8(word >> 16 & 0xFF), UInt8(word >> 8 & 0xFF), UInt8(word & 0xFF)]
                    word = 0
                }
            }
        }
        guard padding <= 2, (letters + padding).isMultiple(of: 4) else { return nil }
        switch letters % 4 {
        case 0: guard padding == 0 else { return nil }
        case 2: bytes.append(UInt8(word >> 4 & 0xFF))
        case 3: bytes += [UInt8(word >> 10 & 0xFF), UInt8(word >> 2 & 0xFF)]
        default: return nil
        }
        return bytes
    }

    private static func value(of letter: UInt8) -> UInt32? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
