import ArgumentParser
import Contract
import TokenStore

/// `tenant`: the tenants.
struct TenantCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant",
        abstract: "Adds and lists tenants.",
        subcommands: [Add.self, List.self]
    )

    /// `tenant add`.
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Adds a tenant with the built-in token types; one that is there keeps what it has."
        )

        @Argument(help: "1-63 of a-z, 0-9 and '-'")
        var name: String

        @OptionGroup var tenant: TenantOption

        func validate() throws {
            guard RecordKey.isTenant(name) else { throw ValidationError("a tenant's name is 1-63 of a-z, 0-9 and '-'") }
        }

        func run() throws {
            try Database.withConnection { connection in
                Output.line(try Tenants.add(name, connection) ? "added \(name)" : "\(name) is there already")
            }
        }
    }

    /// `tenant list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Lists the tenants: name, and since when."
        )

        @OptionGroup var tenant: TenantOption

        func run() throws {
            try Database.withConnection { connection in
                for (name, createdAt) in try Tenants.list(connection) { Output.line("\(name)\t\(createdAt.rfc3339)") }
            }
        }
    }
}
