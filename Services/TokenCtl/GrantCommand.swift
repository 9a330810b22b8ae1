import ArgumentParser
import Postgres
import TokenStore

/// `grant`: the database role of the services.
struct GrantCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant",
        abstract: "Gives a database role what the services need, and no more; run it after each 'migrate'.",
        discussion: """
            The role is the site's to make (CREATE ROLE … LOGIN). It can neither change the schema nor change or remove \
            audit rows. POSTGRES_URL names the schema's owner here, and this role for the services.
            """
    )

    @Argument(help: "The name of the role.")
    var role: String

    @OptionGroup var tenant: TenantOption

    func run() throws {
        try Database.withConnection { try WorkerGrants.give(to: role, $0) }
        Output.line("\(role) may do the services' work")
    }
}
