import Postgres
package import TokenCore

/// A notice of a token's end that was given.
package struct ExpiryMark: Hashable, Sendable {
    package let token: TokenID
    /// Days before the end, as the policy names them.
    package let days: Int
    package let expiresAt: Instant

    package init(token: TokenID, days: Int, expiresAt: Instant) {
        self.token = token
        self.days = days
        self.expiresAt = expiresAt
    }
}

/// The scanner's work: which tokens time has come for. A scan costs what is due, not what exists.
///
/// Every look is bounded by `statement_timestamp()`: a volatile clock would bound no index.
enum ScanQueries {
    /// The predicate and the first column of `token_scan_idx`.
    private static let scheduled = "status < 3 AND scan_at IS NOT NULL"
    private static let shard = "(get_byte(uuid_send(user_key), 0) & 15)"
    /// The predicate of `token_stock_scan_idx`; only an order by `scan_at` keeps the planner from `token_user_idx`,
    /// which has the whole stock under null.
    private static let stocked = "user_key IS NULL AND status = 5 AND scan_at IS NOT NULL"

    /// Shards that have something due, counted up to a point, or that owe messages; the stock is the last shard.
    static let busyShards = Statement(
        name: "scan_busy_shards",
        sql: """
            SELECT shard.number, shard.due
            FROM (
                SELECT number, (
                    SELECT count(*)::int FROM (
                        SELECT FROM token
                        WHERE \(scheduled) AND \(Self.shard) = number AND scan_at <= statement_timestamp()
                        LIMIT 4096
                    ) token
                )
                FROM generate_series(0, \(TokenStore.stockShard - 1)) AS user_shard (number)
                UNION ALL
                SELECT \(TokenStore.stockShard), (
                    SELECT count(*)::int FROM (
                        SELECT FROM token WHERE \(stocked) AND scan_at <= statement_timestamp()
                        ORDER BY scan_at LIMIT 4096
                    ) token
                )
            ) AS shard (number, due)
            LEFT JOIN lane ON lane.topic = $1::text AND lane.partition = shard.number
            WHERE shard.due > 0 OR lane.answered_through < lane.batch_seq
            """
    )

    /// Whether the session that has an advisory lock has been silent for so many seconds.
    static let isHolderSilent = Statement(
        name: "scan_is_holder_silent",
        sql: """
            SELECT EXISTS (
                SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                WHERE l.locktype = 'advisory' AND l.objsubid = 1
                    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND (l.classid::bigint << 32 | l.objid::bigint) = $1::bigint
                    AND a.state_change < clock_timestamp() - make_interval(secs => $2::bigint)
            )
            """
    )

    static let dueUsers = Statement(
        name: "scan_due_users",
        sql: """
            SELECT tenant, user_id FROM token
            WHERE \(scheduled) AND \(shard) = $1::int AND scan_at <= statement_timestamp()
            ORDER BY scan_at LIMIT $2::int
            """
    )

    static let dueDevices = Statement(
        name: "scan_due_devices",
        sql: """
            SELECT tenant, token_id FROM token
            WHERE \(stocked) AND scan_at <= statement_timestamp()
            ORDER BY scan_at LIMIT $1::int
            """
    )

    static let marks = Statement(
        name: "scan_marks",
        sql: "SELECT token_id, days, expires_at FROM expiry_notice WHERE token_id = ANY ($1::uuid[])"
    )

    static let addMarks = Statement(
        name: "scan_add_marks",
        sql: """
            INSERT INTO expiry_notice (token_id, days, expires_at)
            SELECT * FROM unnest($1::uuid[], $2::int[], $3::timestamptz[]) ON CONFLICT DO NOTHING
            """
    )

    static let reschedule = Statement(
        name: "scan_reschedule",
        sql: """
            UPDATE token SET scan_at = u.scan_at FROM unnest($1::uuid[], $2::timestamptz[]) AS u (token_id, scan_at)
            WHERE token.token_id = u.token_id AND token.scan_at IS DISTINCT FROM u.scan_at
            """
    )

    /// Puts off what is due of a user whose rows can't be handled.
    static let postpone = Statement(
        name: "scan_postpone",
        sql: """
            UPDATE token SET scan_at = statement_timestamp() + interval '1 hour'
            WHERE user_key = $1::uuid AND status <> 6 AND scan_at <= statement_timestamp()
            """
    )

    /// The same for a device of the stock.
    static let postponeDevice = Statement(
        name: "scan_postpone_device",
        sql: """
            UPDATE token SET scan_at = statement_timestamp() + interval '1 hour'
            WHERE token_id = $1::uuid AND \(stocked) AND scan_at <= statement_timestamp()
            """
    )

    static let tryLock = Statement(name: "scan_try_lock", sql: "SELECT pg_try_advisory_lock($1::bigint)")

    static let unlock = Statement(name: "scan_unlock", sql: "SELECT pg_advisory_unlock($1::bigint)")

    static func addition(_ marks: [ExpiryMark]) -> PipelineStep {
        PipelineStep(
            addMarks,
            [
                .uuids(marks.map { PGUUID($0.token.value) }),
                .int32s(marks.map { Int32($0.days) }),
                .timestamps(marks.map(\.expiresAt.microseconds)),
            ]
        )
    }

    static func rescheduling(_ scans: [(token: TokenID, next: Instant?)]) -> PipelineStep {
        PipelineStep(
            reschedule,
            [.uuids(scans.map { PGUUID($0.token.value) }), .timestamps(scans.map { $0.next?.microseconds })]
        )
    }
}
