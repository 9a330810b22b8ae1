import Messaging
import Postgres
import Settings
import TokenCrypto
import WorkerRuntime

extension ProcessExit {
    /// sysexits.h: a file that is not what it should be.
    static let unreadable: Int32 = 65
    /// sysexits.h: what was asked for is not there.
    static let missing: Int32 = 66
    /// sysexits.h: the other side is there and refuses.
    static let refused: Int32 = 69
    /// sysexits.h: database or broker away, or no answer: trying again may help.
    static let temporaryFailure: Int32 = 75

    /// An end with one line.
    init(_ code: Int32, _ line: String) {
        self.init(code: code, lines: [line])
    }

    /// What an error means for whoever called the tool; nil for errors of the command line.
    init?(_ error: any Error) {
        switch error {
        case let exit as ProcessExit: self = exit
        case let error as SettingsError: self.init(code: Self.configuration, lines: error.mistakes)
        case let error as KeysError: self.init(code: Self.configuration, lines: error.problems)
        case let error as PostgresError: self.init(error)
        case let error as MigrationError: self.init(Self.configuration, "schema: \(error)")
        case let error as KafkaError: self.init(error)
        default: return nil
        }
    }

    private init(_ error: PostgresError) {
        switch (error.disposition, error.sqlState?.errorClass) {
        case (.retry, _): self.init(Self.temporaryFailure, "database away: \(error)")
        case (_, "28"), (_, "3D"):
            self.init(Self.configuration, "POSTGRES_URL: the server refuses this user or database: \(error)")
        case (_, "42") where error.sqlState == .undefinedTable:
            self.init(Self.configuration, "schema: not there yet; 'tokenctl migrate' makes it: \(error)")
        case (_, "42") where error.sqlState == .insufficientPrivilege:
            self.init(Self.configuration, "POSTGRES_URL: this user lacks a privilege: \(error)")
        default: self.init(Self.software, "database: \(error)")
        }
    }

    private init(_ error: KafkaError) {
        if error.isRetriable {
            self.init(Self.temporaryFailure, "broker away: \(error)")
        } else {
            self.init(Self.refused, "the broker refuses: \(error)")
        }
    }
}
