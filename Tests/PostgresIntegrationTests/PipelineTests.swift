import Postgres
import Testing

@Suite("Pipeline", .timeLimit(.minutes(1)))
struct PipelineTests {
    private let insert = Statement(name: "insert", sql: "INSERT INTO item (id, value) VALUES ($1, $2)")
    private let count = Statement(name: "count", sql: "SELECT count(*) FROM item")
    private let table = "CREATE TABLE item (id bigint CONSTRAINT item_key PRIMARY KEY, value text NOT NULL)"

    private func item(_ id: Int64, _ value: String? = "v") -> (Statement, [PGParameter]) {
        (insert, [.int64(id), .text(value)])
    }

    @Test("A transaction is one pipeline, prepared on the way")
    func transaction() throws {
        try withConnection { (connection, _) throws in
            try connection.execute(table)
            for round in Int64(0)..<3 {
                let results = try connection.pipeline(
                    [(.begin, []), item(round * 2), item(round * 2 + 1), (count, []), (.commit, [])]
                )
                #expect(results.map(\.commandTag) == ["BEGIN", "INSERT 0 1", "INSERT 0 1", "SELECT 1", "COMMIT"])
                #expect(results[3].int64(0, 0) == round * 2 + 2)
            }
            #expect(connection.transactionStatus == .idle)
            #expect(try connection.pipeline([]).isEmpty)
        }
    }

    @Test("An error in the middle is the one reported; after the roll-back the connection works")
    func errorInTheMiddle() throws {
        try withConnection { (connection, _) throws in
            try connection.execute(table)
            let late = Statement(name: "late", sql: "SELECT 1")
            let error = postgresError {
                _ = try connection.pipeline([(.begin, []), item(1), item(1, "secret"), (late, []), (.commit, [])])
            }
            #expect(error?.operation == "insert" && error?.sqlState == .uniqueViolation)
            #expect(error?.constraint == "item_key" && error?.disposition == .retry)
            #expect(connection.transactionStatus == .inError && !connection.isBroken)
            connection.rollback()
            #expect(connection.transactionStatus == .idle)
            // "late" and "commit" were skipped with their preparation, and must be prepared now.
            let results = try connection.pipeline([(.begin, []), (count, []), (late, []), (.commit, [])])
            #expect(results[1].int64(0, 0) == 0)
        }
    }

    @Test("An error leaves values out of its description")
    func description() throws {
        try withConnection { (connection, _) throws in
            try connection.execute(table)
            _ = try connection.pipeline([item(42_424_242)])
            let errors = [
                postgresError { _ = try connection.pipeline([item(42_424_242, "geheim")]) },
                postgresError { _ = try connection.pipeline([item(1, nil)]) },
                postgresError { try connection.execute("INSERT INTO item VALUES (42424242, 'geheim')") },
                postgresError {
                    let cast = Statement(name: "cast", sql: "SELECT $1::integer")
                    _ = try connection.query(cast, [.text("geheim")])
                },
            ]
            #expect(
                errors.map { $0.map(String.init(describing:)) } == [
                    "insert: server error 23505, constraint item_key",
                    "insert: server error 23502, column value",
                    "INSERT: server error 23505, constraint item_key",
                    "cast: server error 22P02",
                ]
            )
            for error in errors {
                #expect(
                    !String(reflecting: error).contains("geheim") && !String(reflecting: error).contains("42424242")
                )
            }
        }
    }

    @Test("A statement that can't be prepared fails under its name, and again the next time")
    func unpreparable() throws {
        try withConnection { (connection, _) throws in
            let wrong = Statement(name: "wrong", sql: "SELECT nothing FROM nowhere")
            for _ in 0..<2 {
                let error = postgresError { _ = try connection.query(wrong) }
                #expect(error?.operation == "wrong" && error?.sqlState == .undefinedTable && error?.position == 21)
                #expect(error?.disposition == .broken && connection.transactionStatus == .idle)
            }
            try connection.execute("CREATE TABLE nowhere (nothing integer)")
            #expect(try connection.query(wrong).rowCount == 0)
        }
    }

    @Test("What fails only at the sync fails the pipeline")
    func deferredConstraint() throws {
        try withConnection { (connection, _) throws in
            try connection.execute(
                "CREATE TABLE item (id bigint CONSTRAINT late UNIQUE DEFERRABLE INITIALLY DEFERRED, value text)"
            )
            let error = postgresError { _ = try connection.pipeline([item(1), item(1)]) }
            #expect(error?.constraint == "late" && error?.sqlState == .uniqueViolation)
            #expect(connection.transactionStatus == .idle)
            let atCommit = postgresError {
                _ = try connection.pipeline([(.begin, []), item(1), item(1), (.commit, [])])
            }
            #expect(atCommit?.operation == "commit" && atCommit?.kind == .server && atCommit?.constraint == "late")
            #expect(connection.transactionStatus == .idle)
            #expect(try connection.query(count).int64(0, 0) == 0)
        }
    }

    @Test("Megabytes both ways don't stall")
    func bigPipeline() throws {
        try withConnection { (connection, _) throws in
            let echo = Statement(name: "echo", sql: "SELECT value FROM unnest($1::bytea[]) AS v (value)")
            let rows = (0..<256).map { [UInt8](repeating: UInt8($0), count: 1_024) }
            let results = try connection.pipeline(Array(repeating: (echo, [.byteas(rows)]), count: 16))
            #expect(results.count == 16)
            for result in results {
                #expect(result.rows.map { result.bytes($0, 0) } == rows)
            }
        }
    }

    @Test("Types may not change under a statement's name, and nothing is sent then")
    func changedTypes() throws {
        try withConnection { (connection, _) throws in
            let echo = Statement(name: "echo", sql: "SELECT $1")
            _ = try connection.query(echo, [.int64(1)])
            let error = postgresError {
                _ = try connection.pipeline([(count, []), (echo, [.timestamp(microsecondsSinceUnixEpoch: 1)])])
            }
            #expect(error?.kind == .misuse && error?.operation == "echo" && error?.disposition == .broken)
            #expect(try connection.query(echo, [.int64(2)]).int64(0, 0) == 2)
            let renamed = postgresError { _ = try connection.query(Statement(name: "echo", sql: "SELECT 1")) }
            #expect(renamed?.kind == .misuse)
        }
    }
}
