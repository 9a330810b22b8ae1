package import Postgres

/// What the services' database role may do: their work, and nothing to the schema or to what the audit trail holds.
package enum WorkerGrants {
    /// Gives a role what the services need, and takes away what they must not have; doing it again changes nothing.
    ///
    /// - Throws: `PostgresError`, 42704 where there is no such role, 42501 where the connection's user is not the owner.
    package static func give(to role: String, _ connection: PGConnection) throws(PostgresError) {
        let name = "\"" + role.replacing("\"", with: "\"\"") + "\""
        do {
            try connection.execute("BEGIN")
            let schema = try connection.query(schemaName).text(0, 0)
            for statement in statements(role: name, schema: schema) { try connection.execute(statement) }
            try connection.commit()
        } catch {
            connection.rollback()
            throw error
        }
    }

    private static let schemaName = Statement(
        name: "grant_schema",
        sql: "SELECT quote_ident(current_schema())"
    )

    /// Tables whose rows come, change and go with the work.
    private static let worked = [
        "tenant", "token_type", "user_state", "user_contact", "token", "data_key", "token_secret", "challenge",
        "otp_send", "otp_conversion", "delivery", "delivery_receipt", "expiry_notice", "lane", "inbox",
    ]
    private static let functions = [
        "otp_scope_key(text, text)", "user_addresses(uuid[])", "inbox_partitions_ahead(date)",
        "inbox_partitions_retire(timestamptz)", "audit_partitions_ahead(date)",
    ]

    private static func statements(role: String, schema: String) -> [String] {
        [
            "GRANT USAGE ON SCHEMA \(schema) TO \(role)",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON \(worked.joined(separator: ", ")) TO \(role)",
            "GRANT SELECT ON schema_migration, audit_anchor TO \(role)",
            "GRANT SELECT, INSERT ON audit_log TO \(role)",
            "REVOKE UPDATE, DELETE, TRUNCATE ON audit_log FROM \(role)",
        ] + functions.map { "GRANT EXECUTE ON FUNCTION \($0) TO \(role)" }
    }
}
