import Foundation
import Postgres
import TestSupport

@testable import TokenStore

/// A database with the token schema, seen by its owner, and roles of one test's own.
struct RoleWorld {
    let owner: PGConnection
    /// The database, for connections of the roles.
    let url: String
    private let prefix: String

    private static let template = DatabaseTemplate("roles") { connection in
        _ = try Schema.migrator.migrate(connection)
    }

    static func run(_ body: (RoleWorld) throws -> Void) throws {
        try PrivatePostgres.shared().withDatabase(template) { url in
            let owner = try PGConnection(url, applicationName: "tests")
            defer { owner.close() }
            let world = RoleWorld(owner: owner, url: url, prefix: "ut_\(UUID().uuidString.prefix(8).lowercased())_")
            for role in DatabaseRole.allCases { try owner.execute("CREATE ROLE \(world.name(role)) LOGIN") }
            defer {
                for role in DatabaseRole.allCases {
                    let name = world.name(role)
                    do {
                        try owner.execute("DROP OWNED BY \(name); DROP ROLE \(name)")
                    } catch {
                        print("could not drop \(name): \(error)")
                    }
                }
            }
            try body(world)
        }
    }

    /// Gives every role what it needs.
    static func runGranted(_ body: (RoleWorld) throws -> Void) throws {
        try run { world in
            for role in DatabaseRole.allCases {
                let powers = try RoleGrants.give(to: world.name(role), for: [role], .exact, world.owner)
                guard powers.isEmpty else { throw Unexpected(powers: powers) }
            }
            try body(world)
        }
    }

    struct Unexpected: Error {
        let powers: [String]
    }

    func name(_ role: DatabaseRole) -> String {
        prefix + role.rawValue.replacing("-", with: "_")
    }

    /// The first column of each row.
    func texts(_ sql: String) throws -> [String] {
        let result = try owner.query(Statement(name: "q\(UInt64.random(in: 0 ... .max))", sql: sql))
        return result.rows.map { result.text($0, 0) }
    }

    /// What an attempt as the role is refused with; nil where it is permitted. Nothing of it stays.
    func refusal(of sql: String, as role: DatabaseRole) throws -> SQLState? {
        try owner.execute("SAVEPOINT attempt; SET LOCAL ROLE \(name(role))")
        defer {
            do { try owner.execute("ROLLBACK TO attempt; RELEASE attempt") } catch { print("\(error)") }
        }
        do throws(PostgresError) {
            try owner.execute(sql)
            return nil
        } catch {
            return error.sqlState
        }
    }

    /// The statement without its parameters: it touches no row, but needs the same rights.
    static func bare(_ statement: Statement) -> String {
        statement.sql.replacing(#/\$[0-9]+/#, with: "NULL")
    }
}
