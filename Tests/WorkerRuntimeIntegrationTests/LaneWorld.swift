import Contract
import Foundation
import Logging
import Messaging
import Postgres
import Settings
import Telemetry
import TestSupport
import Testing
import TokenCore
import TokenCrypto
import TokenStore

@testable import Enrollment
@testable import Verifier
@testable import WorkerRuntime

/// A database, a set of topics and a key file of one test's own, and workers over them that the test drives step by
/// step: the stages of the runtime are functions.
///
/// Workers join groups of their own, so that each believes it owns every lane: what a rebalance makes for a moment
/// lasts here.
final class LaneWorld {
    let topics: Topics
    let database: String
    let broker: PrivateBroker
    let keys: KeySource
    let partitions: Int32
    let kafka: Messaging.KafkaSettings
    private let keyFile: URL
    private(set) lazy var client = Result { try KafkaProducer(kafka) }

    static let template = DatabaseTemplate("usertokens") { connection in
        _ = try Schema.migrator.migrate(connection)
        try Tenants.add("default", connection)
    }

    /// - Parameter withFaults: a broker of the test's own, which can fail.
    static func run(
        partitions: Int32 = 1,
        withFaults: Bool = false,
        _ body: (LaneWorld) throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(BlockingExecutor.shared) {
            let broker = try withFaults ? PrivateBroker(withFaults: ()) : PrivateBroker.shared
            try PrivatePostgres.shared().withDatabase(template) { database in
                let world = try LaneWorld(database: database, broker: broker, partitions: partitions)
                defer { world.clean() }
                try body(world)
            }
        }
    }

    /// - Returns: what makes this world's broker fail.
    func faults() throws -> BrokerFaults { try #require(broker.faults) }

    private init(database: String, broker: PrivateBroker, partitions: Int32) throws {
        self.database = database
        self.broker = broker
        self.partitions = partitions
        topics = Topics(prefix: broker.uniqueName("lanes") + ".")
        // A member that died, or stands still, is missed soon.
        let haste = ["session.timeout.ms": "2000", "heartbeat.interval.ms": "300"]
        kafka = try Messaging.KafkaSettings(properties: broker.properties.merging(haste) { $1 })
        keyFile = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString).json")
        try KeyFile.create(path: keyFile.path)
        keys = try KeySource(path: keyFile.path)
        try createTopics()
    }

    func createTopics() throws {
        let admin = try KafkaAdmin(kafka)
        defer { admin.close() }
        let names = topics.all + topics.read.map { topics.dlq(of: $0) }
        _ = try admin.create(
            names.map { TopicSpec(name: $0, partitions: partitions, replicationFactor: 1) },
            timeoutMilliseconds: 10_000
        )
    }

    private func clean() {
        do { try FileManager.default.removeItem(at: keyFile) } catch { Issue.record(error) }
    }

    // MARK: Workers

    /// A worker that handles both command topics and the directory in one loop. It has asked to join its group and
    /// does nothing before it is driven.
    ///
    /// - Parameter relay: what its connection to the database goes through.
    func stranger(
        batchSize: Int = 256,
        group: String? = nil,
        horizon: Int64 = 86_400,
        relay: PostgresRelay? = nil,
        stop: StopSignal = StopSignal(),
        metrics: MetricRegistry = MetricRegistry()
    ) throws -> LaneWorker {
        let roles: [String: TopicRole] = [
            topics.commandsEnrollment: .commands(.enrollment, maximumAge: nil),
            topics.commandsVerification: .commands(.verification, maximumAge: 60),
            topics.users: .directory(DirectoryUpdate()),
        ]
        let consumer = try KafkaConsumer(
            kafka,
            group: group ?? broker.uniqueName("group"),
            topics: roles.keys.sorted()
        )
        var logger = Logger(label: "lanes")
        logger.logLevel = .critical
        let parts = WorkerParts(
            roles: roles,
            topics: topics,
            replyTopics: ReplyTopicRule(topics: topics),
            decisions: DecisionSettings(source: "/test", service: "test", horizon: horizon, limits: SendingLimits()),
            envelopes: SealedEnvelopes(keys: keys, requiresSealing: false),
            random: SystemRandomSource(),
            metrics: WorkerMetrics(metrics),
            faults: FaultReporter(health: HealthState(conditions: []), metrics: metrics, logger: logger),
            logger: logger,
            stop: stop,
            batchSize: batchSize
        )
        let store = try TokenStore(StoreSettings(url: relay?.url ?? database, applicationName: "lanes"), keys: keys)
        return LaneWorker(parts, store: store, consumer: consumer, producer: try KafkaProducer(kafka))
    }

    /// Waits until all are told of their partitions; they have taken nothing over and read nothing.
    func assign(_ workers: LaneWorker...) throws {
        try wait("the workers are assigned their lanes") {
            for worker in workers where worker.lanes.isEmpty {
                _ = try worker.consumer.take(max: 1, waitMilliseconds: 20)
                try worker.noteRebalances()
            }
            return workers.allSatisfy { !$0.lanes.isEmpty }
        }
    }

    /// A worker that was told of its partitions and has taken nothing over.
    func assigned(batchSize: Int = 256, group: String? = nil, horizon: Int64 = 86_400) throws -> LaneWorker {
        let worker = try stranger(batchSize: batchSize, group: group, horizon: horizon)
        try assign(worker)
        return worker
    }

    /// Two workers, one group each, that were both told of every partition.
    func rivals() throws -> (LaneWorker, LaneWorker) {
        let (first, second) = (try stranger(), try stranger())
        try assign(first, second)
        return (first, second)
    }

    /// A worker that owns its lanes and has read nothing.
    func owner(batchSize: Int = 256, group: String? = nil, horizon: Int64 = 86_400) throws -> LaneWorker {
        let worker = try assigned(batchSize: batchSize, group: group, horizon: horizon)
        try worker.takeOverLanes()
        return worker
    }

    // MARK: The database

    /// Asks until it is so; fails after 30 seconds, saying what it waited for.
    func wait(_ what: String, until condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try !condition() {
            guard ContinuousClock.now < deadline else { throw TimedOut(what: what) }
        }
    }

    struct TimedOut: Error, CustomStringConvertible {
        let what: String
        var description: String { "waited in vain: \(what)" }
    }

    @discardableResult
    func sql(_ query: String) throws -> PGResult {
        let connection = try PGConnection(database, applicationName: "test")
        defer { connection.close() }
        return try connection.query(Statement(name: "q", sql: query))
    }

    func count(_ from: String) throws -> Int64 {
        try sql("SELECT count(*) FROM \(from)").int64(0, 0)
    }

    /// Waits until somebody waits for a lock.
    func waitForLock() throws {
        let connection = try PGConnection(database, applicationName: "test")
        defer { connection.close() }
        let waiting = Statement(
            name: "waiting",
            sql: """
                SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                """
        )
        try wait("somebody waits for a lock") { try connection.query(waiting).int64(0, 0) > 0 }
    }

    /// What the first lane of the enrollment topic says of itself.
    func lane(partition: Int32 = 0) throws -> (sequence: Int64, answered: Int64, next: Int64) {
        let row = try sql(
            """
            SELECT batch_seq, answered_through, next_offset FROM lane
            WHERE topic = '\(topics.commandsEnrollment)' AND partition = \(partition)
            """
        )
        return (row.int64(0, 0), row.int64(0, 1), row.int64(0, 2))
    }
}
