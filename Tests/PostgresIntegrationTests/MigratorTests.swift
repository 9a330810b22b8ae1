import Postgres
import TestSupport
import Testing

@Suite("Migrator", .timeLimit(.minutes(1)))
struct MigratorTests {
    private let first = Migration(
        number: 1,
        name: "items",
        sql: "CREATE TABLE item (id bigint); INSERT INTO item VALUES (1)"
    )
    private let second = Migration(number: 2, name: "value", sql: "ALTER TABLE item ADD value text")
    private let third = Migration(number: 10, name: "index", sql: "CREATE INDEX item_id ON item (id)")

    @Test("A fresh database is behind, then current; later migrations are added")
    func migrate() throws {
        try withConnection { (connection, _) throws in
            let old = Migrator(migrations: [first, second])
            #expect(try old.status(connection) == .behind([1, 2]))
            #expect(try old.migrate(connection) == [first, second])
            #expect(try old.status(connection) == .current)
            #expect(try old.migrate(connection).isEmpty)
            let new = Migrator(migrations: [first, second, third])
            #expect(try new.status(connection) == .behind([10]))
            #expect(try new.migrate(connection) == [third])
            #expect(try new.status(connection) == .current)
            #expect(connection.transactionStatus == .idle)
        }
    }

    @Test("An older program sees that the schema is ahead, and keeps its hands off")
    func ahead() throws {
        try withConnection { (connection, _) throws in
            _ = try Migrator(migrations: [first, second, third]).migrate(connection)
            let old = Migrator(migrations: [first])
            #expect(try old.status(connection) == .ahead([2, 10]))
            #expect(throws: MigrationError(code: .ahead, number: 10)) { try old.migrate(connection) }
        }
    }

    @Test("A migration that takes away names the oldest programs that can work beside it")
    func outgrown() throws {
        try withConnection { (connection, _) throws in
            let removal = Migration(number: 10, name: "removal", sql: "ALTER TABLE item DROP value", needs: 2)
            _ = try Migrator(migrations: [first, second, removal]).migrate(connection)
            #expect(try Migrator(migrations: [first, second]).status(connection) == .ahead([10]))
            let tooOld = Migrator(migrations: [first])
            #expect(throws: MigrationError(code: .outgrown, number: 10)) { try tooOld.status(connection) }
        }
    }

    @Test("A schema that an older tokenctl made has no column for it, and needs nothing")
    func withoutNeeds() throws {
        try withConnection { (connection, _) throws in
            let migrator = Migrator(migrations: [first, second])
            _ = try migrator.migrate(connection)
            try connection.execute("ALTER TABLE schema_migration DROP needs")
            #expect(try migrator.status(connection) == .current)
            #expect(try Migrator(migrations: [first]).status(connection) == .ahead([2]))
            #expect(try Migrator(migrations: [first, second, third]).migrate(connection) == [third])
        }
    }

    @Test("A number unknown here below a known one is no newer schema")
    func slippedIn() throws {
        try withConnection { (connection, _) throws in
            _ = try Migrator(migrations: [first, second, third]).migrate(connection)
            let other = Migrator(migrations: [first, third])
            #expect(throws: MigrationError(code: .ahead, number: 2)) { try other.status(connection) }
        }
    }

    @Test("A migration that waits for a lock lets those go first who queue behind it, and tries again")
    func waits() async throws {
        try await PrivatePostgres.shared().withDatabase { url in
            let holder = try PGConnection(url, applicationName: "holder")
            let reader = try PGConnection(url, applicationName: "reader", sessionSettings: ["statement_timeout": "30s"])
            let read = Statement(name: "read", sql: "SELECT count(*) FROM item")
            _ = try Migrator(migrations: [first]).migrate(holder)
            try holder.execute("BEGIN")
            _ = try holder.query(read)
            let late = Migrator(migrations: [first, second], attempts: 2)
            #expect(postgresError { _ = try late.migrate(reader) }?.sqlState == .lockNotAvailable)
            async let applied = {
                let connection = try PGConnection(url, applicationName: "migrator")
                defer { connection.close() }
                return try Migrator(migrations: [first, second]).migrate(connection)
            }()
            let waiting = Statement(
                name: "waiting",
                sql: """
                    SELECT count(*) FROM pg_stat_activity
                    WHERE application_name = 'migrator' AND wait_event_type = 'Lock'
                    """
            )
            while try reader.query(waiting).int64(0, 0) == 0 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(try reader.query(read).int64(0, 0) == 1)
            try holder.commit()
            #expect(try await applied == [second])
        }
    }

