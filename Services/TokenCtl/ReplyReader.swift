import Contract
import Messaging
import WorkerRuntime

/// Reads the topics on which a reply may come, from a place that is settled before the command is written.
struct ReplyReader {
    private let reader: KafkaReader
    private let partitionCounts: [String: Int32]

    /// - Parameter replyTo: read beside the default topic, which is where a reply goes that may not go there.
    init(_ broker: BrokerSettings, replyTo: String?) throws {
        reader = try KafkaReader(broker.kafka)
        partitionCounts = try reader.list(timeoutMilliseconds: BrokerSettings.patienceMilliseconds)
        guard partitionCounts[broker.topics.replies] != nil else {
            throw ProcessExit(missingTopic: broker.topics.replies)
        }
        let topics = Set([broker.topics.replies, replyTo ?? broker.topics.replies])
        try reader.read(partitions(of: topics), from: .end, timeoutMilliseconds: BrokerSettings.patienceMilliseconds)
        try passOver()
    }

    /// Whether the broker has this topic.
    func isTopic(_ name: String) -> Bool { partitionCounts[name] != nil }

    /// The data of the command's reply; nil where none comes in time.
    func reply(to command: CommandDraft, within timeout: Duration) throws -> [UInt8]? {
        let deadline = ContinuousClock.now + timeout
        repeat {
            let left = Int((deadline - .now) / .milliseconds(1))
            let records = try reader.take(max: 500, waitMilliseconds: min(max(left, 1), 1_000))
            if let reply = records.first(where: command.isAnswered) { return reply.value ?? [] }
        } while ContinuousClock.now < deadline
        return nil
    }

    func close() { reader.close() }

    private func partitions(of topics: Set<String>) -> [TopicPartition] {
        topics.sorted().flatMap { topic in
            (0..<(partitionCounts[topic] ?? 0)).map { TopicPartition(topic: topic, partition: $0) }
        }
    }

    /// Takes what was written before: some brokers tell an end that lies before the last records.
    private func passOver() throws {
        let deadline = ContinuousClock.now + .milliseconds(BrokerSettings.patienceMilliseconds)
        while !reader.hasReachedEnd {
            guard ContinuousClock.now < deadline else {
                throw ProcessExit(ProcessExit.temporaryFailure, "broker away: it does not serve the topic of replies")
            }
            _ = try reader.take(max: 500, waitMilliseconds: 1_000)
        }
    }
}

extension ProcessExit {
    /// A topic that the tool needs and the broker lacks.
    init(missingTopic name: String) {
        self.init(Self.configuration, "topic \(name) is not there; 'tokenctl topics create' makes it")
    }
}
