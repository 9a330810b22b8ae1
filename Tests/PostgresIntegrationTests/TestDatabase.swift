import Postgres
import TestSupport

/// Runs `body` with a connection to a database of its own.
func withConnection<R>(
    settings: [String: String] = [:],
    _ body: (PGConnection, _ url: String) throws -> R
) throws -> R {
    try PrivatePostgres.shared().withDatabase { url in
        let connection = try PGConnection(url, applicationName: "test", sessionSettings: settings)
        defer { connection.close() }
        return try body(connection, url)
    }
}

/// The error that `body` throws; nil if it throws none, or one of another type.
func postgresError(_ body: () throws -> Void) -> PostgresError? {
    do { try body() } catch { return error as? PostgresError }
    return nil
}
