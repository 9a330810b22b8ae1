import Testing

@testable import Postgres

@Suite("SQLSTATE")
struct SQLStateTests {
    @Test(
        "Each code leads to one of three reactions",
        arguments: [
            ("08006", .retry), ("23505", .retry), ("25006", .retry), ("25P02", .retry), ("40001", .retry),
            ("40P01", .retry), ("53300", .retry), ("55P03", .retry), ("57014", .retry), ("57P01", .retry),
            ("57P03", .retry), ("58030", .retry), ("XX000", .retry),
            ("22001", .data), ("22003", .data), ("22021", .data), ("22P05", .data), ("23502", .data),
            ("23503", .data), ("23514", .data), ("54000", .data),
            ("0A000", .broken), ("21000", .broken), ("26000", .broken), ("28000", .broken), ("28P01", .broken),
            ("3D000", .broken), ("3F000", .broken), ("42501", .broken), ("42601", .broken), ("42P01", .broken),
            ("P0001", .broken), ("ZZZZZ", .broken),
        ] as [(String, Disposition)]
    )
    func dispositions(code: String, expected: Disposition) {
        #expect(SQLState(rawValue: code).disposition == expected)
    }

    @Test(
        "Failures without a code have a reaction too",
        arguments: [
            (.connectionFailed, .retry), (.connectionLost, .retry), (.commitOutcomeUnknown, .retry),
            (.commitRolledBack, .retry), (.misuse, .broken), (.init(rawValue: "unheard of"), .broken),
        ] as [(PostgresError.Kind, Disposition)]
    )
    func kinds(kind: PostgresError.Kind, expected: Disposition) {
        #expect(PostgresError(kind, operation: "x").disposition == expected)
    }

    @Test(
        "COMMIT is recognised however it is written",
        arguments: [
            ("COMMIT", true), (" commit;", true), ("End", true), ("COMMITTED", false), ("SELECT 'COMMIT'", false),
            ("", false), ("ROLLBACK", false),
        ]
    )
    func commits(sql: String, expected: Bool) {
        #expect(Statement(name: "s", sql: sql).isCommit == expected)
    }
}
