import Postgres
import Settings

/// The database that `POSTGRES_URL` names.
enum Database {
    /// Connects, runs `body`, and closes.
    static func withConnection(_ body: (PGConnection) throws -> Void) throws {
        let url = try ToolSettings.read { $0.database() }
        let connection = try PGConnection(url.value, applicationName: "usertokens-tokenctl")
        defer { connection.close() }
        try body(connection)
    }
}
