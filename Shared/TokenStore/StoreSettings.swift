package import Postgres

/// How to reach the token schema.
package struct StoreSettings: Sendable {
    /// libpq URI or conninfo; may hold a password.
    private let url: String
    private let applicationName: String

    package init(url: String, applicationName: String) {
        self.url = url
        self.applicationName = applicationName
    }

    /// Plans are generic and use indexes even where a table or a day's partition is still empty: a plan that was
    /// cached on an empty table would scan it until the next ANALYZE.
    private static let session = [
        "plan_cache_mode": "force_generic_plan",
        "enable_seqscan": "off",
        // Each step of a batch sees what was committed before it: what a lock waited for.
        "default_transaction_isolation": "read committed",
        "idle_in_transaction_session_timeout": "60s",
        "lock_timeout": "30s",
        "timezone": "UTC",
    ]

    /// - Throws: `PostgresError` while the database is away.
    package func connect() throws(PostgresError) -> PGConnection {
        try PGConnection(url, applicationName: applicationName, sessionSettings: Self.session)
    }

    /// Checks that the schema has what this program was made for, and that its role may do its work there. A newer schema
    /// has it too, unless it says otherwise: so workers of two versions run side by side, and go back.
    ///
    /// - Throws: `StoreError.schemaOutdated` or `.rightsMissing`; `MigrationError` for a schema that this program can't
    ///   work with; `PostgresError` while the database is away.
    package func requireSchema(for owner: DatabaseRole) throws {
        let connection = try connect()
        defer { connection.close() }
        switch try Schema.migrator.status(connection) {
        case .current, .ahead:
            let missing = try RoleGrants.missing(for: owner, connection)
            guard let first = missing.first else { return }
            throw StoreError.rightsMissing(owner, first: first, count: missing.count)
        case .behind(let pending): throw StoreError.schemaOutdated(pending: pending.count)
        }
    }
}
