import Postgres
import Testing

@Suite("Values", .timeLimit(.minutes(1)))
struct ValueTests {
    private let uuid = PGUUID(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210)

    @Test("Scalars come back as they went, and the server reads them as we mean them")
    func scalars() throws {
        try withConnection { (connection, _) throws in
            let statement = Statement(
                name: "scalars",
                sql: """
                    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9,
                        ROW($1, $2, $3, $4, $5, $6, $7, $8 AT TIME ZONE 'UTC', $9)::text
                    """
            )
            let result = try connection.query(
                statement,
                [
                    .text("grüße 🗝️ 'x'"), .int16(-2), .int32(.min), .int64(.max), .bool(true), .bytea([0, 255, 39]),
                    .uuid(uuid), .timestamp(microsecondsSinceUnixEpoch: 1_700_000_000_123_456),
                    .jsonb(text: Array(#"{"a": "ü"}"#.utf8)),
                ]
            )
            #expect(result.text(0, 0) == "grüße 🗝️ 'x'")
            #expect(result.int16(0, 1) == -2)
            #expect(result.int32(0, 2) == .min)
            #expect(result.int64(0, 3) == .max)
            #expect(result.bool(0, 4))
            #expect(result.bytes(0, 5) == [0, 255, 39])
            #expect(result.uuid(0, 6) == uuid)
            #expect(result.timestamp(0, 7) == 1_700_000_000_123_456)
            #expect(result.jsonb(0, 8) == Array(#"{"a": "ü"}"#.utf8))
            #expect(
                result.text(0, 9) == #"("grüße 🗝️ 'x'",-2,-2147483648,9223372036854775807,t,"\\x00ff27","#
                    + #"01234567-89ab-cdef-fedc-ba9876543210,"2023-11-14 22:13:20.123456","{""a"": ""ü""}")"#
            )
            #expect(result.int64(0, 1) == -2 && result.int64(0, 2) == Int64(Int32.min) && result.int32(0, 1) == -2)
            #expect(result.withBytes(0, 5) { $0.count } == 3)
            #expect(result.commandTag == "SELECT 1" && result.affectedRows == 1 && result.rowCount == 1)
        }
    }

    @Test("NULL is not empty, for every type")
    func nulls() throws {
        try withConnection { (connection, _) throws in
            let statement = Statement(name: "nulls", sql: "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11")
            let result = try connection.query(
                statement,
                [
                    .text(nil), .int16(nil), .int32(nil), .int64(nil), .bool(nil), .bytea(nil), .uuid(nil),
                    .timestamp(microsecondsSinceUnixEpoch: nil), .jsonb(text: nil), .text(""), .bytea([]),
                ]
            )
            #expect((0..<9).allSatisfy { result.isNull(0, $0) })
            #expect(result.optionalText(0, 0) == nil && result.optionalInt16(0, 1) == nil)
            #expect(result.optionalInt32(0, 2) == nil && result.optionalInt64(0, 3) == nil)
            #expect(result.optionalBool(0, 4) == nil && result.optionalBytes(0, 5) == nil)
            #expect(result.optionalUUID(0, 6) == nil && result.optionalTimestamp(0, 7) == nil)
            #expect(result.optionalJSONB(0, 8) == nil)
            #expect(result.optionalText(0, 9) == "" && result.optionalBytes(0, 10) == [])
        }
    }

    @Test("Arrays with NULLs keep their order")
    func arrays() throws {
        try withConnection { (connection, _) throws in
            let statement = Statement(
                name: "arrays",
                sql: """
                    SELECT * FROM unnest($1::text[], $2::smallint[], $3::integer[], $4::bigint[], $5::boolean[],
                        $6::bytea[], $7::uuid[], $8::timestamptz[], $9::jsonb[])
                    """
            )
            let result = try connection.query(
                statement,
                [
                    .texts(["ä", nil, ""]), .int16s([1, nil, -1]), .int32s([nil, 2, .max]), .int64s([3, .min, nil]),
                    .bools([true, nil, false]), .byteas([[], nil, [1, 2, 3]]), .uuids([nil, uuid, uuid]),
                    .timestamps([0, nil, -1]), .jsonbs([Array("[]".utf8), nil, Array("1".utf8)]),
                ]
            )
            #expect(result.rows.map { result.optionalText($0, 0) } == ["ä", nil, ""])
            #expect(result.rows.map { result.optionalInt16($0, 1) } == [1, nil, -1])
            #expect(result.rows.map { result.optionalInt32($0, 2) } == [nil, 2, .max])
            #expect(result.rows.map { result.optionalInt64($0, 3) } == [3, .min, nil])
            #expect(result.rows.map { result.optionalBool($0, 4) } == [true, nil, false])
            #expect(result.rows.map { result.optionalBytes($0, 5) } == [[], nil, [1, 2, 3]])
            #expect(result.rows.map { result.optionalUUID($0, 6) } == [nil, uuid, uuid])
            #expect(result.rows.map { result.optionalTimestamp($0, 7) } == [0, nil, -1])
            #expect(result.rows.map { result.optionalJSONB($0, 8) } == [Array("[]".utf8), nil, Array("1".utf8)])
        }
    }

    @Test("Arrays without NULLs, and empty ones, are arrays too")
    func plainArrays() throws {
        try withConnection { (connection, _) throws in
            let types = ["text", "smallint", "integer", "bigint", "boolean", "bytea", "uuid", "timestamptz", "jsonb"]
            let columns = types.enumerated().map { "cardinality($\($0.offset + 1)::\($0.element)[])" }
            let statement = Statement(name: "plain", sql: "SELECT " + columns.joined(separator: ", "))
            let filled: [PGParameter] = [
                .texts(["a", "b"]), .int16s([1, 2]), .int32s([1, 2]), .int64s([1, 2]), .bools([true, false]),
                .byteas([[1], []]), .uuids([uuid, uuid]), .timestamps([1, 2]), .jsonbs([[0x31], [0x32]]),
            ]
            let empty: [PGParameter] = [
                .texts([String]()), .int16s([Int16]()), .int32s([Int32]()), .int64s([Int64]()), .bools([Bool]()),
                .byteas([[UInt8]]()), .uuids([PGUUID]()), .timestamps([Int64]()), .jsonbs([[UInt8]]()),
            ]
            for (parameters, count) in [(filled, Int32(2)), (empty, 0)] {
                let result = try connection.query(statement, parameters)
                #expect(types.indices.map { result.int32(0, $0) } == types.map { _ in count })
            }
        }
    }

    @Test("Timestamps reach from minus to plus infinity", arguments: [0, 946_684_800_000_000, -1, Int64.max, .min])
    func timestamps(value: Int64) throws {
        try withConnection { (connection, _) throws in
            let statement = Statement(name: "time", sql: "SELECT $1, isfinite($1)")
            let result = try connection.query(statement, [.timestamp(microsecondsSinceUnixEpoch: value)])
            #expect(result.timestamp(0, 0) == value)
            #expect(result.bool(0, 1) == (value != .max && value != .min))
        }
    }

    @Test("A megabyte of bytes crosses unharmed")
    func megabyte() throws {
        try withConnection { (connection, _) throws in
            let bytes = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            let statement = Statement(name: "megabyte", sql: "SELECT $1, md5($1), md5($2)")
            let result = try connection.query(statement, [.bytea(bytes), .bytea(bytes)])
            #expect(result.bytes(0, 0) == bytes)
            #expect(result.text(0, 1) == result.text(0, 2))
        }
    }

    @Test("Session settings hold, whatever their value looks like")
    func settings() throws {
        let wanted = ["plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "search_path": #"a, "b 'c\""#]
        try withConnection(settings: wanted) { (connection, _) throws in
            let statement = Statement(name: "setting", sql: "SELECT current_setting($1)")
            for name in wanted.keys {
                #expect(try connection.query(statement, [.text(name)]).text(0, 0) == wanted[name])
            }
            #expect(try connection.query(statement, [.text("application_name")]).text(0, 0) == "test")
        }
    }
}
