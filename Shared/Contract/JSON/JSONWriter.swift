/// Appends JSON texts to a byte array: members in their given order, no white space, only the escapes that must be.
///
/// Equal values give equal bytes, so what is stored, hashed or sent twice stays the same.
package enum JSONWriter {
    /// A Double that is not finite becomes `null`, there being no JSON for it; the parser makes none.
    package static func append(_ value: JSONValue, to bytes: inout [UInt8]) {
        switch value {
        case .null: append(word: "null", to: &bytes)
        case .bool(let bool): append(word: bool ? "true" : "false", to: &bytes)
        case .integer(let integer): append(integer, to: &bytes)
        case .double(let double): bytes.append(contentsOf: (double.isFinite ? double.description : "null").utf8)
        case .string(let string): append(quoting: string, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            var isFirst = true
            for element in elements {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                append(element, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            var isFirst = true
            for member in object.members {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                append(quoting: member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                append(member.value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// How many bytes the text will have, but for escapes.
    static func estimatedSize(of value: JSONValue) -> Int {
        switch value {
        case .null, .bool: 5
        case .integer, .double: 20
        case .string(let string): string.utf8.count + 2
        case .array(let elements): elements.reduce(2) { $0 + estimatedSize(of: $1) + 1 }
        case .object(let object):
            object.members.reduce(2) { $0 + $1.name.utf8.count + 4 + estimatedSize(of: $1.value) }
        }
    }

    /// A string in quotes; escapes `"`, `\` and U+0000–U+001F, in the forms of RFC 8785 §3.2.2.2.
    package static func append(quoting string: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var string = string
        string.withUTF8 { text in
            var runStart = 0
            for index in text.indices {
                let byte = text[index]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                bytes.append(contentsOf: text[runStart..<index])
                appendEscape(of: byte, to: &bytes)
                runStart = index + 1
            }
            bytes.append(contentsOf: text[runStart...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A decimal number.
    package static func append(_ integer: Int64, to bytes: inout [UInt8]) {
        if integer < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = integer.magnitude
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    private static func append(word: StaticString, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    private static func appendEscape(of byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x00..<0x20:
            append(word: "u00", to: &bytes)
            bytes.append(UInt8(ascii: "0") + (byte >> 4))
            let low = byte & 0x0F
            bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
        default: bytes.append(byte)
        }
    }
}
