import Foundation
import Postgres
import TestSupport
import Testing

@Suite("Connection", .timeLimit(.minutes(1)))
struct ConnectionTests {
    enum CommitForm: String, CaseIterable {
        case call = "COMMIT"
        case text = "END"
        case step = "commit"
    }

    @Test("a connection string that libpq can't read is told from a server that is away")
    func connectionStrings() {
        for text in ["postgresql://u@h/db?host=a", "host=/nowhere port=1", ""] {
            #expect(PGConnection.understands(text), "\(text)")
        }
        for text in ["nonsense", "host=a b", "postgresql://h/db?nothing=1"] {
            #expect(!PGConnection.understands(text), "\(text)")
        }
    }

    @Test("COMMIT of an aborted transaction is an error, in each of its forms", arguments: CommitForm.allCases)
    func abortedCommit(form: CommitForm) throws {
        try withConnection { (connection, _) throws in
            try connection.execute("BEGIN")
            #expect(connection.transactionStatus == .inTransaction)
            #expect(postgresError { try connection.execute("SELECT 1/0") }?.disposition == .data)
            #expect(connection.transactionStatus == .inError)
            let error = postgresError {
                switch form {
                case .call: try connection.commit()
                case .text: try connection.execute("end; SELECT 1")
                case .step: _ = try connection.pipeline([(.commit, [])])
                }
            }
            #expect(error?.kind == .commitRolledBack && error?.operation == form.rawValue)
            #expect(error?.disposition == .retry)
            #expect(connection.transactionStatus == .idle && !connection.isBroken)
        }
    }

    @Test("A session ended by the server is a typed error to retry, and a broken connection")
    func terminated() throws {
        try withConnection { (admin, url) throws in
            let terminate = Statement(name: "terminate", sql: "SELECT pg_terminate_backend($1, 5000)")
            for inPipeline in [true, false] {
                let victim = try PGConnection(url, applicationName: "victim")
                try victim.execute("BEGIN")
                #expect(try admin.query(terminate, [.int32(victim.backendProcessID)]).bool(0, 0))
                let error = postgresError {
                    if inPipeline { _ = try victim.query(.begin) } else { try victim.execute("SELECT 1") }
                }
                #expect(error?.sqlState == .adminShutdown && error?.kind == .server && error?.disposition == .retry)
                #expect(victim.isBroken && victim.transactionStatus == .unknown)
                victim.rollback()
                let after = postgresError { _ = try victim.query(.begin) }
                #expect(after?.kind == .connectionLost && after?.disposition == .retry)
                victim.close()
                victim.close()
            }
        }
    }

    @Test("A backend that dies before COMMIT's turn has not committed, and the error says so")
    func terminatedBeforeCommit() throws {
        try withConnection { (admin, url) throws in
            let victim = try PGConnection(url, applicationName: "victim")
            defer { victim.close() }
            let suicide = Statement(
                name: "suicide",
                sql: "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)"
            )
            let error = postgresError { _ = try victim.pipeline([(.begin, []), (suicide, []), (.commit, [])]) }
            #expect(error?.kind == .server && error?.sqlState == .adminShutdown && error?.operation == "suicide")
            #expect(victim.isBroken)
        }
    }

    @Test(
        "A connection cut around COMMIT leaves the outcome unknown, whichever it was",
        .enabled(if: ProcessInfo.processInfo.environment["POSTGRES_URL"] == nil, "needs the private server's socket"),
        arguments: [PostgresRelay.Cut.beforeRequest, .beforeAnswer],
        [true, false]
    )
    func commitOutcomeUnknown(cut: PostgresRelay.Cut, inPipeline: Bool) throws {
        try withConnection { (observer, url) throws in
            try observer.execute("CREATE TABLE item (id bigint)")
            let relay = try PostgresRelay(to: url)
            let connection = try PGConnection(relay.url, applicationName: "cut")
            try connection.execute("BEGIN; INSERT INTO item VALUES (1)")
            let process = connection.backendProcessID
            relay.cut(cut)
            let error = postgresError {
                if inPipeline { _ = try connection.pipeline([(.commit, [])]) } else { try connection.commit() }
            }
            #expect(error?.kind == .commitOutcomeUnknown && error?.disposition == .retry)
            #expect(connection.isBroken)
            let gone = Statement(name: "gone", sql: "SELECT pg_terminate_backend($1, 5000)")
            _ = try observer.query(gone, [.int32(process)])
            let count = Statement(name: "count", sql: "SELECT count(*) FROM item")
            #expect(try observer.query(count).int64(0, 0) == (cut == .beforeAnswer ? 1 : 0))
        }
    }

