/// Measures tags before a parser sees them.
enum TagLengths {
    /// Whether no tag is longer than `limit` bytes. Of what is not well-formed only the part before the first mistake is
    /// measured right, which is the part that a parser reads.
    static func areAtMost(_ limit: Int, in bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            var position = 0
            while let start = index(of: UInt8(ascii: "<"), in: bytes, from: position) {
                if let end = endOfOpaque(bytes, from: start) {
                    position = end
                    continue
                }
                let end = endOfTag(bytes, from: start)
                guard end - start <= limit else { return false }
                position = end
            }
            return true
        }
    }

    private static let opaque: [(start: [UInt8], end: [UInt8])] = [
        (Array("<!--".utf8), Array("-->".utf8)), (Array("<![CDATA[".utf8), Array("]]>".utf8)),
        (Array("<?".utf8), Array("?>".utf8)),
    ]

    /// The end of a comment, a CDATA section or a processing instruction, where one begins at `start`.
    private static func endOfOpaque(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        guard let marks = opaque.first(where: { bytes[start...].starts(with: $0.start) }) else { return nil }
        var position = start + marks.start.count
        while let next = index(of: marks.end[0], in: bytes, from: position) {
            if bytes[next...].starts(with: marks.end) { return next + marks.end.count }
            position = next + 1
        }
        return bytes.count
    }

    private static func endOfTag(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var quote: UInt8 = 0
        for index in start..<bytes.count {
            switch bytes[index] {
            case quote where quote != 0: quote = 0
            case UInt8(ascii: "\""), UInt8(ascii: "'"): if quote == 0 { quote = bytes[index] }
            case UInt8(ascii: ">") where quote == 0: return index + 1
            default: break
            }
        }
        return bytes.count
    }

    private static func index(of byte: UInt8, in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        start < bytes.count ? bytes[start...].firstIndex(of: byte) : nil
    }
}
