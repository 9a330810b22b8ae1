import ArgumentParser
import Contract
import Postgres
import TokenStore

/// `migrate`: brings the database to this version's schema.
struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Brings the database to this version's schema; what is there already stays.",
        discussion: "Makes the inbox's partitions of the next days and the tenant 'default' too, where they lack."
    )

    @OptionGroup var tenant: TenantOption

    func run() throws {
        try Database.withConnection { connection in
            let applied = try Schema.migrator.migrate(connection)
            for migration in applied { Output.line("applied \(migration.number) \(migration.name)") }
            try connection.execute("SELECT inbox_partitions_ahead((now() AT TIME ZONE 'UTC')::date)")
            if try Tenants.add(EnvelopeDecoder.defaultTenant, connection) {
                Output.line("added tenant \(EnvelopeDecoder.defaultTenant)")
            }
            Output.line("schema is current")
        }
    }
}
