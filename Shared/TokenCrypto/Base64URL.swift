/// Base64url without padding (RFC 4648 §5, RFC 7515 §2).
package enum Base64URL {
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    /// The text of `bytes`.
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: encodeBytes(bytes), as: UTF8.self)
    }

    /// The text of `bytes`, as ASCII.
    package static func encodeBytes(_ bytes: some Collection<UInt8>) -> [UInt8] {
        withContiguousBytes(bytes) { bytes in
            var text: [UInt8] = []
            text.reserveCapacity(encodedLength(bytes.count))
            append(bytes, to: &text)
            return text
        }
    }

    /// The bytes of a text; nil for anything but its one canonical form: no padding, no white space, no other alphabet,
    /// unused bits zero (two texts of the same bytes would be two names of one thing).
    package static func decode(_ text: String) -> [UInt8]? {
        decode(text.utf8)
    }

    /// The bytes of a text in ASCII; nil for anything but its one canonical form.
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        withContiguousBytes(text) { text in
            guard !text.isEmpty else { return [] }
            guard text.count % 4 != 1 else { return nil }
            let length = decodedLength(text.count)
            var isCanonical = true
            let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, initialized in
                isCanonical = decode(text, into: UnsafeMutableRawBufferPointer(buffer))
                if !isCanonical { buffer.initialize(repeating: 0) }
                initialized = length
            }
            return isCanonical ? bytes : nil
        }
    }

    static func encodedLength(_ count: Int) -> Int { (count * 4 + 2) / 3 }
    static func decodedLength(_ count: Int) -> Int { count * 3 / 4 }

    static func append(_ bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        let letters = alphabet.utf8Start
        var word: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            word = word << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(letters[Int(word >> bits & 63)])
            }
        }
        if bits > 0 { text.append(letters[Int(word << (6 - bits) & 63)]) }
    }

    private static func decode(_ text: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
        values.withUnsafeBufferPointer { values in
            var word: UInt32 = 0
            var bits: UInt32 = 0
            var written = 0
            for letter in text {
                let value = values[Int(letter)]
                guard value < 64 else { return false }
                word = word << 6 | UInt32(value)
                bits += 6
                if bits >= 8 {
                    bits -= 8
                    output[written] = UInt8(truncatingIfNeeded: word >> bits)
                    written += 1
                }
            }
            return word & ((1 << bits) - 1) == 0
        }
    }

    /// The six bits of each letter; 64 for what is none.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 64, count: 256)
        for index in 0..<64 { values[Int(alphabet.utf8Start[index])] = UInt8(index) }
        return values
    }()
}
