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
    private let kafka: Messaging.KafkaSettings
    private let keyFile: URL
    private(set) lazy var admin = Result { try KafkaProducer(kafka) }

    static let template = DatabaseTemplate("usertokens") { connection in
        _ = try Schema.migrator.migrate(connection)
        try Tenants.add("default", connection)
    }

    static func run(
        partitions: Int32 = 1,
        broker: PrivateBroker? = nil,
        _ body: (LaneWorld) throws -> Void
    ) throws {
        let broker = try broker ?? PrivateBroker.shared
        try PrivatePostgres.shared().withDatabase(template) { database in
            let world = try LaneWorld(database: database, broker: broker, partitions: partitions)
            defer { world.clean() }
            try body(world)
        }
    }

    private init(database: String, broker: PrivateBroker, partitions: Int32) throws {
        self.database = database
        self.broker = broker
        topics = Topics(prefix: broker.uniqueName("lanes") + ".")
        kafka = try Messaging.KafkaSettings(properties: broker.properties)
        keyFile = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString).json")
        try KeyFile.create(path: keyFile.path)
        keys = try KeySource(path: keyFile.path)
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

    /// A worker that handles both command topics and the directory in one loop.
    func worker(batchSize: Int = 256, group: String? = nil) throws -> LaneWorker {
        let producer = try KafkaProducer(kafka)
        let roles: [String: TopicRole] = [
            topics.commandsEnrollment: .commands(Enrollment.handlers, maximumAge: nil),
            topics.commandsVerification: .commands(Verifier.handlers, maximumAge: 60),
            topics.users: .directory(DirectoryUpdate()),
        ]
        let consumer = try KafkaConsumer(
            kafka,
            group: group ?? broker.uniqueName("group"),
            topics: roles.keys.sorted()
        )
        var logger = Logger(label: "lanes")
        logger.logLevel = .critical
        let metrics = MetricRegistry()
        let health = HealthState(conditions: [])
        let parts = WorkerParts(
            roles: roles,
            topics: topics,
            replyTopics: ReplyTopicRule(topics: topics),
            decisions: DecisionSettings(source: "/test", service: "test", horizon: 86_400, limits: SendingLimits()),
            envelopes: SealedEnvelopes(keys: keys, requiresSealing: false),
            random: SystemRandomSource(),
            metrics: WorkerMetrics(metrics),
            faults: FaultReporter(health: health, metrics: metrics, logger: logger),
            logger: logger,
            stop: StopSignal(),
            batchSize: batchSize
        )
        let store = try TokenStore(StoreSettings(url: database, applicationName: "lanes"), keys: keys)
        let worker = LaneWorker(parts, store: store, consumer: consumer, producer: producer)
        try wait("the worker owns its lanes") {
            try worker.turn()
            return !worker.lanes.isEmpty && worker.lanes.values.allSatisfy { $0.epoch != nil }
        }
        return worker
    }

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

    // MARK: Commands

    /// Writes a command in binary mode and waits until the broker has it.
    func write(
        _ type: CommandType,
        id: String,
        user: String = "alice",
        partition: Int32? = nil,
        source: String = "/test/client",
        _ data: JSONObject
    ) throws {
        let topic = topics.name(of: type.topic ?? .enrollment)
        let headers: [(Header, String)] = [
            (.specVersion, "1.0"), (.id, id), (.source, source), (.type, type.rawValue),
            (.contentType, "application/json"),
        ]
        try write([
            OutgoingMessage(
                topic: topic,
                partition: partition,
                key: Array("default/\(user)".utf8),
                value: data.serialized(),
                headers: headers.map { KafkaHeader(name: $0.0.name, value: Array($0.1.utf8)) }
            )
        ])
    }

    func write(_ messages: [OutgoingMessage]) throws {
        let producer = try admin.get()
        let batch = try producer.produce(messages)
        guard case .acknowledged = producer.wait(for: batch, timeoutMilliseconds: 10_000) else {
            throw TimedOut(what: "a command to be written")
        }
    }

    /// All records of a topic, as they stand; `count` of them are waited for.
    func records(of topic: String, atLeast count: Int) throws -> [KafkaRecord] {
        let reader = try KafkaConsumer(kafka, group: broker.uniqueName("reader"), topics: [topic])
        defer { reader.close() }
        var records: [KafkaRecord] = []
        try wait("\(count) records of \(topic), there are \(records.count)") {
            records += try reader.take(max: 10_000, waitMilliseconds: 100)
            return records.count >= count
        }
        records += try reader.take(max: 10_000, waitMilliseconds: 300)
        return records
    }

    func replies(atLeast count: Int) throws -> [Reply] {
        try records(of: topics.replies, atLeast: count).map(Reply.init)
    }

    func sql(_ query: String) throws -> PGResult {
        let connection = try PGConnection(database, applicationName: "test")
        defer { connection.close() }
        return try connection.query(Statement(name: "q", sql: query))
    }
}

/// A reply as a client sees it.
struct Reply {
    let id: String
    let causation: String?
    let data: JSONObject
    let value: [UInt8]

    init(_ record: KafkaRecord) throws {
        func header(_ header: Header) -> String? {
            record.headers.first { $0.name == header.name }?.value.map { String(decoding: $0, as: UTF8.self) }
        }
        id = header(.id) ?? ""
        causation = header(.causationID)
        value = record.value ?? []
        data = try JSONParser.parse(value).objectValue ?? [:]
    }

    var status: String? { data["status"]?.stringValue }
    var code: String? { data["code"]?.stringValue }
    var result: JSONObject? { data["result"]?.objectValue }
    /// The token's id, in `result.token` or `result`.
    var tokenID: String? {
        result?["token"]?.objectValue?["tokenId"]?.stringValue ?? result?["tokenId"]?.stringValue
    }
}
