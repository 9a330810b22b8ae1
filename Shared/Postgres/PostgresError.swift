import CLibPQ

/// A failure of the database or of the way to it. Safe to log: codes and names, never a row's or a parameter's value.
package struct PostgresError: Error, Hashable, Sendable {
    /// What went wrong, by how much is known of the outcome.
    package struct Kind: RawRepresentable, Hashable, Sendable {
        package let rawValue: String

        package init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// No connection came about.
        package static let connectionFailed = Kind(rawValue: "connection failed")

        /// The connection is gone. An open transaction was rolled back; what ran outside of one may have happened.
        package static let connectionLost = Kind(rawValue: "connection lost")

        /// The connection ended after `COMMIT` was sent and before its answer: committed or not, nobody told us.
        package static let commitOutcomeUnknown = Kind(rawValue: "commit outcome unknown")

        /// `COMMIT` was answered with the tag `ROLLBACK`: the transaction had failed before, nothing is committed.
        package static let commitRolledBack = Kind(rawValue: "commit rolled back")

        /// The server refused a statement; see ``PostgresError/sqlState``.
        package static let server = Kind(rawValue: "server error")

        /// The module was used wrongly: parameter types changed under a statement's name, `COPY`, and the like.
        package static let misuse = Kind(rawValue: "misuse")
    }

    package let kind: Kind

    /// The server's code, where the server spoke at all.
    package let sqlState: SQLState?

    /// The statement's name, or what was being done.
    package let operation: String

    /// Name of the violated constraint.
    package let constraint: String?

    /// Name of the column of a data error, where the server tells.
    package let column: String?

    /// Where in the statement's text the server found the error, in characters from 1.
    package let position: Int?

    package init(
        _ kind: Kind,
        operation: String,
        sqlState: SQLState? = nil,
        constraint: String? = nil,
        column: String? = nil,
        position: Int? = nil
    ) {
        self.kind = kind
        self.operation = operation
        self.sqlState = sqlState
        self.constraint = constraint
        self.column = column
        self.position = position
    }

    /// What the caller does about it.
    package var disposition: Disposition {
        switch kind {
        case .server, .connectionFailed: sqlState?.disposition ?? .retry
        case .connectionLost, .commitOutcomeUnknown, .commitRolledBack: .retry
        default: .broken
        }
    }

    /// The same failure, seen from `COMMIT`'s answer that never came.
    var leavingCommitInDoubt: PostgresError {
        PostgresError(.commitOutcomeUnknown, operation: operation, sqlState: sqlState)
    }
}

extension PostgresError: CustomStringConvertible {
    package var description: String {
        var text = "\(operation): \(kind.rawValue)"
        if let sqlState { text += " \(sqlState.rawValue)" }
        if let constraint { text += ", constraint \(constraint)" }
        if let column { text += ", column \(column)" }
        if let position { text += ", at character \(position)" }
        return text
    }
}

extension PostgresError {
    /// Reads the fields of a failed `PGresult`. MESSAGE, DETAIL and CONTEXT stay behind: they quote values.
    init(failed result: OpaquePointer, operation: String) {
        func field(_ code: CInt) -> String? {
            PQresultErrorField(result, code).map { String(cString: $0) }
        }
        // Without a SQLSTATE it is libpq that speaks, and it speaks only of connections.
        let state = field(user_tokens_PG_DIAG_SQLSTATE()).map(SQLState.init)
        self.init(
            state == nil ? .connectionLost : .server,
            operation: operation,
            sqlState: state,
            constraint: field(user_tokens_PG_DIAG_CONSTRAINT_NAME()),
            column: field(user_tokens_PG_DIAG_COLUMN_NAME()),
            position: field(user_tokens_PG_DIAG_STATEMENT_POSITION()).flatMap { Int($0) }
        )
    }
}
