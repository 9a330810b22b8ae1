import CLibPQ

extension PGConnection {
    /// Runs one prepared statement; one round trip, also when it is prepared on the way.
    package func query(_ statement: Statement, _ parameters: [PGParameter] = []) throws(PostgresError) -> PGResult {
        let results = try pipeline([(statement, parameters)])
        guard let result = results.first else { throw PostgresError(.misuse, operation: statement.name) }
        return result
    }

    /// Sends all steps and one sync, then reads the results in order: one round trip, whatever their number.
    ///
    /// The first error ends the work: the steps after it are not carried out, what is left is read up to the sync, and
    /// the error, under the statement's name, is thrown. The connection stays usable; a transaction begun before or in
    /// the pipeline is then open and aborted, see ``rollback()``. Without `BEGIN`, the pipeline is one transaction.
    ///
    /// `COMMIT` may be among the steps, best as the last: what fails after it does not undo it. Answered by the tag
    /// `ROLLBACK` it is ``PostgresError/Kind/commitRolledBack``; if the connection is lost once it is sent, and nothing
    /// told that it failed, ``PostgresError/Kind/commitOutcomeUnknown``.
    ///
    /// Any amount may be sent and received: while libpq waits for room to send (`pqSendSome`), it takes in what has
    /// come, so that the server never waits for us while we wait for it.
    package func pipeline(_ steps: [(Statement, [PGParameter])]) throws(PostgresError) -> [PGResult] {
        guard let firstStep = steps.first else { return [] }
        guard let handle, PQenterPipelineMode(handle) == 1 else {
            close()
            throw PostgresError(.connectionLost, operation: firstStep.0.name)
        }
        let fresh: [Bool]
        do { fresh = try plan(steps) } catch {
            PQexitPipelineMode(handle)
            throw error
        }
        var reader = PipelineReader(handle: handle)
        send(steps, fresh: fresh, on: handle, reader: &reader)
        for (index, step) in steps.enumerated() {
            if fresh[index], !reader.readPreparation(of: step.0) { prepared[step.0.name] = nil }
            reader.readResult(of: step.0)
        }
        reader.readSync(after: steps[steps.count - 1].0)
        if reader.isLost || PQexitPipelineMode(handle) != 1 { close() }
        if let error = reader.error { throw error }
        return reader.results
    }

    /// Decides which steps are prepared on the way, and notes them as prepared.
    private func plan(_ steps: [(Statement, [PGParameter])]) throws(PostgresError) -> [Bool] {
        var fresh: [Bool] = []
        fresh.reserveCapacity(steps.count)
        for (statement, parameters) in steps {
            guard let known = prepared[statement.name] else {
                prepared[statement.name] = Prepared(sql: statement.sql, types: parameters.map(\.type))
                fresh.append(true)
                continue
            }
            guard known.sql == statement.sql, known.types.elementsEqual(parameters, by: { $0 == $1.type }) else {
                for (index, isFresh) in fresh.enumerated() where isFresh { prepared[steps[index].0.name] = nil }
                throw PostgresError(.misuse, operation: statement.name)
            }
            fresh.append(false)
        }
        return fresh
    }

    private func send(
        _ steps: [(Statement, [PGParameter])],
        fresh: [Bool],
        on handle: OpaquePointer,
        reader: inout PipelineReader
    ) {
        for (index, (statement, parameters)) in steps.enumerated() {
            if fresh[index] {
                let types = parameters.map(\.type)
                guard PQsendPrepare(handle, statement.name, statement.sql, CInt(types.count), types) == 1 else {
                    return reader.stop(statement)
                }
            }
            guard sendExecute(statement, parameters, on: handle) else { return reader.stop(statement) }
            if statement.isCommit { reader.commitIsOut = true }
        }
        if PQpipelineSync(handle) != 1, let last = steps.last { reader.stop(last.0) }
    }

    private func sendExecute(_ statement: Statement, _ parameters: [PGParameter], on handle: OpaquePointer) -> Bool {
        let count = parameters.count
        return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
            withUnsafeTemporaryAllocation(of: CInt.self, capacity: count * 2) { numbers in
                for (index, parameter) in parameters.enumerated() {
                    let start = parameter.bytes.map { UnsafeRawPointer($0.start).assumingMemoryBound(to: CChar.self) }
                    values.initializeElement(at: index, to: start)
                    numbers.initializeElement(at: index, to: CInt(clamping: parameter.bytes?.count ?? 0))
                    numbers.initializeElement(at: count + index, to: 1)
                }
                let formats = numbers.baseAddress.map { $0 + count }
                // libpq copies the values before it returns.
                return withExtendedLifetime(parameters) {
                    PQsendQueryPrepared(
                        handle,
                        statement.name,
                        CInt(count),
                        values.baseAddress,
                        numbers.baseAddress,
                        formats,
                        1
                    ) == 1
                }
            }
        }
    }
}
