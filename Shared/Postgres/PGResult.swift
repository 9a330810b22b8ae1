import CLibPQ

/// The rows and the command tag of one statement, in binary form; owner of a `PGresult`.
///
/// A class, because arrays can't hold non-copyable values yet. Rows and columns count from 0. Reading a NULL, or a value
/// of another size, through an accessor that isn't optional is a bug of the caller and stops the process, as an index out
/// of range does.
package final class PGResult {
    private let raw: OpaquePointer  // <PGresult>

    /// Number of rows.
    package let rowCount: Int

    /// Takes ownership.
    init(owned raw: OpaquePointer) {
        self.raw = raw
        rowCount = Int(PQntuples(raw))
    }

    deinit {
        PQclear(raw)
    }

    /// The row numbers, to iterate over.
    package var rows: Range<Int> { 0..<rowCount }

    /// The server's word for what it did, such as `INSERT 0 3`.
    package var commandTag: String {
        PQcmdStatus(raw).map { String(cString: $0) } ?? ""
    }

    /// Rows inserted, updated, deleted or selected; 0 for other commands.
    package var affectedRows: Int {
        PQcmdTuples(raw).flatMap { Int(String(cString: $0)) } ?? 0
    }

    package func isNull(_ row: Int, _ column: Int) -> Bool {
        check(row)
        return PQgetisnull(raw, CInt(row), CInt(column)) == 1
    }

    /// `smallint`
    package func int16(_ row: Int, _ column: Int) -> Int16 { load(row, column, as: Int16.self) }

    /// `integer`, or `smallint`
    package func int32(_ row: Int, _ column: Int) -> Int32 {
        let bytes = value(row, column)
        return switch bytes.count {
        case 2: Int32(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
        default: load(row, column, as: Int32.self)
        }
    }

    /// `bigint`, or a smaller integer
    package func int64(_ row: Int, _ column: Int) -> Int64 {
        let bytes = value(row, column)
        return switch bytes.count {
        case 2: Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
        case 4: Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
        default: load(row, column, as: Int64.self)
        }
    }

    /// `boolean`
    package func bool(_ row: Int, _ column: Int) -> Bool { load(row, column, as: UInt8.self) != 0 }

    /// `text` and its like; UTF-8, as the connection demands.
    package func text(_ row: Int, _ column: Int) -> String {
        String(decoding: presentValue(row, column), as: UTF8.self)
    }

    /// `bytea`, copied; any other type in its binary form.
    package func bytes(_ row: Int, _ column: Int) -> [UInt8] { [UInt8](presentValue(row, column)) }

    /// `uuid`
    package func uuid(_ row: Int, _ column: Int) -> PGUUID {
        let bytes = value(row, column)
        precondition(bytes.count == 16, "column \(column) is NULL or no uuid")
        return PGUUID(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
    }

    /// `timestamptz` in microseconds since the Unix epoch; `Int64.max` and `.min` for `infinity` and `-infinity`.
    package func timestamp(_ row: Int, _ column: Int) -> Int64 {
        TimestampFormat.unix(load(row, column, as: Int64.self))
    }

    /// The JSON text of a `jsonb`, in UTF-8.
    package func jsonb(_ row: Int, _ column: Int) -> [UInt8] {
        let bytes = presentValue(row, column)
        precondition(bytes.first == JSONBFormat.version, "column \(column) is no jsonb of version 1")
        return [UInt8](bytes.dropFirst())
    }

    /// Lends the bytes of a value without copying them; they must not outlive `body`.
    package func withBytes<R>(_ row: Int, _ column: Int, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        let bytes = presentValue(row, column)
        return try withExtendedLifetime(self) { try body(bytes) }
    }
}

/// The same, with `nil` for NULL.
extension PGResult {
    package func optionalInt16(_ row: Int, _ column: Int) -> Int16? {
        isNull(row, column) ? nil : int16(row, column)
    }

    package func optionalInt32(_ row: Int, _ column: Int) -> Int32? {
        isNull(row, column) ? nil : int32(row, column)
    }

    package func optionalInt64(_ row: Int, _ column: Int) -> Int64? {
        isNull(row, column) ? nil : int64(row, column)
    }

    package func optionalBool(_ row: Int, _ column: Int) -> Bool? {
        isNull(row, column) ? nil : bool(row, column)
    }

    package func optionalText(_ row: Int, _ column: Int) -> String? {
        isNull(row, column) ? nil : text(row, column)
    }

    package func optionalBytes(_ row: Int, _ column: Int) -> [UInt8]? {
        isNull(row, column) ? nil : bytes(row, column)
    }

    package func optionalUUID(_ row: Int, _ column: Int) -> PGUUID? {
        isNull(row, column) ? nil : uuid(row, column)
    }

    package func optionalTimestamp(_ row: Int, _ column: Int) -> Int64? {
        isNull(row, column) ? nil : timestamp(row, column)
    }

    package func optionalJSONB(_ row: Int, _ column: Int) -> [UInt8]? {
        isNull(row, column) ? nil : jsonb(row, column)
    }
}

extension PGResult {
    /// libpq's own bounds checks only warn (of columns it is told by an empty value).
    private func check(_ row: Int) {
        precondition(row >= 0 && row < rowCount, "row \(row) of \(rowCount)")
    }

    /// The bytes of a value; empty for NULL. Valid while `self` lives.
    private func value(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        check(row)
        let start = PQgetvalue(raw, CInt(row), CInt(column))
        return UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(raw, CInt(row), CInt(column))))
    }

    private func presentValue(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        let bytes = value(row, column)
        precondition(
            !bytes.isEmpty || PQgetisnull(raw, CInt(row), CInt(column)) == 0,
            "column \(column) is NULL or does not exist"
        )
        return bytes
    }

    private func load<Word: FixedWidthInteger & BitwiseCopyable>(_ row: Int, _ column: Int, as: Word.Type) -> Word {
        let bytes = value(row, column)
        precondition(bytes.count == MemoryLayout<Word>.size, "column \(column) is NULL or no \(Word.self)")
        return Word(bigEndian: bytes.loadUnaligned(as: Word.self))
    }
}
