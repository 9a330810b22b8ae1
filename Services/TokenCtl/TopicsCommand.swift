import ArgumentParser
import Messaging
import WorkerRuntime

/// `topics`: the topics on the broker.
struct TopicsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topics",
        abstract: "Makes the topics.",
        subcommands: [Create.self]
    )

    /// `topics create`.
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Makes the topics that lack; those that are there stay as they are."
        )

        @Option(help: "Partitions of each topic; those of dead letters have one.")
        var partitions: Int32 = 6

        @Option(help: "Copies of each record. (default: the broker's own)")
        var replicationFactor: Int32?

        @OptionGroup var tenant: TenantOption

        func validate() throws {
            guard (1...10_000).contains(partitions) else { throw ValidationError("--partitions is 1 to 10000") }
            guard (1...100).contains(replicationFactor ?? 1) else {
                throw ValidationError("--replication-factor is 1 to 100")
            }
        }

        func run() throws {
            let (broker, retention) = try ToolSettings.read { settings in
                let (broker, retention) = (settings.broker(), settings.inboxRetention())
                return broker.map { ($0, retention) }
            }
            let specs = TopicPlan.topics(
                broker.topics,
                partitions: partitions,
                replicationFactor: replicationFactor ?? -1,
                inboxRetention: retention
            )
            let admin = try KafkaAdmin(broker.kafka)
            defer { admin.close() }
            let results = try admin.create(specs, timeoutMilliseconds: BrokerSettings.patienceMilliseconds)
            try report(specs.map { ($0.name, results[$0.name]) })
        }

        private func report(_ results: [(name: String, result: TopicResult?)]) throws {
            var failures: [(line: String, isRetriable: Bool)] = []
            for (name, result) in results {
                switch result {
                case .done: Output.line("created \(name)")
                case .alreadySo: Output.line("\(name) is there already")
                case .failed(let error): failures.append(("\(name): \(error)", error.isRetriable))
                case nil: failures.append(("\(name): the broker does not say", true))
                }
            }
            guard !failures.isEmpty else { return }
            let code = failures.allSatisfy(\.isRetriable) ? ProcessExit.temporaryFailure : ProcessExit.refused
            throw ProcessExit(code: code, lines: failures.map(\.line))
        }
    }
}
