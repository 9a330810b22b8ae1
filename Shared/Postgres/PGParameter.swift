/// One binary parameter of a statement, with its type. `nil` is NULL.
///
/// Types are declared to the server when the statement is prepared, so that bytes are never taken for another type.
package struct PGParameter: Sendable {
    let type: UInt32
    let bytes: ParameterBytes?

    /// `text`
    package static func text(_ value: String?) -> PGParameter { scalar(TextFormat.self, value) }
    /// `smallint`
    package static func int16(_ value: Int16?) -> PGParameter { scalar(Int16Format.self, value) }
    /// `integer`
    package static func int32(_ value: Int32?) -> PGParameter { scalar(Int32Format.self, value) }
    /// `bigint`
    package static func int64(_ value: Int64?) -> PGParameter { scalar(Int64Format.self, value) }
    /// `boolean`
    package static func bool(_ value: Bool?) -> PGParameter { scalar(BoolFormat.self, value) }
    /// `bytea`
    package static func bytea(_ value: [UInt8]?) -> PGParameter { scalar(ByteaFormat.self, value) }
    /// `uuid`
    package static func uuid(_ value: PGUUID?) -> PGParameter { scalar(UUIDFormat.self, value) }
    /// `timestamptz`; `Int64.max` and `.min` are `infinity` and `-infinity`.
    package static func timestamp(microsecondsSinceUnixEpoch value: Int64?) -> PGParameter {
        scalar(TimestampFormat.self, value)
    }
    /// `jsonb` from JSON text in UTF-8
    package static func jsonb(text value: [UInt8]?) -> PGParameter { scalar(JSONBFormat.self, value) }

    private static func scalar<Format: WireFormat>(_ format: Format.Type, _ value: Format.Value?) -> PGParameter {
        guard let value else { return PGParameter(type: Format.oid, bytes: nil) }
        let bytes = ParameterBytes(count: Format.size(value)) { Format.write(value, to: &$0) }
        return PGParameter(type: Format.oid, bytes: bytes)
    }
}

/// Arrays of one dimension, for `unnest($1::…[])` and `= ANY($1)`. Each is one buffer of exact size.
extension PGParameter {
    /// `text[]`
    package static func texts(_ values: [String]) -> PGParameter { array(TextFormat.self, values) }
    /// `text[]` with NULLs
    package static func texts(_ values: [String?]) -> PGParameter { array(TextFormat.self, optional: values) }
    /// `smallint[]`
    package static func int16s(_ values: [Int16]) -> PGParameter { array(Int16Format.self, values) }
    /// `smallint[]` with NULLs
    package static func int16s(_ values: [Int16?]) -> PGParameter { array(Int16Format.self, optional: values) }
    /// `integer[]`
    package static func int32s(_ values: [Int32]) -> PGParameter { array(Int32Format.self, values) }
    /// `integer[]` with NULLs
    package static func int32s(_ values: [Int32?]) -> PGParameter { array(Int32Format.self, optional: values) }
    /// `bigint[]`
    package static func int64s(_ values: [Int64]) -> PGParameter { array(Int64Format.self, values) }
    /// `bigint[]` with NULLs
    package static func int64s(_ values: [Int64?]) -> PGParameter { array(Int64Format.self, optional: values) }
    /// `boolean[]`
    package static func bools(_ values: [Bool]) -> PGParameter { array(BoolFormat.self, values) }
    /// `boolean[]` with NULLs
    package static func bools(_ values: [Bool?]) -> PGParameter { array(BoolFormat.self, optional: values) }
    /// `bytea[]`
    package static func byteas(_ values: [[UInt8]]) -> PGParameter { array(ByteaFormat.self, values) }
    /// `bytea[]` with NULLs
    package static func byteas(_ values: [[UInt8]?]) -> PGParameter { array(ByteaFormat.self, optional: values) }
    /// `uuid[]`
    package static func uuids(_ values: [PGUUID]) -> PGParameter { array(UUIDFormat.self, values) }
    /// `uuid[]` with NULLs
    package static func uuids(_ values: [PGUUID?]) -> PGParameter { array(UUIDFormat.self, optional: values) }
    /// `timestamptz[]`, microseconds since the Unix epoch
    package static func timestamps(_ values: [Int64]) -> PGParameter { array(TimestampFormat.self, values) }
    /// `timestamptz[]` with NULLs, microseconds since the Unix epoch
    package static func timestamps(_ values: [Int64?]) -> PGParameter { array(TimestampFormat.self, optional: values) }
    /// `jsonb[]` from JSON texts in UTF-8
    package static func jsonbs(_ values: [[UInt8]]) -> PGParameter { array(JSONBFormat.self, values) }
    /// `jsonb[]` with NULLs from JSON texts in UTF-8
    package static func jsonbs(_ values: [[UInt8]?]) -> PGParameter { array(JSONBFormat.self, optional: values) }

    private static func array<Format: WireFormat>(_ format: Format.Type, _ values: [Format.Value]) -> PGParameter {
        var size = 0
        for value in values { size += 4 + Format.size(value) }
        return array(format, count: values.count, size: size, hasNulls: false) { writer in
            for value in values { element(format, value, to: &writer) }
        }
    }

    private static func array<Format: WireFormat>(
        _ format: Format.Type,
        optional values: [Format.Value?]
    ) -> PGParameter {
        var size = 0
        for value in values { size += 4 + (value.map(Format.size) ?? 0) }
        return array(format, count: values.count, size: size, hasNulls: true) { writer in
            for value in values {
                if let value { element(format, value, to: &writer) } else { writer.put(Int32(-1)) }
            }
        }
    }

    private static func element<Format: WireFormat>(
        _ format: Format.Type,
        _ value: Format.Value,
        to writer: inout ParameterWriter
    ) {
        writer.put(Int32(Format.size(value)))
        Format.write(value, to: &writer)
    }

    /// The header of `array_recv`: dimensions, has-null, element type, then count and lower bound for the one dimension.
    private static func array<Format: WireFormat>(
        _ format: Format.Type,
        count: Int,
        size: Int,
        hasNulls: Bool,
        elements: (inout ParameterWriter) -> Void
    ) -> PGParameter {
        let bytes = ParameterBytes(count: count == 0 ? 12 : 20 + size) { writer in
            writer.put(Int32(count == 0 ? 0 : 1))
            writer.put(Int32(hasNulls ? 1 : 0))
            writer.put(Format.oid)
            guard count > 0 else { return }
            writer.put(Int32(count))
            writer.put(Int32(1))
            elements(&writer)
        }
        return PGParameter(type: Format.arrayOID, bytes: bytes)
    }
}
