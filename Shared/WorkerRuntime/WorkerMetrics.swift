import CommandSigning
import Contract
import Messaging
package import Telemetry
import TokenCore

/// The figures of a worker; a label's handle is looked up once.
package final class WorkerMetrics {
    let takeovers: Counter
    private let registry: MetricRegistry
    private let batchDuration: Histogram
    private let batchSize: Histogram
    private let silentSkips: Counter
    private let commandSeconds: Histogram
    private let queueAge: Histogram
    private var commands: [[String]: Counter] = [:]

    package init(_ registry: MetricRegistry) {
        self.registry = registry
        takeovers = registry.counter(.takeovers)
        batchDuration = registry.histogram(.batchDuration)
        batchSize = registry.histogram(.batchSize)
        silentSkips = registry.counter(.silentSkips)
        commandSeconds = registry.histogram(.commandSeconds)
        queueAge = registry.histogram(.queueAge)
    }

    /// After a commit.
    func count(_ batch: CommittedBatch, size: Int, took duration: Duration) {
        batchDuration.observe(duration)
        batchSize.observe(Double(size))
        if batch.silent > 0 { silentSkips.increment(by: batch.silent) }
        for reason in batch.deadLetters { registry.counter(.deadLetters, reason).increment() }
        for tally in batch.tallies {
            counter([tally.type, tally.status, tally.code]).increment()
            queueAge.observe(max(0, Double(batch.decidedAt.microseconds - tally.appendedAt.microseconds) / 1_000_000))
        }
        committedAt = .now
        lastDuration = duration
    }

    /// Records of a partition that are not settled yet.
    func lag(_ partition: TopicPartition, _ records: Int64) {
        registry.gauge(.consumerLag, partition.topic, "\(partition.partition)").set(Int(records))
    }

    /// The partition is another worker's now, who tells its lag.
    func forgetLag(_ partition: TopicPartition) {
        registry.forget(.consumerLag, partition.topic, "\(partition.partition)")
    }

    func count(_ fault: SignatureFault, _ number: Int) {
        registry.counter(.forbidden, fault.rawValue).increment(by: number)
    }

    private var committedAt: ContinuousClock.Instant = .now
    private var lastDuration: Duration = .zero

    /// After the acknowledgements: from taking the batch to its last answer.
    func countAnswered(_ batch: CommittedBatch) {
        let duration = lastDuration + (ContinuousClock.now - committedAt)
        for _ in batch.tallies { commandSeconds.observe(duration) }
    }

    private func counter(_ labels: [String]) -> Counter {
        if let known = commands[labels] { return known }
        let counter = registry.counter(.commands, labels[0], labels[1], labels[2])
        commands[labels] = counter
        return counter
    }
}

extension CommandTally {
    init(_ command: CommandArrival, _ outcome: Outcome, fault: SignatureFault? = nil, appendedAt: Instant) {
        let type = command.envelope.commandType
        self.type = type.topic == nil ? MetricRegistry.other : type.name
        status = outcome.code == nil ? "ok" : "rejected"
        code = outcome.code?.rawValue ?? ""
        self.fault = fault
        self.appendedAt = appendedAt
    }
}
