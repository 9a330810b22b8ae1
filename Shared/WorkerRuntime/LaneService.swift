import Contract
import Logging
import Messaging
import Postgres
import ServiceLifecycle
import Telemetry
import TokenStore

/// A worker's loop as a service: waits for database, schema, broker and topics, then runs the lanes until it is told to
/// stop.
package struct LaneService: Service {
    private let setup: WorkerSetup
    private let roles: @Sendable () -> [String: TopicRole]

    /// - Parameter roles: what the service reads; asked once, on the worker's own thread.
    package init(_ setup: WorkerSetup, roles: @escaping @Sendable () -> [String: TopicRole]) {
        self.setup = setup
        self.roles = roles
    }

    package func run() async throws {
        let stop = setup.stop
        try await withGracefulShutdownHandler {
            try await DedicatedThread.run(setup.service) { try work() }
        } onGracefulShutdown: {
            stop.request()
        }
    }

    private func work() throws {
        let roles = roles()
        let start = WorkerStart(setup)
        let topics = roles.keys.sorted() + [setup.topics.replies, setup.topics.events, setup.topics.notifications]
        guard let store = try start.store({ try TokenStore(setup.store, keys: setup.keys) }),
            let producer = try start.producer(),
            try start.findTopics(producer, topics)
        else { return }
        let consumer = try KafkaConsumer(
            setup.kafka,
            group: setup.topics.prefix + setup.service,
            topics: roles.keys.sorted()
        )
        let heartbeat = setup.health.heartbeat(setup.service, within: .seconds(120))
        defer { setup.health.endHeartbeat(setup.service) }
        let parts = WorkerParts(
            roles: roles,
            topics: setup.topics,
            replyTopics: setup.replyTopics,
            signatures: setup.signatures,
            decisions: setup.decisions,
            envelopes: setup.envelopes(),
            random: SystemRandomSource(),
            metrics: WorkerMetrics(setup.metrics),
            faults: setup.faults,
            logger: setup.logger,
            stop: setup.stop,
            heartbeat: heartbeat,
            onAssignment: { if setup.health.meet(.group) { setup.logger.info("joined the group") } }
        )
        try LaneWorker(parts, store: store, consumer: consumer, producer: producer).run()
        producer.close()
    }
}