    @Test(
        "A connection cut without a COMMIT under way is lost, and no more",
        .enabled(if: ProcessInfo.processInfo.environment["POSTGRES_URL"] == nil, "needs the private server's socket"),
        arguments: [PostgresRelay.Cut.beforeRequest, .beforeAnswer],
        [true, false]
    )
    func connectionLost(cut: PostgresRelay.Cut, inPipeline: Bool) throws {
        try withConnection { (_, url) throws in
            let relay = try PostgresRelay(to: url)
            let connection = try PGConnection(relay.url, applicationName: "cut")
            relay.cut(cut)
            let error = postgresError {
                if inPipeline { _ = try connection.query(.begin) } else { try connection.execute("BEGIN") }
            }
            #expect(error?.kind == .connectionLost && error?.disposition == .retry && connection.isBroken)
        }
    }

    @Test(
        "Ten statements with their preparation and COMMIT cost one round trip",
        .enabled(if: ProcessInfo.processInfo.environment["POSTGRES_URL"] == nil, "needs the private server's socket")
    )
    func oneRoundTrip() throws {
        try withConnection { (_, url) throws in
            let relay = try PostgresRelay(to: url)
            let connection = try PGConnection(relay.url, applicationName: "counted")
            defer { connection.close() }
            let work = (0..<8).map { (Statement(name: "s\($0)", sql: "SELECT \($0)"), [PGParameter]()) }
            for _ in 0..<2 {
                let before = relay.roundTrips
                let results = try connection.pipeline([(.begin, [])] + work + [(.commit, [])])
                #expect(results.count == 10 && relay.roundTrips - before == 1)
            }
            // The measure itself: one by one they cost eight.
            let before = relay.roundTrips
            for (statement, parameters) in work { _ = try connection.query(statement, parameters) }
            #expect(relay.roundTrips - before == 8)
        }
    }

    @Test("Roll-back is safe in every state")
    func rollback() throws {
        try withConnection { (connection, _) throws in
            connection.rollback()
            #expect(connection.transactionStatus == .idle && !connection.isBroken)
            try connection.execute("BEGIN; CREATE TABLE item ()")
            connection.rollback()
            #expect(connection.transactionStatus == .idle)
            #expect(postgresError { try connection.execute("SELECT FROM item") }?.sqlState == .undefinedTable)
            connection.close()
            connection.rollback()
            #expect(connection.isBroken && connection.transactionStatus == .unknown)
        }
    }

    @Test("COPY is refused, and the connection with it")
    func copy() throws {
        try withConnection { (connection, url) throws in
            #expect(postgresError { try connection.execute("COPY (SELECT 1) TO STDOUT") }?.kind == .misuse)
            #expect(connection.isBroken)
            let other = try PGConnection(url, applicationName: "copy")
            let error = postgresError { _ = try other.query(Statement(name: "copy", sql: "COPY pg_class TO STDOUT")) }
            #expect(error != nil && error?.disposition == .broken)
        }
    }

    @Test("A refused connection tells the server's code")
    func refused() throws {
        let url = try PrivatePostgres.shared().url
        let error = postgresError { _ = try PGConnection(url + "&dbname=nowhere", applicationName: "refused") }
        #expect(error?.kind == .connectionFailed && error?.sqlState == .invalidCatalogName)
        #expect(error?.disposition == .broken)
    }

    @Test("Where no server answers there is no code, and trying again is right")
    func nobody() throws {
        let error = postgresError { _ = try PGConnection("host=/nonexistent", applicationName: "nobody") }
        #expect(error?.kind == .connectionFailed && error?.sqlState == nil && error?.disposition == .retry)
        #expect(error.map(String.init(describing:)) == "connect: connection failed")
    }

    @Test("A server that accepts and stays silent is given up after connect_timeout")
    func silent() throws {
        let directory = FileManager.default.temporaryDirectory.path + "/ut-silent-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let listener = try PostgresRelay.socket(directory + "/.s.PGSQL.5432", Glibc.bind)
        defer { _ = close(listener) }
        #expect(listen(listener, 1) == 0)
        let error = postgresError {
            _ = try PGConnection("host=\(directory) port=5432 connect_timeout=1", applicationName: "silent")
        }
        #expect(error?.kind == .connectionFailed && error?.disposition == .retry)
    }
}
