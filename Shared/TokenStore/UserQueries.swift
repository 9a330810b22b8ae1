import Postgres
import TokenCore

/// The row that serialises a user.
enum UserQueries {
    static let lockAndLoad = Statement(
        name: "user_lock",
        sql: """
            SELECT user_key, failures, consecutive_failures, lock_level, locked_until
            FROM user_state WHERE user_key = ANY ($1::uuid[]) ORDER BY user_key FOR UPDATE
            """
    )

    static func decode(_ result: PGResult, row: Int) -> (key: UUIDValue, lockout: Lockout) {
        let lockout = Lockout(
            failures: Int(result.int32(row, 1)),
            consecutiveFailures: Int(result.int32(row, 2)),
            level: Int(result.int32(row, 3)),
            lockedUntil: result.optionalInstant(row, 4)
        )
        return (UUIDValue(result.uuid(row, 0)), lockout)
    }

    /// A lost race for a new user is SQLSTATE 23505, which is tried again.
    static let insert = Statement(
        name: "user_insert",
        sql: """
            INSERT INTO user_state
                (user_key, tenant, user_id, failures, consecutive_failures, lock_level, locked_until)
            SELECT * FROM unnest(
                $1::uuid[], $2::text[], $3::text[], $4::int[], $5::int[], $6::int[], $7::timestamptz[]
            )
            """
    )

    static let update = Statement(
        name: "user_update",
        sql: """
            UPDATE user_state SET
                failures = u.failures,
                consecutive_failures = u.consecutive_failures,
                lock_level = u.lock_level,
                locked_until = u.locked_until
            FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::timestamptz[])
                AS u (user_key, failures, consecutive_failures, lock_level, locked_until)
            WHERE user_state.user_key = u.user_key
            """
    )

    static func insertion(_ users: [(key: UUIDValue, user: UserKey, lockout: Lockout)]) -> PipelineStep {
        PipelineStep(
            insert,
            [
                .uuids(users.map { PGUUID($0.key) }),
                .texts(users.map(\.user.tenant)),
                .texts(users.map(\.user.userID)),
            ] + columns(users.map(\.lockout))
        )
    }

    static func change(_ users: [(key: UUIDValue, user: UserKey, lockout: Lockout)]) -> PipelineStep {
        PipelineStep(update, [.uuids(users.map { PGUUID($0.key) })] + columns(users.map(\.lockout)))
    }

    private static func columns(_ lockouts: [Lockout]) -> [PGParameter] {
        [
            .int32s(lockouts.map { Int32($0.failures) }),
            .int32s(lockouts.map { Int32($0.consecutiveFailures) }),
            .int32s(lockouts.map { Int32($0.level) }),
            .timestamps(lockouts.map { $0.lockedUntil?.microseconds }),
        ]
    }
}
