package import Postgres

/// Removes what nobody asks for any more, in small bites, and makes the inbox's next partitions.
package struct Housekeeping: Sendable {
    /// What one round did.
    package struct Report: Equatable, Sendable {
        /// Rows removed.
        package var removed = 0
        /// Inbox partitions that are past their time but still hold answers that are owed.
        package var keptPartitions = 0
    }

    /// How long inbox rows are kept: the horizon and what is promised to repeats.
    private let inboxSeconds: Int64
    private static let lock: Int64 = 7_310_868_735_421_905_020
    private static let bite: Int32 = 1_000
    private static let bites = 20

    package init(horizonSeconds: Int64) {
        inboxSeconds = horizonSeconds + 86_400
    }

    /// One round, unless another scanner is at it.
    ///
    /// - Returns: nil where another one was.
    package func run(_ store: TokenStore) throws(PostgresError) -> Report? {
        try run(store.connection)
    }

    func run(_ connection: PGConnection) throws(PostgresError) -> Report? {
        guard try connection.query(ScanQueries.tryLock, [.int64(Self.lock)]).bool(0, 0) else { return nil }
        var report = Report()
        _ = try connection.query(Self.partitionsAhead)
        report.keptPartitions = Int(try connection.query(Self.retire, [.int64(inboxSeconds)]).int32(0, 0))
        for statement in [Self.challenges, Self.deliveries, Self.sends, Self.notices] {
            for _ in 0..<Self.bites {
                let removed = try connection.query(statement, [.int32(Self.bite)]).affectedRows
                report.removed += removed
                if removed < Self.bite { break }
            }
        }
        _ = try connection.query(ScanQueries.unlock, [.int64(Self.lock)])
        return report
    }

    private static let partitionsAhead = Statement(
        name: "keep_partitions_ahead",
        sql: "SELECT inbox_partitions_ahead((now() AT TIME ZONE 'UTC')::date)"
    )

    private static let retire = Statement(
        name: "keep_retire",
        sql: "SELECT inbox_partitions_retire(now() - make_interval(secs => $1::bigint))"
    )

    private static let challenges = Statement(
        name: "keep_challenges",
        sql: """
            DELETE FROM challenge WHERE challenge_id IN (
                SELECT challenge_id FROM challenge WHERE expires_at < now() - interval '1 day' LIMIT $1::int
            )
            """
    )

    private static let deliveries = Statement(
        name: "keep_deliveries",
        sql: """
            DELETE FROM delivery WHERE notification_id IN (
                SELECT notification_id FROM delivery WHERE claimed_at < now() - interval '2 days' LIMIT $1::int
            )
            """
    )

    private static let sends = Statement(
        name: "keep_sends",
        sql: """
            DELETE FROM otp_send WHERE ctid IN (
                SELECT ctid FROM otp_send WHERE sent_at < now() - interval '2 days' LIMIT $1::int
            )
            """
    )

    private static let notices = Statement(
        name: "keep_notices",
        sql: """
            DELETE FROM expiry_notice WHERE ctid IN (
                SELECT ctid FROM expiry_notice WHERE expires_at < now() - interval '1 day' LIMIT $1::int
            )
            """
    )
}
