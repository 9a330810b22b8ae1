/// Brings a database to this program's schema, and tells how far it is.
///
/// The table `schema_migration`, in the first schema of the search path, holds what was applied with a SHA-256 of its text.
package struct Migrator: Sendable {
    package enum Status: Hashable, Sendable {
        case current

        /// These numbers are not applied yet.
        case behind([Int])

        /// These applied numbers are unknown here: a newer program was at work.
        case ahead([Int])
    }

    private struct Applied {
        let number: Int
        let checksum: [UInt8]
    }

    package let migrations: [Migration]

    /// - Parameter migrations: in the order of their numbers, each number once.
    package init(migrations: [Migration]) {
        precondition(
            zip(migrations, migrations.dropFirst()).allSatisfy { $0.number < $1.number },
            "migrations must stand in the order of their numbers"
        )
        self.migrations = migrations
    }

    /// Where the database stands.
    ///
    /// - Throws: ``MigrationError`` for a changed or skipped migration, ``PostgresError``.
    package func status(_ connection: PGConnection) throws -> Status {
        let applied = try applied(connection)
        let known = Set(migrations.map(\.number))
        let unknown = applied.map(\.number).filter { !known.contains($0) }
        guard unknown.isEmpty else { return .ahead(unknown) }
        try verify(applied, connection)
        let pending = migrations.dropFirst(applied.count).map(\.number)
        return pending.isEmpty ? .current : .behind(Array(pending))
    }

    /// Applies what is missing, each migration in a transaction of its own, one migrator at a time.
    ///
    /// - Returns: what was applied now.
    /// - Throws: ``MigrationError``, also for a schema that is ahead; ``PostgresError``. What was applied before stays.
    package func migrate(_ connection: PGConnection) throws -> [Migration] {
        _ = try connection.query(.lockMigrations)
        defer { unlock(connection) }
        try connection.execute(createTable, operation: "create schema_migration")
        let pending: Set<Int>
        switch try status(connection) {
        case .current: return []
        case .ahead(let numbers): throw MigrationError(code: .ahead, number: numbers.max() ?? 0)
        case .behind(let numbers): pending = Set(numbers)
        }
        let todo = migrations.filter { pending.contains($0.number) }
        for migration in todo { try apply(migration, connection) }
        return todo
    }

    private func apply(_ migration: Migration, _ connection: PGConnection) throws {
        do {
            try connection.execute("BEGIN")
            try connection.execute(migration.sql, operation: "migration \(migration.number)")
            guard connection.transactionStatus == .inTransaction else {
                throw PostgresError(.misuse, operation: "migration \(migration.number)")
            }
            _ = try connection.query(
                .recordMigration,
                [.int32(Int32(migration.number)), .text(migration.name), .text(migration.sql)]
            )
            try connection.commit()
        } catch {
            connection.rollback()
            throw error
        }
    }

    private func applied(_ connection: PGConnection) throws -> [Applied] {
        // Asked separately: a statement that names a table can't be prepared before the table is there.
        guard try connection.query(.findMigrationTable).bool(0, 0) else { return [] }
        let result = try connection.query(.readMigrations)
        return result.rows.map { Applied(number: Int(result.int32($0, 0)), checksum: result.bytes($0, 1)) }
    }

    /// What was applied must be the first of what we know, text for text.
    private func verify(_ applied: [Applied], _ connection: PGConnection) throws {
        let result = try connection.query(.checksums, [.texts(migrations.map(\.sql))])
        for (index, row) in applied.enumerated() {
            guard row.number == migrations[index].number else {
                throw MigrationError(code: .outOfOrder, number: migrations[index].number)
            }
            guard row.checksum == result.bytes(index, 0) else {
                throw MigrationError(code: .changed, number: row.number)
            }
        }
    }

    /// The lock is the session's: if it can't be given back, the session must not live on with it.
    private func unlock(_ connection: PGConnection) {
        do { _ = try connection.query(.unlockMigrations) } catch { connection.close() }
    }
}

private let createTable = """
    CREATE TABLE IF NOT EXISTS schema_migration (
        number     integer PRIMARY KEY,
        name       text NOT NULL,
        checksum   bytea NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    )
    """

extension Statement {
    // The key is "migrate" in ASCII; advisory locks are per database.
    fileprivate static let lockMigrations = Statement(
        name: "migration_lock",
        sql: "SELECT pg_advisory_lock(x'6d696772617465'::bigint)"
    )

    fileprivate static let unlockMigrations = Statement(
        name: "migration_unlock",
        sql: "SELECT pg_advisory_unlock(x'6d696772617465'::bigint)"
    )

    fileprivate static let findMigrationTable = Statement(
        name: "migration_table",
        sql: "SELECT to_regclass('schema_migration') IS NOT NULL"
    )

    fileprivate static let readMigrations = Statement(
        name: "migration_list",
        sql: "SELECT number, checksum FROM schema_migration ORDER BY number"
    )

    fileprivate static let checksums = Statement(
        name: "migration_checksums",
        sql: """
            SELECT sha256(convert_to(sql, 'UTF8')) FROM unnest($1::text[]) WITH ORDINALITY AS text (sql, position)
            ORDER BY position
            """
    )

    fileprivate static let recordMigration = Statement(
        name: "migration_record",
        sql: """
            INSERT INTO schema_migration (number, name, checksum) VALUES ($1, $2, sha256(convert_to($3, 'UTF8')))
            """
    )
}
