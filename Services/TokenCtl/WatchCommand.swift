import ArgumentParser
import Contract
import Messaging
import WorkerRuntime

/// `watch`: prints what is written on a topic, one JSON line each.
struct WatchCommand: ParsableCommand {
    /// What can be watched.
    enum Stream: String, ExpressibleByArgument, CaseIterable {
        case events
        case replies
    }

    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Prints events or replies as they come, each as a CloudEvent in one line of JSON.",
        discussion: "Says on standard error when it watches. With --tenant, only what is of that tenant."
    )

    @Argument(help: "events or replies")
    var stream: Stream

    @Flag(help: "Print what is there already, too.")
    var fromBeginning = false

    @Option(help: "End after so many lines.")
    var count: Int?

    @OptionGroup var tenant: TenantOption

    func validate() throws {
        guard count ?? 1 > 0 else { throw ValidationError("--count is 1 or more") }
    }

    func run() throws {
        let broker = try ToolSettings.read { $0.broker() }
        let topic = stream == .events ? broker.topics.events : broker.topics.replies
        let reader = try KafkaReader(broker.kafka)
        defer { reader.close() }
        let patience = BrokerSettings.patienceMilliseconds
        guard let partitions = try reader.list(timeoutMilliseconds: patience)[topic] else {
            throw ProcessExit(missingTopic: topic)
        }
        try reader.read(
            (0..<partitions).map { TopicPartition(topic: topic, partition: $0) },
            from: fromBeginning ? .beginning : .end,
            timeoutMilliseconds: patience
        )
        // Some brokers tell an end that lies before the last records.
        while !fromBeginning, !reader.hasReachedEnd { _ = try reader.take(max: 500, waitMilliseconds: 1_000) }
        Output.diagnose("watching \(topic)")

        var left = count ?? .max
        while left > 0 {
            for record in try reader.take(max: min(left, 500), waitMilliseconds: 1_000) where isWanted(record) {
                Output.line(EventLine.text(of: record))
                left -= 1
            }
        }
    }

    private func isWanted(_ record: KafkaRecord) -> Bool {
        guard let wanted = tenant.given else { return true }
        return (record.attribute(.tenant) ?? EnvelopeDecoder.defaultTenant) == wanted
    }
}
