import Postgres
import Testing
import TokenStore

@Suite("Migrations beside workers at work")
struct MigrationRuleTests {
    /// Those before were applied to empty databases only.
    private static let firstInUse = 5

    @Test("no migration stops those who work, or takes away what they use")
    func ours() {
        for migration in Schema.migrations where migration.number >= Self.firstInUse {
            #expect(MigrationRules.violations(migration) == [])
        }
    }

    @Test("the rules see what is in our own earlier migrations")
    func earlier() throws {
        let second = try #require(Schema.migrations.first { $0.number == 2 })
        #expect(MigrationRules.violations(second).count == 5)
        let fourth = try #require(Schema.migrations.first { $0.number == 4 })
        #expect(MigrationRules.violations(fourth) == [])
    }

    @Test(
        "refused",
        arguments: [
            "CREATE INDEX token_x ON token (x)",
            "CREATE UNIQUE INDEX token_x ON token (x)",
            "CREATE INDEX CONCURRENTLY token_x ON token (x)",
            "DROP INDEX token_x",
            "ALTER TABLE token DROP COLUMN x",
            "ALTER TABLE token RENAME COLUMN x TO y",
            "DROP TABLE token",
            "DROP FUNCTION user_addresses(uuid[])",
            "ALTER TABLE token ALTER COLUMN x TYPE bigint",
            "alter table token alter x set data type bigint",
            "ALTER TABLE token ALTER COLUMN x SET NOT NULL",
            "ALTER TABLE token ADD COLUMN x text NOT NULL",
            "ALTER TABLE token ADD COLUMN a integer NOT NULL DEFAULT 0, ADD COLUMN x text NOT NULL",
            "ALTER TABLE token ADD COLUMN x uuid DEFAULT gen_random_uuid()",
            "ALTER TABLE token ADD COLUMN x bigint GENERATED ALWAYS AS IDENTITY",
            "ALTER TABLE token ADD COLUMN x bigserial",
            "ALTER TABLE token ADD COLUMN x text UNIQUE",
            "ALTER TABLE token ADD COLUMN x text REFERENCES tenant",
            "ALTER TABLE token ADD CONSTRAINT x CHECK (y > 0)",
            "ALTER TABLE token ADD CONSTRAINT x FOREIGN KEY (y) REFERENCES tenant",
            "ALTER TABLE token ADD CONSTRAINT x UNIQUE (y)",
            "ALTER TABLE token ADD CONSTRAINT x CHECK (y > 0) NOT VALID; ALTER TABLE token VALIDATE CONSTRAINT x",
            "UPDATE token SET x = 1",
            "DELETE FROM otp_send",
            "INSERT INTO tenant SELECT name FROM token",
            "DO $$ BEGIN EXECUTE 'UPDATE token SET x = 1'; END $$",
            "LOCK TABLE token",
            "COMMIT",
            "SET lock_timeout = 0",
            "CREATE TABLE other (id bigint); CREATE INDEX token_x ON token (x)",
            "-- harmless\nALTER TABLE token\n    DROP COLUMN x",
        ]
    )
    func refused(sql: String) {
        #expect(!MigrationRules.violations(Migration(number: 9, name: "", sql: sql)).isEmpty)
    }

    @Test(
        "allowed",
        arguments: [
            "ALTER TABLE token ADD COLUMN x text, ADD COLUMN y integer NOT NULL DEFAULT 0",
            "ALTER TABLE token ADD COLUMN x timestamptz DEFAULT now()",
            "ALTER TABLE token ADD CONSTRAINT x CHECK (y IN (1, 2)) NOT VALID",
            "ALTER TABLE token ADD CONSTRAINT x UNIQUE USING INDEX token_x",
            "CREATE TABLE other (id bigint PRIMARY KEY, name text NOT NULL UNIQUE); CREATE INDEX other_name ON other (name)",
            "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DELETE FROM otp_send; UPDATE token SET x = 1 $$",
            "INSERT INTO tenant (name) VALUES ('other')",
            "-- DROP TABLE token;\nCREATE TABLE other (id bigint)",
        ]
    )
    func allowed(sql: String) {
        #expect(MigrationRules.violations(Migration(number: 9, name: "", sql: sql)) == [])
    }

    @Test("an index made concurrently stands by itself, and can be made again")
    func concurrently() {
        func violations(_ sql: String) -> Int {
            MigrationRules.violations(Migration(number: 9, name: "", sql: sql, isConcurrent: true)).count
        }
        let create = "CREATE UNIQUE INDEX CONCURRENTLY token_x ON token (x)"
        #expect(violations("DROP INDEX CONCURRENTLY IF EXISTS token_x; \(create)") == 0)
        #expect(violations("ALTER TABLE token VALIDATE CONSTRAINT x") == 0)
        #expect(violations(create) == 1)
        #expect(
            violations("DROP INDEX CONCURRENTLY IF EXISTS token_x; \(create); ALTER TABLE token ADD COLUMN y text") == 1
        )
    }

    @Test("what takes away says who can go on")
    func needs() {
        let sql = "ALTER TABLE token DROP COLUMN x"
        #expect(MigrationRules.violations(Migration(number: 9, name: "", sql: sql, needs: 8)) == [])
    }
}
