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
}
