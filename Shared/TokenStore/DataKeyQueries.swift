import Postgres

/// The wrapped keys that seal seeds.
enum DataKeyQueries {
    static let lock = Statement(name: "data_key_lock", sql: "SELECT pg_advisory_xact_lock(7310868735421905013)")

    static let load = Statement(
        name: "data_key_load",
        sql: "SELECT data_key_id, wrapping_kid, wrapped FROM data_key ORDER BY data_key_id"
    )

    static let insert = Statement(
        name: "data_key_insert",
        sql: "INSERT INTO data_key (wrapping_kid, wrapped) VALUES ($1::text, $2::bytea)"
    )

    /// Those whose wrapping key is one of these.
    static let wrapped = Statement(
        name: "data_key_wrapped",
        sql: """
            SELECT data_key_id, wrapping_kid, wrapped FROM data_key WHERE wrapping_kid = ANY ($1::text[])
            ORDER BY data_key_id LIMIT $2::int
            """
    )

    /// Compares and sets: whoever was faster wins.
    static let rewrap = Statement(
        name: "data_key_rewrap",
        sql: """
            UPDATE data_key SET wrapping_kid = $3::text, wrapped = $4::bytea
            WHERE data_key_id = $1::int AND wrapping_kid = $2::text
            """
    )

    /// The kid that wraps the newest one.
    static let newest = Statement(
        name: "data_key_newest",
        sql: "SELECT wrapping_kid FROM data_key ORDER BY data_key_id DESC LIMIT 1"
    )

    static let countByKey = Statement(
        name: "data_key_count",
        sql: "SELECT count(*) FROM data_key WHERE wrapping_kid = ANY ($1::text[])"
    )
}
