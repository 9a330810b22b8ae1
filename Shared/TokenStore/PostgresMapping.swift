import Postgres
import TokenCore

/// One statement of a round trip, with its parameters.

struct PipelineStep {
    let statement: Statement
    let parameters: [PGParameter]

    init(_ statement: Statement, _ parameters: [PGParameter] = []) {
        self.statement = statement
        self.parameters = parameters
    }
}

extension PGUUID {
    init(_ value: UUIDValue) {
        self.init(high: value.high, low: value.low)
    }
}

extension UUIDValue {
    init(_ value: PGUUID) {
        self.init(high: value.high, low: value.low)
    }
}

extension PGResult {
    func instant(_ row: Int, _ column: Int) -> Instant {
        Instant(microseconds: timestamp(row, column))
    }

    func optionalInstant(_ row: Int, _ column: Int) -> Instant? {
        isNull(row, column) ? nil : instant(row, column)
    }
}

extension PGConnection {
    /// All steps in one round trip.
    func pipeline(_ steps: [PipelineStep]) throws(PostgresError) -> [PGResult] {
        try pipeline(steps.map { ($0.statement, $0.parameters) })
    }
}
