import ArgumentParser
import Contract
import Messaging
import TokenCrypto
import WorkerRuntime

/// `dlq`: what could not be decoded or handled.
struct DeadLettersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dlq",
        abstract: "Lists, shows and replays dead letters.",
        subcommands: [List.self, Show.self, Replay.self]
    )

    /// `dlq list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "A line for each dead letter: topic, partition, offset, reason."
        )

        @Argument(help: "A topic of dead letters, or the one that they come from. (default: all)")
        var topic: String?

        @OptionGroup var tenant: TenantOption

        func run() throws {
            let log = try DeadLetterLog(ToolSettings.read { $0.broker() })
            defer { log.close() }
            let topics = try topic.map { [try log.letters(of: $0)] } ?? DeadLetterLog.sources(log.broker.topics)
            for (_, letters) in topics {
                for record in try log.records(of: letters) where isWanted(record) {
                    let reason = record.attribute(.dlqReason) ?? "-"
                    Output.line("\(letters)\t\(record.partition)\t\(record.offset)\t\(reason)")
                }
            }
        }

        private func isWanted(_ record: KafkaRecord) -> Bool {
            guard let wanted = tenant.given else { return true }
            return record.key.flatMap(RecordKey.init)?.tenant == wanted
        }
    }

    /// One dead letter by its place.
    struct Place: ParsableArguments {
        @Argument(help: "The topic, as 'dlq list' prints it, or the one that the record came from.")
        var topic: String

        @Argument(help: "The partition of the topic of dead letters.")
        var partition: Int32

        @Argument(help: "The offset there.")
        var offset: Int64
    }

    /// `dlq show`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Prints the record's value byte for byte; it may hold a secret."
        )

        @OptionGroup var place: Place
        @OptionGroup var tenant: TenantOption

        func run() throws {
            try place.withRecord { record, _, keys, _ in Output.write(try DeadLetterSeal.open(record, keys: keys)) }
        }
    }

    /// `dlq replay`.
    struct Replay: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "replay",
            abstract: "Writes the record to its topic again, with its key and headers; the dead letter stays."
        )

        @OptionGroup var place: Place
        @OptionGroup var tenant: TenantOption

        func run() throws {
            try place.withRecord { record, source, keys, broker in
                let value = try DeadLetterSeal.open(record, keys: keys)
                try broker.write(DeadLetterSeal.original(of: record, value: value, topic: source))
                Output.line("replayed to \(source)")
            }
        }
    }
}

extension DeadLettersCommand.Place {
    func withRecord(_ body: (KafkaRecord, _ source: String, KeyRings, BrokerSettings) throws -> Void) throws {
        let (broker, path) = try ToolSettings.read { settings in
            let (broker, path) = (settings.broker(), settings.keysFile())
            return broker.map { ($0, path) }
        }
        let keys = try KeyRings.load(path: path)
        let log = try DeadLetterLog(broker)
        defer { log.close() }
        let (source, letters) = try log.letters(of: topic)
        try body(log.record(letters, partition: partition, offset: offset), source, keys, broker)
    }
}
