package import Postgres

/// Removes what nobody asks for any more, in small bites, and makes the inbox's next partitions.
package struct Housekeeping: Sendable {
    /// What one round did.
    package struct Report: Equatable, Sendable {
        /// Rows removed.
        package var removed = 0
        /// Inbox partitions that are past their time but still hold answers that are owed.
        package var keptPartitions = 0
        /// Some tables had more to remove than a round takes.
        package var isUnfinished = false
    }

    /// How long inbox rows are kept: the horizon and what is promised to repeats.
    private let inboxSeconds: Int64
    /// How long it matters that an OTP message was sent.
    private let sendSeconds: Int64
    private static let lock: Int64 = 7_310_868_735_421_905_020
    private static let bite: Int32 = 1_000
    private static let bites = 20

    /// - Parameters:
    ///   - horizonSeconds: `INBOX_RETENTION`.
    ///   - longestLimitSeconds: the longest window of the sending limits.
    package init(horizonSeconds: Int64, longestLimitSeconds: Int64) {
        inboxSeconds = horizonSeconds + 86_400
        sendSeconds = max(longestLimitSeconds, 86_400) + 3_600
    }

    /// One round, unless another scanner is at it.
    ///
    /// - Returns: nil where another one was.
    package func run(_ store: TokenStore) throws(PostgresError) -> Report? {
        try run(store.connection)
    }

    func run(_ connection: PGConnection) throws(PostgresError) -> Report? {
        guard try connection.query(ScanQueries.tryLock, [.int64(Self.lock)]).bool(0, 0) else { return nil }
        let report: Report
        do {
            report = try round(connection)
        } catch {
            if !connection.isBroken { _ = try connection.query(ScanQueries.unlock, [.int64(Self.lock)]) }
            throw error
        }
        _ = try connection.query(ScanQueries.unlock, [.int64(Self.lock)])
        return report
    }

    private func round(_ connection: PGConnection) throws(PostgresError) -> Report {
        var report = Report()
        try movePartitions(connection, &report)
        for (statement, age) in [
            (Self.challenges, 86_400), (Self.deliveries, 2 * 86_400), (Self.receipts, 2 * 86_400),
            (Self.conversions, 8 * 86_400), (Self.sends, sendSeconds), (Self.notices, 86_400),
        ] {
            var removed: Int32 = Self.bite
            for _ in 0..<Self.bites where removed == Self.bite {
                removed = Int32(try connection.query(statement, [.int32(Self.bite), .int64(age)]).affectedRows)
                report.removed += Int(removed)
            }
            if removed == Self.bite { report.isUnfinished = true }
        }
        return report
    }

    /// Where batches hold the inbox for too long this gives way: there is always the default partition, and another round.
    private func movePartitions(_ connection: PGConnection, _ report: inout Report) throws(PostgresError) {
        do {
            _ = try connection.query(Self.partitionsAhead)
            _ = try connection.query(Self.auditPartitionsAhead)
            report.keptPartitions = Int(try connection.query(Self.retire, [.int64(inboxSeconds)]).int32(0, 0))
        } catch  where error.sqlState == .lockNotAvailable {
            report.isUnfinished = true
        }
    }

    static let partitionsAhead = Statement(
        name: "keep_partitions_ahead",
        sql: "SELECT inbox_partitions_ahead((now() AT TIME ZONE 'UTC')::date)"
    )

    static let auditPartitionsAhead = Statement(
        name: "keep_audit_partitions_ahead",
        sql: "SELECT audit_partitions_ahead((now() AT TIME ZONE 'UTC')::date)"
    )

    static let retire = Statement(
        name: "keep_retire",
        sql: "SELECT inbox_partitions_retire(now() - make_interval(secs => $1::bigint))"
    )

    // Rows that a batch holds are passed over: this waits for nobody while it holds rows itself.

    static let challenges = removal(of: "challenge", key: "challenge_id", by: "expires_at")
    static let deliveries = removal(of: "delivery", key: "notification_id", by: "claimed_at")
    static let sends = removal(of: "otp_send", key: "ctid", by: "sent_at")
    static let receipts = removal(of: "delivery_receipt", key: "ctid", by: "sent_at")
    static let conversions = removal(of: "otp_conversion", key: "ctid", by: "bucket")
    static let notices = removal(of: "expiry_notice", key: "ctid", by: "expires_at")

    private static func removal(of table: String, key: String, by column: String) -> Statement {
        Statement(
            name: "keep_\(table)",
            sql: """
                DELETE FROM \(table) WHERE \(key) = ANY (ARRAY(
                    SELECT \(key) FROM \(table)
                    WHERE \(column) < statement_timestamp() - make_interval(secs => $2::bigint)
                    LIMIT $1::int FOR UPDATE SKIP LOCKED
                ))
                """
        )
    }
}
