import Postgres

/// What was made under which key of ring `otp`: each digest begins with its key's tag.
enum KeyQueries {
    /// Counts end here: enough to tell that much is left.
    static let countLimit = 100_000

    static let tryLock = Statement(
        name: "keys_try_lock",
        sql: "SELECT pg_try_advisory_xact_lock(7310868735421905021)"
    )

    private static let columns = "s.token_id, t.tenant, s.sealed, coalesce(s.seed_digest, '') AS digest"

    /// Seeds whose digest lies between two values, after the first; rows that somebody holds are passed over.
    static let digested = Statement(
        name: "keys_digested",
        sql: """
            SELECT \(columns) FROM token_secret s JOIN token t USING (token_id)
            WHERE s.seed_digest > $1::bytea AND s.seed_digest < $2::bytea
            ORDER BY s.seed_digest LIMIT $3::int FOR NO KEY UPDATE OF s SKIP LOCKED
            """
    )

    /// Seeds without a digest, after a token: rows of the first schema version.
    static let undigested = Statement(
        name: "keys_undigested",
        sql: """
            SELECT \(columns) FROM token_secret s JOIN token t USING (token_id)
            WHERE s.seed_digest IS NULL AND s.token_id > $1::uuid
            ORDER BY s.token_id LIMIT $2::int FOR NO KEY UPDATE OF s SKIP LOCKED
            """
    )

    /// Compares and sets: a seed or digest that somebody else has written stays.
    static let setDigests = Statement(
        name: "keys_set_digests",
        sql: """
            UPDATE token_secret s SET seed_digest = u.made
            FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[]) AS u (id, sealed, old, made)
            WHERE s.token_id = u.id AND s.sealed = u.sealed AND coalesce(s.seed_digest, '') = u.old
            """
    )

    static let countDigested = Statement(
        name: "keys_count_digested",
        sql: """
            SELECT count(*) FROM (
                SELECT FROM token_secret WHERE seed_digest > $1::bytea AND seed_digest < $2::bytea
                LIMIT \(countLimit)
            ) s
            """
    )

    static let countUndigested = Statement(
        name: "keys_count_undigested",
        sql: "SELECT count(*) FROM (SELECT FROM token_secret WHERE seed_digest IS NULL LIMIT \(countLimit)) s"
    )
}
