import CLibPQ

/// A connection to PostgreSQL: blocking, for one thread at a time, meant for a worker's own thread.
///
/// Every call returns with the connection usable, or with ``isBroken`` true.
package final class PGConnection {
    /// Where the server says the session stands.
    package enum TransactionStatus: Sendable {
        case idle, active, inTransaction, inError, unknown
    }

    /// What the server holds under a statement's name.
    struct Prepared {
        let sql: String
        let types: [UInt32]
    }

    /// nil once closed.
    private(set) var handle: OpaquePointer?  // <PGconn>

    var prepared: [String: Prepared] = [:]

    /// Connects, waiting at most `connect_timeout` (10 s unless `conninfo` says otherwise) for each host.
    ///
    /// - Parameters:
    ///   - conninfo: a `postgresql://` URI or `key=value` pairs; what stands there wins over the defaults here.
    ///   - applicationName: shown in `pg_stat_activity`.
    ///   - sessionSettings: run-time parameters set for the session, such as `plan_cache_mode`.
    package init(
        _ conninfo: String,
        applicationName: String,
        sessionSettings: [String: String] = [:]
    ) throws(PostgresError) {
        handle = try connect(conninfo, applicationName: applicationName)
        guard !sessionSettings.isEmpty else { return }
        let settings = sessionSettings.sorted { $0.key < $1.key }
        _ = try query(.sessionSettings, [.texts(settings.map(\.key)), .texts(settings.map(\.value))])
    }

    deinit {
        close()
    }

    /// Whether libpq understands `conninfo`; nothing connects. What it does not understand it takes for a server that is
    /// away.
    package static func understands(_ conninfo: String) -> Bool {
        guard let options = PQconninfoParse(conninfo, nil) else { return false }
        PQconninfoFree(options)
        return true
    }

    /// Whether the connection is known to be of no more use; make a new one. That the server went away shows at the next call.
    package var isBroken: Bool {
        guard let handle else { return true }
        return PQstatus(handle) != CONNECTION_OK
    }

    package var transactionStatus: TransactionStatus {
        guard let handle else { return .unknown }
        return switch PQtransactionStatus(handle) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_ACTIVE: .active
        case PQTRANS_INTRANS: .inTransaction
        case PQTRANS_INERROR: .inError
        default: .unknown
        }
    }

    /// The process id of the server's side, as `pg_stat_activity` and `pg_terminate_backend` know it; 0 once closed.
    package var backendProcessID: Int32 {
        handle.map(PQbackendPID) ?? 0
    }

    /// Ends the session; an open transaction is rolled back by the server. May be called again.
    package func close() {
        guard let open = handle else { return }
        handle = nil
        prepared = [:]
        PQfinish(open)
    }

    /// Runs `sql` by the simple protocol: several statements, and what can't be prepared.
    ///
    /// Outside a transaction several statements are one transaction of their own. A leading `COMMIT` is checked as in
    /// ``commit()``.
    package func execute(_ sql: String) throws(PostgresError) {
        try execute(sql, operation: Statement.leadingWord(sql))
    }

    /// Commits. An aborted transaction answers `COMMIT` with success and the tag `ROLLBACK`: that is an error here.
    package func commit() throws(PostgresError) {
        try execute("COMMIT", operation: "COMMIT")
    }

    /// Leaves any transaction, in any state, without a word: what led here is the error to report, not this.
    ///
    /// Where the roll-back can't be had the connection is closed, which rolls back too.
    package func rollback() {
        switch transactionStatus {
        case .idle: return
        case .inTransaction, .inError:
            do { try execute("ROLLBACK", operation: "ROLLBACK") } catch { close() }
        case .active, .unknown: close()
        }
    }

    /// As ``execute(_:)``, under a name of the caller's choice.
    func execute(_ sql: String, operation: String) throws(PostgresError) {
        guard let handle else { throw PostgresError(.connectionLost, operation: operation) }
        let isCommit = Statement.isCommit(sql)
        guard PQsendQuery(handle, sql) == 1 else {
            close()
            throw PostgresError(.connectionLost, operation: operation)
        }
        var first: PostgresError?
        var answers = 0
        while let raw = PQgetResult(handle) {
            defer { PQclear(raw) }
            answers += 1
            if first == nil { first = failure(of: raw, answer: answers, isCommit: isCommit, operation: operation) }
            if PQstatus(handle) != CONNECTION_OK || first?.kind == .misuse { break }
        }
        if first == nil, answers == 0 {
            first = PostgresError(isCommit ? .commitOutcomeUnknown : .connectionLost, operation: operation)
        }
        guard let first else { return }
        if PQstatus(handle) != CONNECTION_OK || first.kind == .misuse { close() }
        throw first
    }

    private func failure(of raw: OpaquePointer, answer: Int, isCommit: Bool, operation: String) -> PostgresError? {
        switch PQresultStatus(raw) {
        case PGRES_COMMAND_OK:
            guard isCommit, answer == 1, !isCommitted(raw) else { return nil }
            return PostgresError(.commitRolledBack, operation: operation)
        case PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            return nil
        case PGRES_FATAL_ERROR:
            let error = PostgresError(failed: raw, operation: operation)
            return isCommit && answer == 1 && endsSession(raw) ? error.leavingCommitInDoubt : error
        default:
            return PostgresError(.misuse, operation: operation)
        }
    }
}

extension Statement {
    fileprivate static let sessionSettings = Statement(
        name: "session_settings",
        sql: "SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS setting (name, value)"
    )
}

/// Whether the answer to `COMMIT` says that it was one.
func isCommitted(_ result: OpaquePointer) -> Bool {
    PQcmdStatus(result).map { String(cString: $0) == "COMMIT" } ?? false
}

/// Whether a failed result is the session's last word: told by the server (FATAL, PANIC), or libpq saying it is gone.
func endsSession(_ result: OpaquePointer) -> Bool {
    guard PQresultErrorField(result, user_tokens_PG_DIAG_SQLSTATE()) != nil else { return true }
    guard let severity = PQresultErrorField(result, user_tokens_PG_DIAG_SEVERITY_NONLOCALIZED()) else { return true }
    return String(cString: severity) != "ERROR"
}
