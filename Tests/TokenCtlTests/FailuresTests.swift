import Postgres
import Testing
import WorkerRuntime

@testable import TokenCtl

@Suite("Failures of tokenctl")
struct FailuresTests {
    @Test(
        "a database that is away is worth another try, a wrong password is not",
        arguments: [
            (PostgresError(.connectionFailed, operation: "connect"), 75),
            (PostgresError(.connectionLost, operation: "x"), 75),
            (PostgresError(.connectionFailed, operation: "connect", sqlState: .cannotConnectNow), 75),
            (PostgresError(.connectionFailed, operation: "connect", sqlState: .invalidPassword), 78),
            (PostgresError(.connectionFailed, operation: "connect", sqlState: .invalidCatalogName), 78),
            (PostgresError(.server, operation: "x", sqlState: .undefinedTable), 78),
            (PostgresError(.server, operation: "x", sqlState: .insufficientPrivilege), 78),
            (PostgresError(.server, operation: "x", sqlState: .syntaxError), 70),
        ]
    )
    func databaseFailures(error: PostgresError, code: Int) throws {
        #expect(ProcessExit(error as any Error)?.code == Int32(code))
    }
}
