import ArgumentParser
import Contract
import Foundation
import WorkerRuntime

/// The operator's tool: keys, schema, topics, tenants, commands by hand.
@main
struct TokenCtl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenctl",
        abstract: "Sets User Tokens up, sends commands and shows what comes of them.",
        discussion: """
            Settings come from the environment, as those of the services do: KAFKA_BOOTSTRAP_SERVERS, KAFKA_PROPERTY_*, \
            POSTGRES_URL, TOPIC_PREFIX, KEYS_FILE. Each command needs only those that it uses.

            Exit status: 0 done, 1 refused, 64 wrong usage, 65 unreadable file, 66 no such record, 69 the broker refuses, \
            75 no answer, or database or broker away, 78 wrong setting.
            """,
        version: Product.version,
        subcommands: [
            KeysCommand.self, MigrateCommand.self, GrantCommand.self, TopicsCommand.self, TenantCommand.self,
            SendCommand.self,
            WatchCommand.self, ImportCommand.self, DeadLettersCommand.self, AuditCommand.self,
            CheckConfigurationCommand.self, TemplateCommand.self,
        ]
    )

    static func main() {
        // What a shell's limits do not allow is not worth a line at each call.
        _ = ProcessPrivacy.begin()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            guard let failure = ProcessExit(error) else { exit(withError: error) }
            end(failure)
        }
    }

    private static func end(_ failure: ProcessExit) -> Never {
        for line in failure.lines { Output.diagnose(line) }
        Foundation.exit(failure.code)
    }
}

/// `--tenant`, which every command takes.
struct TenantOption: ParsableArguments {
    @Option(
        name: .customLong("tenant"),
        help: "The tenant; without meaning where a command concerns none. (default: default)"
    )
    var given: String?

    /// The tenant that is meant where none is named.
    var name: String { given ?? EnvelopeDecoder.defaultTenant }
}
