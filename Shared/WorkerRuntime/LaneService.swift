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
    private static let slice: Duration = .milliseconds(250)

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
        let setup = setup
        guard let store = try waiting({ try openStore() }) else { return }
        guard let producer = try waiting({ try KafkaProducer(setup.kafka) }) else { return }
        guard try waiting({ try findTopics(producer, reading: roles.keys.sorted()) }) != nil else { return }
        setup.faults.end()
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

    /// Tries until it succeeds; nil when the service is to stop first.
    private func waiting<Value>(_ attempt: () throws -> Value?) throws -> Value? {
        var backoff = Backoff()
        while !setup.stop.isRequested {
            do {
                if let value = try attempt() { return value }
            } catch let error where setup.faults.isTransient(error) && !isSchema(error) {
                setup.faults.begin(error)
            }
            setup.stop.wait(atMost: backoff.next())
        }
        return nil
    }

    private func openStore() throws -> TokenStore {
        do {
            try setup.store.requireSchema()
            let store = try TokenStore(setup.store, keys: setup.keys)
            setup.health.meet(.database)
            setup.health.meet(.schema)
            return store
        } catch let error as StoreError where isSchema(error) {
            throw ProcessExit(code: ProcessExit.configuration, lines: ["POSTGRES_URL: \(error)"])
        } catch let error as MigrationError {
            throw ProcessExit(code: ProcessExit.configuration, lines: ["POSTGRES_URL: \(error)"])
        }
    }

    private func isSchema(_ error: any Error) -> Bool {
        switch error {
        case StoreError.schemaOutdated, StoreError.schemaNewer: true
        default: false
        }
    }

    /// Whether every topic that the service reads or writes is there.
    private func findTopics(_ producer: KafkaProducer, reading: [String]) throws -> Bool? {
        let needed = reading + [setup.topics.replies, setup.topics.events, setup.topics.notifications]
        let missing = try needed.filter {
            try producer.partitionCount(of: $0, timeoutMilliseconds: 2_000) == nil
        }
        guard missing.isEmpty else {
            if setup.health.miss(.topics, reason: "missing: \(missing.joined(separator: ", "))") {
                setup.logger.warning(
                    "waiting for topics",
                    metadata: [LogKey.topic: "\(missing.joined(separator: ", "))"]
                )
            }
            return nil
        }
        setup.health.meet(.topics)
        return true
    }
}
