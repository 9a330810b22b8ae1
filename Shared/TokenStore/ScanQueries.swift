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
enum ScanQueries {
    /// Shards that have something due, or that owe messages.
    static let busyShards = Statement(
        name: "scan_busy_shards",
        sql: """
            SELECT get_byte(uuid_send(due.user_key), 0) & 15 FROM (
                SELECT user_key FROM token
                WHERE status < 3 AND scan_at IS NOT NULL AND scan_at <= clock_timestamp() AND user_key IS NOT NULL
                ORDER BY scan_at LIMIT 4096
            ) due
            UNION
            SELECT partition FROM lane WHERE topic = $1::text AND answered_through < batch_seq
            """
    )

    static let dueUsers = Statement(
        name: "scan_due_users",
        sql: """
            SELECT tenant, user_id FROM token
            WHERE status < 3 AND scan_at IS NOT NULL AND scan_at <= clock_timestamp()
                AND get_byte(uuid_send(user_key), 0) & 15 = $1::int
            ORDER BY scan_at LIMIT $2::int
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
            WHERE token.token_id = u.token_id
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
