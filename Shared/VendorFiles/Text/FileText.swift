/// The text of a file as UTF-8, made here so that no library loads a converter for it.
enum FileText {
    /// Reads UTF-8, or UTF-16 that begins with a byte order mark or with `<`.
    ///
    /// - Throws: `encoding` for what is neither, or has a NUL in it.
    static func utf8(_ bytes: [UInt8]) throws(UnreadableFile) -> [UInt8] {
        let text: [UInt8]
        switch (bytes.first, bytes.dropFirst().first) {
        case (0xFF, 0xFE), (0x3C, 0): text = try utf16(bytes, low: 0, high: 1)
        case (0xFE, 0xFF), (0, 0x3C): text = try utf16(bytes, low: 1, high: 0)
        default: text = bytes
        }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let unmarked = text.starts(with: mark) ? Array(text.dropFirst(mark.count)) : text
        guard !unmarked.contains(0) else { throw UnreadableFile(.encoding, "no text: there is a NUL in it") }
        return unmarked
    }

    /// - Throws: `encoding` where the text is not the UTF-8 that it should be.
    static func string(_ bytes: [UInt8]) throws(UnreadableFile) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw UnreadableFile(.encoding, "the text is no UTF-8")
        }
        return text
    }

    /// ISO 8859-1, each byte of which is the code point of that number.
    static func utf8(latin1 bytes: [UInt8]) -> [UInt8] {
        Array(String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })).utf8)
    }

    private static func utf16(_ bytes: [UInt8], low: Int, high: Int) throws(UnreadableFile) -> [UInt8] {
        guard bytes.count.isMultiple(of: 2) else { throw UnreadableFile(.encoding, "half a UTF-16 unit at the end") }
        let units = stride(from: 0, to: bytes.count, by: 2).map { index in
            UInt16(bytes[index + low]) | UInt16(bytes[index + high]) << 8
        }
        guard let text = String(validating: units, as: UTF16.self) else {
            throw UnreadableFile(.encoding, "the text is no UTF-16")
        }
        return Array(text.utf8)
    }
}
