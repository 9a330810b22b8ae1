/// What a caller does about a failure of the database.
package enum Disposition: Sendable {
    /// A fault that passes (connection, serialization, resources, a unique race): roll back, then the same batch again.
    case retry

    /// The data of one record is at fault: split the batch until that record stands alone.
    case data

    /// A bug or a broken set-up: trying again changes nothing; end the process.
    case broken
}

/// A five-character SQLSTATE (PostgreSQL documentation, appendix A).
package struct SQLState: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package static let numericValueOutOfRange = SQLState(rawValue: "22003")
    package static let foreignKeyViolation = SQLState(rawValue: "23503")
    package static let notNullViolation = SQLState(rawValue: "23502")
    package static let uniqueViolation = SQLState(rawValue: "23505")
    package static let checkViolation = SQLState(rawValue: "23514")
    package static let inFailedTransaction = SQLState(rawValue: "25P02")
    package static let invalidPassword = SQLState(rawValue: "28P01")
    package static let invalidCatalogName = SQLState(rawValue: "3D000")
    package static let serializationFailure = SQLState(rawValue: "40001")
    package static let deadlockDetected = SQLState(rawValue: "40P01")
    package static let insufficientPrivilege = SQLState(rawValue: "42501")
    package static let syntaxError = SQLState(rawValue: "42601")
    package static let undefinedTable = SQLState(rawValue: "42P01")
    package static let tooManyConnections = SQLState(rawValue: "53300")
    package static let lockNotAvailable = SQLState(rawValue: "55P03")
    package static let queryCanceled = SQLState(rawValue: "57014")
    package static let adminShutdown = SQLState(rawValue: "57P01")
    package static let cannotConnectNow = SQLState(rawValue: "57P03")

    /// The first two characters.
    package var errorClass: Substring { rawValue.prefix(2) }

    /// What to do about it. Classes that no one foresaw are bugs: retrying them would hide them.
    package var disposition: Disposition {
        // Two writers met on one key: the second one sees the row when it tries again.
        if self == .uniqueViolation { return .retry }
        return switch errorClass {
        case "08", "40", "53", "55", "57", "58": .retry
        case "25": .retry  // aborted, timed out, or read-only after a failover
        case "XX": .retry  // "tuple concurrently updated" is among them, and no record is at fault
        case "22", "23", "44", "54": .data
        default: .broken
        }
    }
}
