package import Postgres
package import TokenCore

/// A lane's row of the audit trail, as it is stored.
package struct AuditRow: Sendable {
    package let lane: Int32
    package let sequence: Int64
    package let entry: AuditEntry
    package let hash: [UInt8]
}

/// The head of a lane's chain, or what came before its first row.
package struct AuditHead: Equatable, Sendable {
    package let lane: Int32
    /// The lane's topic and partition.
    package let place: String
    package let sequence: Int64
    package let hash: [UInt8]

    package init(lane: Int32, place: String, sequence: Int64, hash: [UInt8]) {
        self.lane = lane
        self.place = place
        self.sequence = sequence
        self.hash = hash
    }
}

/// Reading the audit trail, by an auditor's connection.
package struct AuditLog {
    /// What `audit export` asks for.
    package struct Filter: Sendable {
        package var tenant: String?
        package var since: Instant?
        package var until: Instant?

        package init(tenant: String? = nil, since: Instant? = nil, until: Instant? = nil) {
            self.tenant = tenant
            self.since = since
            self.until = until
        }
    }

    /// What a chain begins with.
    package static let origin = [UInt8](repeating: 0, count: 32)
    private static let pageSize: Int32 = 5_000
    private let connection: PGConnection

    package init(_ connection: PGConnection) {
        self.connection = connection
    }

    /// Runs `body` over one view of the database, whatever is written meanwhile.
    package func withSnapshot<Result>(_ body: () throws -> Result) throws -> Result {
        try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        do {
            let result = try body()
            try connection.commit()
            return result
        } catch {
            connection.rollback()
            throw error
        }
    }

    /// The heads of all lanes that have rows.
    package func heads() throws(PostgresError) -> [AuditHead] {
        let result = try connection.query(AuditQueries.heads)
        return result.rows.map { head(result, $0) }
    }

    /// Where the chains go on whose beginning was removed.
    package func anchors() throws(PostgresError) -> [Int32: AuditHead] {
        let result = try connection.query(AuditQueries.anchors)
        return Dictionary(result.rows.map { (result.int32($0, 0), head(result, $0)) }) { first, _ in first }
    }

    /// The lanes that have rows, whether or not they are lanes still.
    package func lanes() throws(PostgresError) -> [Int32] {
        let result = try connection.query(AuditQueries.lanes)
        return result.rows.map { result.int32($0, 0) }
    }

    /// The rows of a lane in their order, those with equal numbers side by side.
    package func forEachRow(ofLane lane: Int32, _ body: (AuditRow) throws -> Void) throws {
        try forEach(AuditQueries.laneCursor, [.int32(lane)], body)
    }

    /// The rows that the filter admits, in the order of time.
    package func forEachRow(_ filter: Filter, _ body: (AuditRow) throws -> Void) throws {
        try forEach(
            AuditQueries.exportCursor,
            [
                .text(filter.tenant), .timestamp(microsecondsSinceUnixEpoch: filter.since?.microseconds),
                .timestamp(microsecondsSinceUnixEpoch: filter.until?.microseconds),
            ],
            body
        )
    }

    private func forEach(
        _ cursor: Statement,
        _ parameters: [PGParameter],
        _ body: (AuditRow) throws -> Void
    ) throws {
        _ = try connection.query(cursor, parameters)
        var count = 0
        repeat {
            let result = try connection.query(AuditQueries.fetch)
            count = result.rowCount
            for row in result.rows { try body(AuditQueries.decode(result, row: row)) }
        } while count == Int(Self.pageSize)
        _ = try connection.query(AuditQueries.closeCursor)
    }

    /// Removes the months that ended before; the chains stay verifiable.
    ///
    /// - Returns: how many months went.
    package func retire(before instant: Instant) throws(PostgresError) -> Int {
        let parameter = PGParameter.timestamp(microsecondsSinceUnixEpoch: instant.microseconds)
        return Int(try connection.query(AuditQueries.retire, [parameter]).int32(0, 0))
    }

    private func head(_ result: PGResult, _ row: Int) -> AuditHead {
        AuditHead(
            lane: result.int32(row, 0),
            place: result.text(row, 1),
            sequence: result.int64(row, 2),
            hash: result.bytes(row, 3)
        )
    }

    fileprivate static var fetchSize: Int32 { pageSize }
}

extension TokenStore {
    /// The heads of all lanes that have audit rows, as they are committed.
    package func auditHeads() throws(PostgresError) -> [AuditHead] { try AuditLog(connection).heads() }
}

enum AuditQueries {
    static let heads = Statement(
        name: "audit_heads",
        sql: """
            SELECT lane_id, topic || '/' || partition, audit_seq, audit_hash FROM lane
            WHERE audit_seq > 0 ORDER BY lane_id
            """
    )

    static let anchors = Statement(
        name: "audit_anchors",
        sql: "SELECT lane_id, 'anchor', seq, hash FROM audit_anchor"
    )

    static let lanes = Statement(
        name: "audit_lanes",
        sql: "SELECT DISTINCT lane_id FROM audit_log ORDER BY lane_id"
    )

    private static let columns = """
        lane_id, seq, at, tenant, user_id, command, command_key, outcome, token_ids::text, auth_id, reason, hash
        """

    static let laneCursor = Statement(
        name: "audit_lane_cursor",
        sql: """
            DECLARE audit_rows NO SCROLL CURSOR FOR
            SELECT \(columns) FROM audit_log WHERE lane_id = $1::int ORDER BY seq
            """
    )

    static let exportCursor = Statement(
        name: "audit_export_cursor",
        sql: """
            DECLARE audit_rows NO SCROLL CURSOR FOR
            SELECT \(columns) FROM audit_log
            WHERE ($1::text IS NULL OR tenant = $1) AND at >= coalesce($2::timestamptz, '-infinity')
                AND at < coalesce($3::timestamptz, 'infinity')
            ORDER BY at, lane_id, seq
            """
    )

    static let fetch = Statement(name: "audit_fetch", sql: "FETCH \(AuditLog.fetchSize) FROM audit_rows")
    static let closeCursor = Statement(name: "audit_close", sql: "CLOSE audit_rows")

    static let retire = Statement(
        name: "audit_retire",
        sql: "SELECT audit_partitions_retire($1::timestamptz)"
    )

    static func decode(_ result: PGResult, row: Int) throws -> AuditRow {
        let ids = result.text(row, 8).dropFirst().dropLast().split(separator: ",").compactMap { TokenID($0) }
        return AuditRow(
            lane: result.int32(row, 0),
            sequence: result.int64(row, 1),
            entry: AuditEntry(
                at: result.instant(row, 2),
                tenant: result.text(row, 3),
                userID: result.optionalText(row, 4),
                command: result.text(row, 5),
                commandKey: UUIDValue(result.uuid(row, 6)),
                outcome: result.text(row, 7),
                tokens: ids,
                authID: result.optionalText(row, 9),
                reason: result.optionalText(row, 10)
            ),
            hash: result.bytes(row, 11)
        )
    }
}