    @Test("A concurrent migration runs outside a transaction, and once more where it ended in the middle")
    func concurrently() throws {
        try withConnection { (connection, _) throws in
            _ = try Migrator(migrations: [first]).migrate(connection)
            try connection.execute("INSERT INTO item VALUES (1)")
            let index = Migration(
                number: 2,
                name: "key",
                sql: """
                    DROP INDEX CONCURRENTLY IF EXISTS item_key;
                    CREATE UNIQUE INDEX CONCURRENTLY item_key ON item (id);
                    """,
                isConcurrent: true
            )
            let migrator = Migrator(migrations: [first, index])
            #expect(postgresError { _ = try migrator.migrate(connection) }?.sqlState == .uniqueViolation)
            #expect(try migrator.status(connection) == .behind([2]))
            try connection.execute("DELETE FROM item")
            #expect(try migrator.migrate(connection) == [index])
            let valid = Statement(
                name: "valid",
                sql: "SELECT indisvalid FROM pg_index WHERE indexrelid = 'item_key'::regclass"
            )
            #expect(try connection.query(valid).bool(0, 0))
        }
    }

    @Test("A migration that was changed after it had been applied is an error, and one that was slipped in")
    func changed() throws {
        try withConnection { (connection, _) throws in
            _ = try Migrator(migrations: [first, third]).migrate(connection)
            let edited = Migration(number: 1, name: "items", sql: first.sql + " ")
            let tampered = Migrator(migrations: [edited, third])
            #expect(throws: MigrationError(code: .changed, number: 1)) { try tampered.status(connection) }
            #expect(throws: MigrationError(code: .changed, number: 1)) { try tampered.migrate(connection) }
            let late = Migrator(migrations: [first, second, third])
            #expect(throws: MigrationError(code: .outOfOrder, number: 2)) { try late.migrate(connection) }
        }
    }

    @Test("A migration that fails leaves the ones before it, nothing of itself, and the lock free")
    func failure() throws {
        try withConnection { (connection, url) throws in
            let wrong = Migration(number: 2, name: "wrong", sql: "INSERT INTO item VALUES (2); SELECT nothing")
            let error = postgresError { _ = try Migrator(migrations: [first, wrong]).migrate(connection) }
            #expect(error?.operation == "migration 2" && error?.disposition == .broken)
            let other = try PGConnection(url, applicationName: "other", sessionSettings: ["lock_timeout": "2s"])
            #expect(try Migrator(migrations: [first]).migrate(other).isEmpty)
            let count = Statement(name: "count", sql: "SELECT count(*) FROM item")
            #expect(try other.query(count).int64(0, 0) == 1)
        }
    }

    @Test("A transaction that the migration itself ended is not taken for its own")
    func endsItsTransaction() throws {
        try withConnection { (connection, _) throws in
            let sly = Migration(number: 1, name: "sly", sql: "ROLLBACK")
            let error = postgresError { _ = try Migrator(migrations: [sly]).migrate(connection) }
            #expect(error?.kind == .misuse && error?.operation == "migration 1")
            #expect(try Migrator(migrations: [sly]).status(connection) == .behind([1]))
        }
    }

    @Test("Two programs that start at once migrate once")
    func concurrent() async throws {
        try await PrivatePostgres.shared().withDatabase { url in
            let slow = Migration(number: 1, name: "items", sql: first.sql + "; SELECT pg_sleep(0.1)")
            let applied = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        let connection = try PGConnection(url, applicationName: "migrator")
                        defer { connection.close() }
                        return try Migrator(migrations: [slow, second]).migrate(connection).count
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(applied.sorted() == [0, 2])
        }
    }
}
