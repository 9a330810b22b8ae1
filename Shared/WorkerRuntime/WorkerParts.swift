package import CommandSigning
package import Contract
package import Logging
package import Telemetry
package import TokenCore
package import TokenStore

/// What a worker is made of, beside its connections.
package struct WorkerParts {
    package var roles: [String: TopicRole]
    package var topics: Topics
    package var replyTopics: ReplyTopicRule
    /// Nil where commands are not signed.
    package var signatures: CommandVerifier?
    package var decisions: DecisionSettings
    package var envelopes: SealedEnvelopes
    package var random: any RandomSource
    package var metrics: WorkerMetrics
    package var faults: FaultReporter
    package var logger: Logger
    package var stop: StopSignal
    /// Records that are taken at most; never waited for.
    package var batchSize: Int
    package var heartbeat: Heartbeat?
    /// The group gave partitions, perhaps none.
    package var onAssignment: () -> Void

    package init(
        roles: [String: TopicRole],
        topics: Topics,
        replyTopics: ReplyTopicRule,
        signatures: CommandVerifier? = nil,
        decisions: DecisionSettings,
        envelopes: SealedEnvelopes,
        random: any RandomSource,
        metrics: WorkerMetrics,
        faults: FaultReporter,
        logger: Logger,
        stop: StopSignal,
        batchSize: Int = 256,
        heartbeat: Heartbeat? = nil,
        onAssignment: @escaping () -> Void = {}
    ) {
        self.roles = roles
        self.topics = topics
        self.replyTopics = replyTopics
        self.signatures = signatures
        self.decisions = decisions
        self.envelopes = envelopes
        self.random = random
        self.metrics = metrics
        self.faults = faults
        self.logger = logger
        self.stop = stop
        self.batchSize = batchSize
        self.heartbeat = heartbeat
        self.onAssignment = onAssignment
    }
}
