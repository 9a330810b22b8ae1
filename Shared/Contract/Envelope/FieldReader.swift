// `Int64(exactly:)` of a Double calls libm, which nothing else here would link.
import Glibc
package import TokenCore

/// A field that is missing or ill-typed: `malformed` with `details.field`.
package struct FieldError: Error, Sendable, Equatable {
    /// A JSON pointer into the data (RFC 6901), or a header's name, or `key`.
    package var pointer: String

    /// - Parameter pointer: fit for `details.field` as it is.
    package init(pointer: String) { self.pointer = pointer }
}

/// Reads the members of a command's data, each with its type; errors say where, never what.
///
/// Unknown members are ignored, and `null` counts as absent (section 4).
package struct FieldReader: Sendable {
    /// Longest text by default, in characters (section 2).
    package static let maximumTextLength = 255

    /// The members to read.
    package let object: JSONObject
    private let pointer: String

    /// - Parameter pointer: where the object stands in the data; empty for the data themselves.
    package init(_ object: JSONObject, pointer: String = "") {
        self.object = object
        self.pointer = pointer
    }

    /// The pointer of a member of this object.
    package func pointer(to name: String) -> String { JSONPointer.member(name, of: pointer) }

    /// The error that refuses a member.
    package func error(_ name: String) -> FieldError { FieldError(pointer: pointer(to: name)) }

    /// The member; nil where it is absent or null.
    package func optionalValue(_ name: String) -> JSONValue? {
        guard let value = object[name], value != .null else { return nil }
        return value
    }

    /// Reads a member by a rule of the caller's; nil from the rule refuses it.
    package func optional<Value>(
        _ name: String,
        _ read: (JSONValue) -> Value?
    ) throws(FieldError) -> Value? {
        guard let value = optionalValue(name) else { return nil }
        guard let read = read(value) else { throw error(name) }
        return read
    }

    /// The same for a member that must be there.
    package func required<Value>(_ name: String, _ read: (JSONValue) -> Value?) throws(FieldError) -> Value {
        guard let value = try optional(name, read) else { throw error(name) }
        return value
    }

    /// A string of any length and content.
    package func string(_ name: String) throws(FieldError) -> String { try required(name, \.stringValue) }

    /// The same, where it may be absent.
    package func optionalString(_ name: String) throws(FieldError) -> String? { try optional(name, \.stringValue) }

    /// A string of at most so many Unicode scalars, without control characters and line separators; it may be empty.
    package func text(_ name: String, maxCharacters: Int = maximumTextLength) throws(FieldError) -> String {
        try required(name) { Self.text($0, maxCharacters) }
    }

    /// The same, where it may be absent.
    package func optionalText(_ name: String, maxCharacters: Int = maximumTextLength) throws(FieldError) -> String? {
        try optional(name) { Self.text($0, maxCharacters) }
    }

    /// A UUID in its canonical form, in either case.
    package func uuid(_ name: String) throws(FieldError) -> UUIDValue { try required(name, Self.uuid) }

    /// The same, where it may be absent.
    package func optionalUUID(_ name: String) throws(FieldError) -> UUIDValue? { try optional(name, Self.uuid) }

    /// RFC 3339 with zone.
    package func instant(_ name: String) throws(FieldError) -> Instant { try required(name, Self.instant) }

    /// The same, where it may be absent.
    package func optionalInstant(_ name: String) throws(FieldError) -> Instant? { try optional(name, Self.instant) }

    /// A whole number within a range; `2.0` is one.
    package func integer(
        _ name: String,
        in range: ClosedRange<Int64> = .min ... .max
    ) throws(FieldError) -> Int64 {
        try required(name) { Self.integer($0, range) }
    }

    /// The same, where it may be absent.
    package func optionalInteger(
        _ name: String,
        in range: ClosedRange<Int64> = .min ... .max
    ) throws(FieldError) -> Int64? {
        try optional(name) { Self.integer($0, range) }
    }

    /// True or false.
    package func bool(_ name: String) throws(FieldError) -> Bool { try required(name, Self.bool) }

    /// The same, where it may be absent.
    package func optionalBool(_ name: String) throws(FieldError) -> Bool? { try optional(name, Self.bool) }

    /// An object, whose own members are named by their whole path.
    package func object(_ name: String) throws(FieldError) -> FieldReader {
        FieldReader(try required(name, \.objectValue), pointer: pointer(to: name))
    }

    /// The same, where it may be absent.
    package func optionalObject(_ name: String) throws(FieldError) -> FieldReader? {
        guard let object = try optional(name, \.objectValue) else { return nil }
        return FieldReader(object, pointer: pointer(to: name))
    }

    /// An array of anything.
    package func array(_ name: String) throws(FieldError) -> [JSONValue] { try required(name, Self.array) }

    /// The same, where it may be absent.
    package func optionalArray(_ name: String) throws(FieldError) -> [JSONValue]? { try optional(name, Self.array) }

    /// An array of objects, each a reader that knows its index.
    package func objects(_ name: String) throws(FieldError) -> [FieldReader] {
        var readers: [FieldReader] = []
        for (index, element) in try array(name).enumerated() {
            let pointer = JSONPointer.element(index, of: pointer(to: name))
            guard let object = element.objectValue else { throw FieldError(pointer: pointer) }
            readers.append(FieldReader(object, pointer: pointer))
        }
        return readers
    }

    /// One of a closed set of strings.
    package func stringEnum<Value: RawRepresentable<String>>(
        _ name: String,
        as type: Value.Type = Value.self
    ) throws(FieldError) -> Value {
        try required(name) { $0.stringValue.flatMap(Value.init(rawValue:)) }
    }

    /// The same, where it may be absent.
    package func optionalStringEnum<Value: RawRepresentable<String>>(
        _ name: String,
        as type: Value.Type = Value.self
    ) throws(FieldError) -> Value? {
        try optional(name) { $0.stringValue.flatMap(Value.init(rawValue:)) }
    }
}

extension FieldReader: CustomStringConvertible, CustomReflectable {
    package var description: String { "fields of '\(pointer)'" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

// MARK: - Rules

extension FieldReader {
    private static func text(_ value: JSONValue, _ maximum: Int) -> String? {
        // Scalars, not grapheme clusters: a cluster has no bound on its bytes.
        value.stringValue.flatMap { $0.unicodeScalars.count <= maximum && !$0.breaksLines ? $0 : nil }
    }

    private static func uuid(_ value: JSONValue) -> UUIDValue? { value.stringValue.flatMap { UUIDValue($0) } }

    private static func instant(_ value: JSONValue) -> Instant? { value.stringValue.flatMap { Instant(rfc3339: $0) } }

    private static func integer(_ value: JSONValue, _ range: ClosedRange<Int64>) -> Int64? {
        let integer: Int64? =
            switch value {
            case .integer(let integer): integer
            case .double(let double): Int64(exactly: double)
            default: nil
            }
        return integer.flatMap { range.contains($0) ? $0 : nil }
    }

    private static func bool(_ value: JSONValue) -> Bool? {
        if case .bool(let bool) = value { bool } else { nil }
    }

    private static func array(_ value: JSONValue) -> [JSONValue]? {
        if case .array(let elements) = value { elements } else { nil }
    }
}
