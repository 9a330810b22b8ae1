/// A strict reader of RFC 8259 texts, in one pass over the bytes.
///
/// Beyond the grammar it refuses what I-JSON (RFC 7493) does: duplicate member names, lone surrogates, invalid UTF-8,
/// numbers beyond the range of a Double. A byte order mark is not skipped.
package enum JSONParser {
    /// How deep arrays and objects may nest; `[]` has depth 1 (contract section 2).
    package static let maximumDepth = 16

    /// - Throws: `JSONError` with the reason and the byte's offset.
    package static func parse(
        _ bytes: [UInt8],
        maximumDepth: Int = JSONParser.maximumDepth
    ) throws(JSONError) -> JSONValue {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) -> JSONValue in
            var cursor = JSONCursor(bytes: buffer, maximumDepth: maximumDepth)
            return try cursor.text()
        }
    }

    /// - Throws: `JSONError` with the reason and the byte's offset.
    package static func parse(
        _ bytes: UnsafeRawBufferPointer,
        maximumDepth: Int = JSONParser.maximumDepth
    ) throws(JSONError) -> JSONValue {
        try bytes.withMemoryRebound(to: UInt8.self) { (buffer) throws(JSONError) -> JSONValue in
            var cursor = JSONCursor(bytes: buffer, maximumDepth: maximumDepth)
            return try cursor.text()
        }
    }
}

/// The parser's state: where it is in the bytes. It does not outlive the call that lent them.
private struct JSONCursor {
    let bytes: UnsafeBufferPointer<UInt8>
    let maximumDepth: Int
    var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    /// The byte at the position; 0, which no JSON text holds, at the end.
    private var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

