/// A JSON text as a value (RFC 8259): numbers without fraction and exponent that fit stay integers.
///
/// Equality is bytewise: two spellings of one letter (Unicode normalisation) are two strings, as on the wire.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Always finite when it comes from the parser.
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// The object, where this is one.
    package var objectValue: JSONObject? {
        if case .object(let object) = self { object } else { nil }
    }

    /// The string, where this is one.
    package var stringValue: String? {
        if case .string(let string) = self { string } else { nil }
    }

    /// Compact UTF-8 text with members in their given order; equal values give equal bytes.
    package func serialized() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(JSONWriter.estimatedSize(of: self))
        JSONWriter.append(self, to: &bytes)
        return bytes
    }
}

extension JSONValue: Equatable {
    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.double(let left), .double(let right)): left == right
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

extension JSONValue: CustomStringConvertible, CustomReflectable {
    /// Names the kind only: a command's data may hold an OTP, and descriptions end in logs.
    package var description: String {
        switch self {
        case .null: "JSON null"
        case .bool: "JSON boolean"
        case .integer, .double: "JSON number"
        case .string: "JSON string"
        case .array(let elements): "JSON array of \(elements.count)"
        case .object(let object): object.description
        }
    }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (name, value) in elements { object.set(name, to: value) }
        self = .object(object)
    }
}

extension String {
    /// Bytewise equality; `==` alone holds canonically equivalent spellings for equal.
    package func hasSameBytes(as other: String) -> Bool {
        // `==` is one comparison of memory for most strings and rules out nearly all that differ.
        self == other && utf8.elementsEqual(other.utf8)
    }
}
