import ArgumentParser
import Postgres
import TokenStore

/// `grant`: the database roles of the services and of this tool.
struct GrantCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant",
        abstract: "Gives a database role what a service needs, and no more; run it after each 'migrate'.",
        usage: "tokenctl grant [SERVICE …] ROLE",
        discussion: """
            SERVICE is \(DatabaseRole.allCases.map(\.rawValue).joined(separator: ", ")): 'operator' is for 'tokenctl \
            tenant' and 'keys status', 'auditor' for 'tokenctl audit verify' and 'export'. What else of the schema the \
            role was given before is taken from it, in the same transaction; so a role of several services is given \
            to all of them at once. The roles are the site's to make (CREATE ROLE … LOGIN), one for each service:

                tokenctl grant verifier user_tokens_verifier

            Without SERVICE the role gets what all services need, and keeps what it has: an installation with one role \
            goes on with it. POSTGRES_URL names the schema's owner here, who alone can migrate and 'audit retire'.
            """
    )

    @Argument(help: "Services, then the name of the role.")
    var names: [String]

    @OptionGroup var tenant: TenantOption

    func validate() throws {
        guard !names.isEmpty else { throw ValidationError("the name of a role is missing") }
        for name in names.dropLast() where DatabaseRole(rawValue: name) == nil {
            throw ValidationError("'\(name)' is no service")
        }
    }

    func run() throws {
        let owners = names.dropLast().compactMap(DatabaseRole.init)
        try Database.withConnection { connection in
            for role in names.suffix(1) {
                let powers =
                    owners.isEmpty
                    ? try RoleGrants.give(to: role, for: DatabaseRole.services, .adding, connection)
                    : try RoleGrants.give(to: role, for: owners, .exact, connection)
                let work = owners.isEmpty ? "the services" : owners.map(\.rawValue).joined(separator: " and ")
                Output.line("\(role) may do the work of \(work)")
                for power in powers { Output.diagnose("\(role) can also do \(power)") }
            }
        }
    }
}
