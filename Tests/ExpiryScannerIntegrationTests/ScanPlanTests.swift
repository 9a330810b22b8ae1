import Postgres
import Testing
import WorkerRuntime

@testable import TokenStore

@Suite("Plans of the scanner's statements")
struct ScanPlanTests {
    private static let statements: [(Statement, arguments: String, index: String)] = [
        (ScanQueries.busyShards, "'~expiry'", "token_scan_idx"),
        (ScanQueries.dueUsers, "3, 256", "token_scan_idx"),
        (ScanQueries.marks, "ARRAY[gen_random_uuid()]", "expiry_notice_pkey"),
        (ScanQueries.reschedule, "ARRAY[gen_random_uuid()], ARRAY[now()]", "token_pkey"),
        (ScanQueries.postpone, "gen_random_uuid()", "token_user_idx"),
        (ScanQueries.busyShards, "'~expiry'", "token_stock_scan_idx"),
        (ScanQueries.dueDevices, "256", "token_stock_scan_idx"),
        (ScanQueries.postponeDevice, "gen_random_uuid()", "token_"),
        (SweepQueries.note, "", "token_type_sweep_idx"),
        (SweepQueries.claim, "", "token_type_sweep_idx"),
        (SweepQueries.touch, "'a', 'b', gen_random_uuid(), 500, true", "token_type_idx"),
        (Housekeeping.challenges, "1000, 86400", "challenge_expires_idx"),
        (Housekeeping.deliveries, "1000, 86400", "delivery_claimed_idx"),
        (Housekeeping.sends, "1000, 86400", "otp_send_sent_idx"),
        (Housekeeping.notices, "1000, 86400", "expiry_notice_expires_idx"),
    ]

    /// As the workers' sessions are set, on empty tables, where a plan is cached that later finds them full.
    private func plan(_ statement: Statement, _ arguments: String, _ connection: PGConnection) throws -> String {
        try connection.execute("PREPARE \(statement.name)_plan AS \(statement.sql)")
        let result = try connection.query(
            Statement(
                name: "explain_\(statement.name)",
                sql: "EXPLAIN (COSTS OFF) EXECUTE \(statement.name)_plan" + (arguments.isEmpty ? "" : "(\(arguments))")
            )
        )
        return result.rows.map { result.text($0, 0) }.joined(separator: "\n")
    }

    @Test("every statement finds its rows by an index, on empty tables too", arguments: statements.indices)
    func indexes(number: Int) throws {
        try ScanWorld.run { world in
            let (statement, arguments, index) = Self.statements[number]
            let connection = try world.setup.store.connect()
            defer { connection.close() }
            let plan = try plan(statement, arguments, connection)
            #expect(plan.contains(index), "\(statement.name)\n\(plan)")
            #expect(!plan.contains("Seq Scan on"), "\(statement.name)\n\(plan)")
        }
    }

    @Test(
        "a look is bounded by shard and time within the index: it never walks over what is not due",
        arguments: [0, 1]
    )
    func bounds(number: Int) throws {
        try ScanWorld.run { world in
            let (statement, arguments, _) = Self.statements[number]
            let connection = try world.setup.store.connect()
            defer { connection.close() }
            let plan = try plan(statement, arguments, connection)
            let conditions = plan.split(separator: "\n").filter { $0.contains("Index Cond") }
            #expect(
                conditions.contains { $0.contains("uuid_send") && $0.contains("scan_at <= statement_timestamp()") },
                "\(plan)"
            )
            #expect(!plan.contains("Sort"), "\(plan)")
        }
    }
}