    mutating func text() throws(JSONError) -> JSONValue {
        skipWhitespace()
        let value = try value(depth: 0)
        skipWhitespace()
        guard position == bytes.count else { throw JSONError(.trailingBytes, at: position) }
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        switch current {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"):
            try word("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try word("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try word("null")
            return .null
        default: throw unexpected()
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
        guard depth <= maximumDepth else { throw JSONError(.tooDeep, at: position) }
        position += 1
        skipWhitespace()
        if current == UInt8(ascii: "}") {
            position += 1
            return JSONObject()
        }
        var members: [JSONObject.Member] = []
        members.reserveCapacity(8)
        var names = DistinctNames()
        while true {
            let start = position
            guard current == UInt8(ascii: "\"") else { throw unexpected() }
            let name = try string()
            guard names.insert(name, among: members) else { throw JSONError(.duplicateMember, at: start) }
            skipWhitespace()
            guard current == UInt8(ascii: ":") else { throw unexpected() }
            position += 1
            skipWhitespace()
            members.append(JSONObject.Member(name: name, value: try value(depth: depth)))
            guard try continues(until: UInt8(ascii: "}")) else { return JSONObject(distinct: members) }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
        guard depth <= maximumDepth else { throw JSONError(.tooDeep, at: position) }
        position += 1
        skipWhitespace()
        var elements: [JSONValue] = []
        if current == UInt8(ascii: "]") {
            position += 1
            return elements
        }
        while true {
            elements.append(try value(depth: depth))
            guard try continues(until: UInt8(ascii: "]")) else { return elements }
        }
    }

    /// Steps over a comma (true: another element follows) or the closing bracket (false).
    private mutating func continues(until end: UInt8) throws(JSONError) -> Bool {
        skipWhitespace()
        let byte = current
        guard byte == UInt8(ascii: ",") || byte == end else { throw unexpected() }
        position += 1
        if byte == end { return false }
        skipWhitespace()
        return true
    }

    private mutating func word(_ word: StaticString) throws(JSONError) {
        for index in 0..<word.utf8CodeUnitCount {
            guard current == word.utf8Start[index] else { throw unexpected() }
            position += 1
        }
    }

    private mutating func skipWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private func unexpected() -> JSONError {
        JSONError(position < bytes.count ? .unexpectedByte : .unexpectedEnd, at: position)
    }
}

// MARK: - Numbers

extension JSONCursor {
    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        let isNegative = current == UInt8(ascii: "-")
        if isNegative { position += 1 }
        guard Self.isDigit(current) else { throw invalidNumber() }

        // The magnitude is summed up below zero, where Int64 has one value more.
        var integer: Int64 = 0
        var fits = true
        if current == UInt8(ascii: "0") {
            position += 1
            guard !Self.isDigit(current) else { throw invalidNumber() }
        } else {
            while Self.isDigit(current) {
                let (scaled, overflow) = integer.multipliedReportingOverflow(by: 10)
                let (sum, underflow) = scaled.subtractingReportingOverflow(Int64(current - UInt8(ascii: "0")))
                integer = sum
                fits = fits && !overflow && !underflow
                position += 1
            }
        }

        var isInteger = true
        if current == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            isInteger = false
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            try digits()
        }

        if isInteger, fits {
            if isNegative { return .integer(integer) }
            if integer != .min { return .integer(-integer) }
        }
        guard let double = Double(String(decoding: bytes[start..<position], as: UTF8.self)), double.isFinite else {
            throw JSONError(.numberOutOfRange, at: start)
        }
        return .double(double)
    }

    private mutating func digits() throws(JSONError) {
        guard Self.isDigit(current) else { throw invalidNumber() }
        while Self.isDigit(current) { position += 1 }
    }

    private func invalidNumber() -> JSONError {
        JSONError(position < bytes.count ? .invalidNumber : .unexpectedEnd, at: position)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}

// MARK: - Strings

extension JSONCursor {
    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let text = try validated(UnsafeBufferPointer(rebasing: bytes[start..<position]), at: start)
                position += 1
                return text
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case 0..<0x20: throw JSONError(.controlCharacter, at: position)
            default: position += 1
            }
        }
        throw JSONError(.unexpectedEnd, at: position)
    }

    /// Goes on with a string in which an escape was met: what stands before it is copied, the rest is decoded.
    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var unescaped = [UInt8](bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let text = String(validating: unescaped, as: UTF8.self) else {
                    throw JSONError(.invalidUTF8, at: start)
                }
                return text
            case UInt8(ascii: "\\"):
                position += 1
                try appendEscape(to: &unescaped)
            case 0..<0x20: throw JSONError(.controlCharacter, at: position)
            default:
                unescaped.append(byte)
                position += 1
            }
        }
        throw JSONError(.unexpectedEnd, at: position)
    }

    private mutating func appendEscape(to unescaped: inout [UInt8]) throws(JSONError) {
        let escape = current
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(escape)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            position += 1
            unescaped.append(contentsOf: UTF8.encode(try escapedScalar()) ?? UTF8.encodedReplacementCharacter)
            return
        default:
            throw JSONError(position < bytes.count ? .invalidEscape : .unexpectedEnd, at: position)
        }
        position += 1
    }

    /// One `\uXXXX`, or a pair of them where the first is a high surrogate.
    private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
        let start = position
        let first = try hexadecimalUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, current == UInt8(ascii: "\\") else { throw JSONError(.loneSurrogate, at: start) }
        position += 1
        guard current == UInt8(ascii: "u") else { throw JSONError(.loneSurrogate, at: start) }
        position += 1
        let second = try hexadecimalUnit()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw JSONError(.loneSurrogate, at: start) }
        return scalar
    }

    private mutating func hexadecimalUnit() throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            let byte = current
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw JSONError(position < bytes.count ? .invalidEscape : .unexpectedEnd, at: position)
            }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }

    private func validated(_ text: UnsafeBufferPointer<UInt8>, at start: Int) throws(JSONError) -> String {
        guard let string = String(validating: text, as: UTF8.self) else { throw JSONError(.invalidUTF8, at: start) }
        return string
    }
}
