import Contract
import Messaging

/// The topics of the contract with what they need of the broker.
enum TopicPlan {
    private static let week = Duration.seconds(7 * 86_400)
    /// Somebody has to look at dead letters first.
    private static let month = Duration.seconds(30 * 86_400)

    /// - Parameters:
    ///   - partitions: of each topic but those of dead letters, which have one.
    ///   - replicationFactor: -1 leaves it to the broker.
    ///   - inboxRetention: how long a command's identity is kept; a command is kept twice as long, so that one that
    ///     comes too late is still answered.
    static func topics(
        _ topics: Topics,
        partitions: Int32,
        replicationFactor: Int32,
        inboxRetention: Duration
    ) -> [TopicSpec] {
        let commands: [String: String] = [
            // The instant of a command is the broker's, not its sender's (contract section 2).
            "message.timestamp.type": "LogAppendTime",
            "retention.ms": milliseconds(max(week, inboxRetention * 2)),
        ]
        let kept = ["retention.ms": milliseconds(week)]
        let purposes: [(String, [String: String])] = [
            (topics.commandsEnrollment, commands),
            (topics.commandsVerification, commands),
            (topics.users, ["cleanup.policy": "compact"]),
            (topics.notifications, kept),
            (topics.replies, kept),
            (topics.events, kept),
        ]
        // A sealed record is a third longer than the record.
        let deadLetters = ["retention.ms": milliseconds(month), "max.message.bytes": "2097152"]
        // Acknowledged by all means nothing where all may be one.
        let safety = replicationFactor >= 3 ? ["min.insync.replicas": "2"] : [:]

        func spec(_ name: String, _ partitions: Int32, _ configuration: [String: String]) -> TopicSpec {
            TopicSpec(
                name: name,
                partitions: partitions,
                replicationFactor: replicationFactor,
                configuration: configuration.merging(safety) { own, _ in own }
            )
        }
        return purposes.map { spec($0.0, partitions, $0.1) }
            + topics.read.map { spec(topics.dlq(of: $0), 1, deadLetters) }
    }

    private static func milliseconds(_ duration: Duration) -> String { "\(duration.components.seconds * 1_000)" }
}
