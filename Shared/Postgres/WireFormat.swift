/// PostgreSQL's binary form of one value of a type; `pg_type.oid` and `pg_type.typarray` are fixed for built-in types.
protocol WireFormat {
    associatedtype Value
    static var oid: UInt32 { get }
    static var arrayOID: UInt32 { get }
    static func size(_ value: Value) -> Int
    static func write(_ value: Value, to writer: inout ParameterWriter)
}

enum Int16Format: WireFormat {
    static let oid: UInt32 = 21
    static let arrayOID: UInt32 = 1005
    static func size(_ value: Int16) -> Int { 2 }
    static func write(_ value: Int16, to writer: inout ParameterWriter) { writer.put(value) }
}

enum Int32Format: WireFormat {
    static let oid: UInt32 = 23
    static let arrayOID: UInt32 = 1007
    static func size(_ value: Int32) -> Int { 4 }
    static func write(_ value: Int32, to writer: inout ParameterWriter) { writer.put(value) }
}

enum Int64Format: WireFormat {
    static let oid: UInt32 = 20
    static let arrayOID: UInt32 = 1016
    static func size(_ value: Int64) -> Int { 8 }
    static func write(_ value: Int64, to writer: inout ParameterWriter) { writer.put(value) }
}

enum BoolFormat: WireFormat {
    static let oid: UInt32 = 16
    static let arrayOID: UInt32 = 1000
    static func size(_ value: Bool) -> Int { 1 }
    static func write(_ value: Bool, to writer: inout ParameterWriter) { writer.put(UInt8(value ? 1 : 0)) }
}

enum TextFormat: WireFormat {
    static let oid: UInt32 = 25
    static let arrayOID: UInt32 = 1009
    static func size(_ value: String) -> Int { value.utf8.count }
    static func write(_ value: String, to writer: inout ParameterWriter) {
        var text = value
        text.withUTF8 { writer.put(UnsafeRawBufferPointer($0)) }
    }
}

enum ByteaFormat: WireFormat {
    static let oid: UInt32 = 17
    static let arrayOID: UInt32 = 1001
    static func size(_ value: [UInt8]) -> Int { value.count }
    static func write(_ value: [UInt8], to writer: inout ParameterWriter) {
        value.withUnsafeBytes { writer.put($0) }
    }
}

enum UUIDFormat: WireFormat {
    static let oid: UInt32 = 2950
    static let arrayOID: UInt32 = 2951
    static func size(_ value: PGUUID) -> Int { 16 }
    static func write(_ value: PGUUID, to writer: inout ParameterWriter) {
        writer.put(value.high)
        writer.put(value.low)
    }
}

/// `jsonb`: a version byte, then the JSON text in UTF-8.
enum JSONBFormat: WireFormat {
    static let oid: UInt32 = 3802
    static let arrayOID: UInt32 = 3807
    static let version: UInt8 = 1
    static func size(_ value: [UInt8]) -> Int { 1 + value.count }
    static func write(_ value: [UInt8], to writer: inout ParameterWriter) {
        writer.put(version)
        value.withUnsafeBytes { writer.put($0) }
    }
}

/// `timestamptz`: microseconds since 2000-01-01T00:00:00Z on the wire, since 1970 in our hands.
enum TimestampFormat: WireFormat {
    static let oid: UInt32 = 1184
    static let arrayOID: UInt32 = 1185

    private static let epoch: Int64 = 946_684_800_000_000

    static func size(_ value: Int64) -> Int { 8 }
    static func write(_ value: Int64, to writer: inout ParameterWriter) { writer.put(wire(value)) }

    /// `Int64.max` and `.min` stand for `infinity` and `-infinity` on both sides.
    static func wire(_ unix: Int64) -> Int64 {
        if unix == .max { return .max }
        let (value, overflow) = unix.subtractingReportingOverflow(epoch)
        return overflow ? .min : value
    }

    static func unix(_ wire: Int64) -> Int64 {
        if wire == .min { return .min }
        let (value, overflow) = wire.addingReportingOverflow(epoch)
        return overflow ? .max : value
    }
}
