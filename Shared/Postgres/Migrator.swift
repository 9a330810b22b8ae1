/// Brings a database to this program's schema, and tells how far it is.
///
/// The table `schema_migration`, in the first schema of the search path, holds what was applied with a SHA-256 of its text.
package struct Migrator: Sendable {
    package enum Status: Hashable, Sendable {
        case current

        /// These numbers are not applied yet.
        case behind([Int])

        /// All is there, and these numbers are unknown here: a newer program was at work, and this one can work too.
        case ahead([Int])
    }

    private struct Applied {
        let number: Int
        let checksum: [UInt8]
        let needs: Int
    }

    package let migrations: [Migration]

    /// How often a migration is tried that can't have its locks.
    private let attempts: Int

    /// - Parameters:
    ///   - migrations: in the order of their numbers, each number once.
    ///   - attempts: how often a migration is tried that can't have its locks within ``lockTimeout``; once a second.
    package init(migrations: [Migration], attempts: Int = 60) {
        precondition(
            zip(migrations, migrations.dropFirst()).allSatisfy { $0.number < $1.number },
            "migrations must stand in the order of their numbers"
        )
        self.migrations = migrations
        self.attempts = attempts
    }

    /// Where the database stands.
    ///
    /// - Throws: ``MigrationError`` for a changed or skipped migration, and for one beside which this program can't work;
    ///   ``PostgresError``.
    package func status(_ connection: PGConnection) throws -> Status {
        let applied = try applied(connection)
        try verify(applied, connection)
        let unknown = applied.dropFirst(migrations.count)
        let newest = migrations.last?.number ?? 0
        if let outgrown = unknown.last(where: { $0.needs > newest }) {
            throw MigrationError(code: .outgrown, number: outgrown.number)
        }
        guard unknown.isEmpty else { return .ahead(unknown.map(\.number)) }
        let pending = migrations.dropFirst(applied.count).map(\.number)
        return pending.isEmpty ? .current : .behind(Array(pending))
    }

    /// Applies what is missing, each migration in a transaction of its own, one migrator at a time, beside programs at work.
    ///
    /// - Returns: what was applied now.
    /// - Throws: ``MigrationError``, also for a schema that is ahead; ``PostgresError``. What was applied before stays.
    package func migrate(_ connection: PGConnection) throws -> [Migration] {
        // Not waited for within the statement: its snapshot would hold up an index that is made concurrently.
        while try !connection.query(.lockMigrations).bool(0, 0) { try pause(connection) }
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

    /// Tries until the locks are to be had.
    private func apply(_ migration: Migration, _ connection: PGConnection) throws {
        for _ in 1..<attempts {
            do {
                return try attempt(migration, connection)
            } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
                try pause(connection)
            }
        }
        try attempt(migration, connection)
    }

    private func attempt(_ migration: Migration, _ connection: PGConnection) throws {
        let operation = "migration \(migration.number)"
        if migration.isConcurrent {
            for statement in migration.sql.split(separator: ";") where statement.contains(where: { !$0.isWhitespace }) {
                try connection.execute(String(statement), operation: operation)
            }
            return try record(migration, connection)
        }
        do {
            try connection.execute("BEGIN")
            try connection.execute("SET LOCAL lock_timeout = '\(lockTimeout)'")
            try connection.execute(migration.sql, operation: operation)
            guard connection.transactionStatus == .inTransaction else {
                throw PostgresError(.misuse, operation: operation)
            }
            try record(migration, connection)
            try connection.commit()
        } catch {
            connection.rollback()
            throw error
        }
    }

    private func record(_ migration: Migration, _ connection: PGConnection) throws {
        _ = try connection.query(
            .recordMigration,
            [
                .int32(Int32(migration.number)), .text(migration.name), .text(migration.sql),
                .int32(Int32(migration.needs)),
            ]
        )
    }

    /// A second, for those who queued behind us.
    private func pause(_ connection: PGConnection) throws {
        try connection.execute("SELECT pg_sleep(1)", operation: "wait for locks")
    }

    private func applied(_ connection: PGConnection) throws -> [Applied] {
        // Asked separately: a statement that names a table can't be prepared before the table is there.
        let found = try connection.query(.findMigrationTable)
        guard found.bool(0, 0) else { return [] }
        let result = try connection.query(found.bool(0, 1) ? .readMigrations : .readOlderMigrations)
        return result.rows.map {
            Applied(number: Int(result.int32($0, 0)), checksum: result.bytes($0, 1), needs: Int(result.int32($0, 2)))
        }
    }

    /// What was applied must begin with what we know, or be its beginning, text for text.
    private func verify(_ applied: [Applied], _ connection: PGConnection) throws {
        let result = try connection.query(.checksums, [.texts(migrations.map(\.sql))])
        for (index, (row, known)) in zip(applied, migrations).enumerated() {
            guard row.number >= known.number else { throw MigrationError(code: .ahead, number: row.number) }
            guard row.number == known.number else { throw MigrationError(code: .outOfOrder, number: known.number) }
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

/// How long all who come after it wait behind a migration that waits for a lock. Longer than `deadlock_timeout` (1 s),
/// after which autovacuum gives way.
private let lockTimeout = "1500ms"

private let createTable = """
    CREATE TABLE IF NOT EXISTS schema_migration (
        number     integer PRIMARY KEY,
        name       text NOT NULL,
        checksum   bytea NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    );
    ALTER TABLE schema_migration ADD COLUMN IF NOT EXISTS needs integer NOT NULL DEFAULT 0
    """

extension Statement {
    // The key is "migrate" in ASCII; advisory locks are per database.
    fileprivate static let lockMigrations = Statement(
        name: "migration_lock",
        sql: "SELECT pg_try_advisory_lock(x'6d696772617465'::bigint)"
    )

    fileprivate static let unlockMigrations = Statement(
        name: "migration_unlock",
        sql: "SELECT pg_advisory_unlock(x'6d696772617465'::bigint)"
    )

    fileprivate static let findMigrationTable = Statement(
        name: "migration_table",
        sql: """
            SELECT to_regclass('schema_migration') IS NOT NULL, EXISTS (
                SELECT FROM pg_attribute
                WHERE attrelid = to_regclass('schema_migration') AND attname = 'needs' AND NOT attisdropped
            )
            """
    )

    fileprivate static let readMigrations = Statement(
        name: "migration_list",
        sql: "SELECT number, checksum, needs FROM schema_migration ORDER BY number"
    )

    /// Where an older tokenctl migrated last.
    fileprivate static let readOlderMigrations = Statement(
        name: "migration_list_older",
        sql: "SELECT number, checksum, 0 FROM schema_migration ORDER BY number"
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
            INSERT INTO schema_migration (number, name, checksum, needs)
            VALUES ($1, $2, sha256(convert_to($3, 'UTF8')), $4)
            """
    )
}
