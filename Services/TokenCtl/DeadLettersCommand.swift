import ArgumentParser
import Contract
import Messaging
import TokenCore
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

        @OptionGroup var filter: DeadLetterFilter
        @OptionGroup var tenant: TenantOption

        func run() throws {
            let log = try DeadLetterLog(ToolSettings.read { $0.broker() })
            defer { log.close() }
            let topics = try topic.map { [try log.letters(of: $0)] } ?? DeadLetterLog.sources(log.broker.topics)
            for (_, letters) in topics {
                for record in try log.records(of: letters) where filter.admits(record, tenant: tenant.given) {
                    Output.line(record.line)
                }
            }
        }
    }

    /// `dlq show`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Prints the record's value byte for byte; it may hold a secret."
        )

        @Argument(help: "The topic, as 'dlq list' prints it, or the one that the record came from.")
        var topic: String

        @Argument(help: "The partition of the topic of dead letters.")
        var partition: Int32

        @Argument(help: "The offset there.")
        var offset: Int64

        @OptionGroup var tenant: TenantOption

        func run() throws {
            try DeadLetterLog.withKeys { log, keys in
                let (_, letters) = try log.letters(of: topic)
                let record = try log.record(letters, partition: partition, offset: offset)
                Output.write(try DeadLetterSeal.open(record, keys: keys))
            }
        }
    }

    /// `dlq replay`.
    struct Replay: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "replay",
            abstract: "Writes records to their topic again, with key and headers; the dead letters stay.",
            discussion: """
                One record by its place, or without a place all that the filter admits; '--all' where it names nothing. \
                A record that was handled meanwhile has no second effect; one that fails again is a new dead letter.
                """
        )

        @Argument(help: "The topic, as 'dlq list' prints it, or the one that the records came from.")
        var topic: String

        @Argument(help: "The partition of the topic of dead letters.")
        var partition: Int32?

        @Argument(help: "The offset there.")
        var offset: Int64?

        @OptionGroup var filter: DeadLetterFilter

        @Flag(help: "Every record of the topic.")
        var all = false

        @Flag(help: "Writes nothing; prints which records would be written.")
        var dryRun = false

        @OptionGroup var tenant: TenantOption

        func validate() throws {
            guard (partition == nil) == (offset == nil) else {
                throw ValidationError("a place is a partition and an offset")
            }
            let isFiltered = all || !filter.isEmpty
            guard partition == nil ? isFiltered || tenant.given != nil : !isFiltered else {
                throw ValidationError("name one place, or a filter, or --all")
            }
        }

        func run() throws {
            try DeadLetterLog.withKeys { log, keys in try replay(log, keys) }
        }

        private func replay(_ log: DeadLetterLog, _ keys: KeyRings) throws {
            let (source, letters) = try log.letters(of: topic)
            let records: [KafkaRecord]
            if let partition, let offset {
                records = [try log.record(letters, partition: partition, offset: offset)]
            } else {
                records = try log.records(of: letters).filter { filter.admits($0, tenant: tenant.given) }
            }
            // All have to open before the first is written.
            let originals = try records.map { record in
                DeadLetterSeal.original(of: record, value: try DeadLetterSeal.open(record, keys: keys), topic: source)
            }
            for (record, original) in zip(records, originals) {
                Output.line(record.line)
                if !dryRun { try log.broker.write(original) }
            }
            Output.line("\(dryRun ? "would replay" : "replayed") \(records.count) to \(source)")
        }
    }
}

/// Which dead letters are meant; what is not named does not matter.
struct DeadLetterFilter: ParsableArguments {
    @Option(help: "Why the record is here, as 'dlq list' prints it.")
    var reason: String?

    @Option(help: "Records that were written at or after this instant (RFC 3339).")
    var since: Instant?

    @Option(help: "Records that were written before this instant (RFC 3339).")
    var until: Instant?

    var isEmpty: Bool { reason == nil && since == nil && until == nil }

    func admits(_ record: KafkaRecord, tenant: String?) -> Bool {
        if let reason, record.attribute(.dlqReason) != reason { return false }
        if let tenant, record.key.flatMap(RecordKey.init)?.tenant != tenant { return false }
        guard since != nil || until != nil else { return true }
        guard let written = record.attribute(.dlqTimestamp).flatMap({ Instant(rfc3339: $0) }) else { return false }
        return since.map { $0 <= written } ?? true && until.map { written < $0 } ?? true
    }
}

extension KafkaRecord {
    /// Where a dead letter stands, and why.
    fileprivate var line: String {
        "\(topic)\t\(partition)\t\(offset)\t\(attribute(.dlqReason) ?? "-")"
    }
}
