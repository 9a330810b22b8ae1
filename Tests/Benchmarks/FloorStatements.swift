import Postgres

/// The statements of a verifier's batch, by hand: the same tables, the same arrays.
enum FloorStatements {
    static let lanes = Statement(
        name: "lanes",
        sql: """
            SELECT lane_id, epoch, batch_seq, answered_through, unanswered_since, next_offset, last_record, last_at,
                audit_seq, audit_hash
            FROM lane WHERE lane_id = ANY ($1::int[]) ORDER BY lane_id FOR UPDATE
            """
    )
    static let lockIDs = Statement(
        name: "ids",
        sql: "SELECT count(*) FROM (SELECT pg_advisory_xact_lock(id) FROM unnest($1::bigint[]) AS id) locked"
    )
    static let inbox = Statement(
        name: "inbox",
        sql: "SELECT key, fingerprint, messages FROM inbox WHERE key = ANY ($1::uuid[])"
    )
    static let users = Statement(
        name: "users",
        sql: """
            SELECT user_key, failures, consecutive_failures, lock_level, locked_until
            FROM user_state WHERE user_key = ANY ($1::uuid[]) ORDER BY user_key FOR UPDATE
            """
    )
    static let tokens = Statement(
        name: "tokens",
        sql: """
            SELECT t.*, s.sealed FROM token t LEFT JOIN token_secret s USING (token_id)
            WHERE t.user_key = ANY ($1::uuid[]) AND t.status <> 6 ORDER BY t.token_id
            """
    )
    static let challenges = Statement(
        name: "challenges",
        sql: "SELECT * FROM challenge WHERE user_key = ANY ($1::uuid[]) ORDER BY challenge_id"
    )
    static let contacts = Statement(
        name: "contacts",
        sql: """
            SELECT user_key, phone, email, locale, display_name, revision
            FROM user_contact WHERE user_key = ANY ($1::uuid[])
            """
    )
    static let tenants = Statement(
        name: "tenants",
        sql: "SELECT name, catalogue_version FROM tenant WHERE name = ANY ($1::text[])"
    )
    static let clock = Statement(name: "clock", sql: "SELECT clock_timestamp()")

    static let moveTokens = Statement(
        name: "move_tokens",
        sql: """
            UPDATE token SET
                status = u.status, moving_factor = u.moving_factor, drift = u.drift,
                failures = u.failures, consecutive_failures = u.consecutive_failures,
                lock_level = u.lock_level, locked_until = u.locked_until,
                last_used_at = u.last_used_at, version = u.version,
                reset_failures = u.reset_failures, recovery_digests = u.recovery_digests
            FROM unnest(
                $1::uuid[], $2::smallint[], $3::bigint[], $4::int[], $5::int[], $6::int[], $7::int[],
                $8::timestamptz[], $9::timestamptz[], $10::bigint[], $11::int[], $12::bytea[]
            ) AS u (
                token_id, status, moving_factor, drift, failures, consecutive_failures, lock_level, locked_until,
                last_used_at, version, reset_failures, recovery_digests
            )
            WHERE token.token_id = u.token_id
            """
    )
    static let insertInbox = Statement(
        name: "insert_inbox",
        sql: """
            INSERT INTO inbox (key, lane_id, batch_seq, position, fingerprint, messages, received_at)
            SELECT u.*, $7::timestamptz
            FROM unnest($1::uuid[], $2::int[], $3::bigint[], $4::int[], $5::bytea[], $6::bytea[]) AS u
            """
    )
    static let insertAudit = Statement(
        name: "insert_audit",
        sql: """
            INSERT INTO audit_log
                (lane_id, seq, at, tenant, user_id, command, command_key, outcome, token_ids, auth_id, reason, hash)
            SELECT
                u.lane_id, u.seq, u.at, u.tenant, u.user_id, u.command, u.command_key, u.outcome,
                u.token_ids::uuid[], u.auth_id, u.reason, u.hash
            FROM unnest(
                $1::int[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::uuid[],
                $8::text[], $9::text[], $10::text[], $11::text[], $12::bytea[]
            ) AS u (
                lane_id, seq, at, tenant, user_id, command, command_key, outcome, token_ids, auth_id, reason, hash
            )
            """
    )
    static let moveLanes = Statement(
        name: "move_lanes",
        sql: """
            UPDATE lane SET batch_seq = u.batch_seq, next_offset = u.next_offset
            FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS u (lane_id, batch_seq, next_offset)
            WHERE lane.lane_id = u.lane_id
            """
    )
    static let addLane = Statement(
        name: "add_lane",
        sql: "INSERT INTO lane (topic, partition) VALUES ($1::text, $2::int) RETURNING lane_id"
    )
}
