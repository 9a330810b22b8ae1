/// A JSON value (RFC 8259), as far as keys and headers need it: texts stay where they lie, so that a key in one is not
/// copied into a string that nobody wipes.
indirect enum JSONNode {
    case object([JSONMember])
    /// `places`: where each element lies; `end`: the offset of the closing bracket.
    case array([JSONNode], places: [Range<Int>], end: Int)
    case string(JSONText)
    /// A number, `true`, `false` or `null`: nothing here reads one.
    case other
}

/// A member of an object.
struct JSONMember {
    let name: String
    let value: JSONNode
}

/// Where a string's content lies, and what it says where escapes make that differ.
struct JSONText {
    let range: Range<Int>
    let unescaped: String?
}

/// The place of the first byte that is not JSON.
struct JSONFault: Error, Equatable {
    let offset: Int
}

/// A strict reader: UTF-8, no member twice, no lone surrogate, nothing after the value, at most eight levels
/// and 64 members in an object.
struct JSONReader {
    private static let maximumDepth = 8
    private static let maximumMembers = 64  // few enough to look for a twin one by one
    private let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0

    private init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    static func read(_ bytes: UnsafeRawBufferPointer) throws(JSONFault) -> JSONNode {
        let bytes = bytes.assumingMemoryBound(to: UInt8.self)
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw JSONFault(offset: error.byteOffsets.lowerBound)
        }
        var reader = JSONReader(bytes)
        let node = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.offset == bytes.count else { throw reader.fault }
        return node
    }

    /// What a string says.
    static func string(_ text: JSONText, in bytes: UnsafeRawBufferPointer) -> String {
        text.unescaped ?? String(decoding: bytes[text.range], as: UTF8.self)
    }

    private var fault: JSONFault { JSONFault(offset: offset) }
    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func value(depth: Int) throws(JSONFault) -> JSONNode {
        guard depth < Self.maximumDepth else { throw fault }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        default: try number()
        }
        return .other
    }

    private mutating func object(depth: Int) throws(JSONFault) -> JSONNode {
        offset += 1
        var members: [JSONMember] = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object([]) }
        while true {
            skipSpace()
            let start = offset
            let name = Self.string(try string(), in: UnsafeRawBufferPointer(bytes))
            guard members.count < Self.maximumMembers, !members.contains(where: { $0.name == name }) else {
                throw JSONFault(offset: start)
            }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw fault }
            members.append(JSONMember(name: name, value: try value(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw fault }
        }
    }

    private mutating func array(depth: Int) throws(JSONFault) -> JSONNode {
        offset += 1
        var elements: [JSONNode] = []
        var places: [Range<Int>] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array([], places: [], end: offset - 1) }
        while true {
            skipSpace()
            let start = offset
            elements.append(try value(depth: depth + 1))
            places.append(start..<offset)
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements, places: places, end: offset - 1) }
            guard take(UInt8(ascii: ",")) else { throw fault }
        }
    }

    private mutating func string() throws(JSONFault) -> JSONText {
        guard take(UInt8(ascii: "\"")) else { throw fault }
        let start = offset
        var unescaped: [UInt8]?  // only where there is an escape
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                let text = unescaped.map { String(decoding: $0, as: UTF8.self) }
                offset += 1
                return JSONText(range: start..<offset - 1, unescaped: text)
            case UInt8(ascii: "\\"):
                var text = unescaped ?? Array(bytes[start..<offset])
                text.append(contentsOf: String(try escape()).utf8)
                unescaped = text
            case 0..<0x20:
                throw fault
            default:
                unescaped?.append(byte)
                offset += 1
            }
        }
        throw fault
    }

    private mutating func escape() throws(JSONFault) -> Character {
        offset += 1
        guard let byte = peek else { throw fault }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw fault
        }
        var code = try fourDigits()
        if (0xD800..<0xDC00).contains(code) {
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw fault }
            let low = try fourDigits()
            guard (0xDC00..<0xE000).contains(low) else { throw fault }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw fault }
        return Character(scalar)
    }

    private mutating func fourDigits() throws(JSONFault) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw fault }
            code = code << 4 | UInt32(digit)
            offset += 1
        }
        return code
    }

    private mutating func literal(_ word: StaticString) throws(JSONFault) {
        for index in 0..<word.utf8CodeUnitCount {
            guard take(word.utf8Start[index]) else { throw fault }
        }
    }

    private mutating func number() throws(JSONFault) {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
    }

    private mutating func digits() throws(JSONFault) {
        let start = offset
        while let byte = peek, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { offset += 1 }
        guard offset > start else { throw fault }
    }
}
