import CLibPQ

/// Reads the answers of one pipeline, in the order in which its steps were sent.
struct PipelineReader {
    private enum Answer {
        case done(PGResult)
        case failed(PostgresError)
        case skipped
    }

    let handle: OpaquePointer  // <PGconn>, borrowed

    /// Whether `COMMIT` was handed to libpq, and may have reached the server.
    var commitIsOut = false

    private(set) var results: [PGResult] = []

    /// The first error; all later ones follow from it.
    private(set) var error: PostgresError?

    /// Whether the connection is gone, or no longer in step with us.
    private(set) var isLost = false

    init(handle: OpaquePointer) {
        self.handle = handle
    }

    /// Gives up at a step that libpq would not take.
    mutating func stop(_ statement: Statement) {
        guard PQstatus(handle) == CONNECTION_OK else { return lose(statement) }
        isLost = true
        fail(commitIsOut ? .commitOutcomeUnknown : .misuse, statement)
    }

    /// - Returns: whether the statement is prepared.
    mutating func readPreparation(of statement: Statement) -> Bool {
        switch read(statement) {
        case .done: return true
        case .failed(let failure):
            note(failure)
            return false
        case .skipped: return false
        }
    }

    mutating func readResult(of statement: Statement) {
        switch read(statement) {
        case .done(let result):
            results.append(result)
            if statement.isCommit, result.commandTag != "COMMIT" { fail(.commitRolledBack, statement) }
        case .failed(let failure): note(failure)
        case .skipped: break
        }
    }

    /// Reads up to the sync. What fails only here (a deferred constraint, say) fails the last statement.
    mutating func readSync(after statement: Statement) {
        var pauses = 0
        while !isLost {
            guard let raw = PQgetResult(handle) else {
                // One NULL ends a statement's results; two in a row mean that nothing is under way any more.
                pauses += 1
                if pauses > 1 || PQstatus(handle) != CONNECTION_OK { return loseSync(statement) }
                continue
            }
            defer { PQclear(raw) }
            pauses = 0
            switch PQresultStatus(raw) {
            case PGRES_PIPELINE_SYNC: return
            case PGRES_FATAL_ERROR:
                let failure = PostgresError(failed: raw, operation: statement.name)
                if endsSession(raw) { return loseSync(statement, failure) }
                note(commitIsOut ? failure.leavingCommitInDoubt : failure)
            default: return loseSync(statement)
            }
        }
    }

    private mutating func read(_ statement: Statement) -> Answer {
        guard !isLost else { return .skipped }
        guard let raw = PQgetResult(handle) else {
            lose(statement)
            return .skipped
        }
        let answer = classify(raw, statement)
        // One NULL after each statement.
        while !isLost, let more = PQgetResult(handle) {
            PQclear(more)
            if PQstatus(handle) != CONNECTION_OK { break }
        }
        return answer
    }

    private mutating func classify(_ raw: OpaquePointer, _ statement: Statement) -> Answer {
        switch PQresultStatus(raw) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            return .done(PGResult(owned: raw))
        case PGRES_FATAL_ERROR:
            defer { PQclear(raw) }
            let failure = PostgresError(failed: raw, operation: statement.name)
            guard endsSession(raw) else { return .failed(failure) }
            isLost = true
            // The server's own last word before COMMIT's turn means that it never came to it.
            let inDoubt = commitIsOut && (failure.sqlState == nil || statement.isCommit)
            return .failed(inDoubt ? failure.leavingCommitInDoubt : failure)
        case PGRES_PIPELINE_ABORTED:
            PQclear(raw)
            return .skipped
        default:
            PQclear(raw)
            isLost = true
            fail(commitIsOut ? .commitOutcomeUnknown : .misuse, statement)
            return .skipped
        }
    }

    private mutating func lose(_ statement: Statement) {
        isLost = true
        fail(commitIsOut ? .commitOutcomeUnknown : .connectionLost, statement)
    }

    /// The connection went with all answers read: with `COMMIT` as the last of them the work is safe, and no error.
    private mutating func loseSync(_ statement: Statement, _ failure: PostgresError? = nil) {
        isLost = true
        guard !statement.isCommit else { return }
        let failure = failure ?? PostgresError(.connectionLost, operation: statement.name)
        note(commitIsOut ? failure.leavingCommitInDoubt : failure)
    }

    private mutating func fail(_ kind: PostgresError.Kind, _ statement: Statement) {
        note(PostgresError(kind, operation: statement.name))
    }

    private mutating func note(_ failure: PostgresError) {
        if error == nil { error = failure }
    }
}
