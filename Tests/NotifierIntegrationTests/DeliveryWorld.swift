import Contract
import Foundation
import Messaging
import Postgres
import ReceiverSupport
import Telemetry
import TestSupport
import Testing
import TokenCore
import TokenCrypto
import TokenStore
import Transport
import WorkerRuntime

@testable import Notifier

/// A database, topics, keys and a receiver of one test's own, and notifiers over them.
final class DeliveryWorld {
    let topics: Topics
    let database: PGConnection
    let receiver: LocalReceiver
    let broker: PrivateBroker
    let keys: KeySource
    private let environment: [String: String]
    private let kafka: KafkaSettings
    private let folder: URL
    private let producer: KafkaProducer
    private var notifiers: [RunningNotifier] = []

    static let template = DatabaseTemplate("usertokens") { connection in
        _ = try Schema.migrator.migrate(connection)
        try Tenants.add("default", connection)
    }

    /// - Parameter timeout: of both providers.
    static func run(timeout: String = "10s", _ body: (DeliveryWorld) async throws -> Void) async throws {
        try await PrivatePostgres.shared().withDatabase(template) { url in
            let world = try DeliveryWorld(database: url, timeout: timeout)
            do {
                try await body(world)
            } catch {
                try await world.clean()
                throw error
            }
            try await world.clean()
        }
    }

    private init(database url: String, timeout: String) throws {
        broker = try PrivateBroker.shared
        topics = Topics(prefix: broker.uniqueName("notifier") + ".")
        kafka = try KafkaSettings(properties: broker.properties)
        database = try PGConnection(url, applicationName: "test")
        receiver = try LocalReceiver()
        producer = try KafkaProducer(kafka)
        folder = FileManager.default.temporaryDirectory.appending(path: "notifier-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let keyFile = folder.appending(path: "keys.json").path
        try KeyFile.create(path: keyFile)
        keys = try KeySource(path: keyFile)
        let file = folder.appending(path: "notifier.yaml")
        try Data(Self.configuration(receiver.ports, timeout).utf8).write(to: file)
        var environment = [
            "POSTGRES_URL": url, "KEYS_FILE": keyFile, "TOPIC_PREFIX": topics.prefix, "NOTIFIER_CONFIG": file.path,
            "LOG_LEVEL": "error", "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrapServers,
        ]
        for (name, value) in broker.properties where name != "bootstrap.servers" {
            environment["KAFKA_PROPERTY_" + name.uppercased().replacing(".", with: "_")] = value
        }
        self.environment = environment
        let admin = try KafkaAdmin(kafka)
        defer { admin.close() }
        let names = [topics.notifications, topics.events, topics.dlq(of: topics.notifications)]
        _ = try admin.create(
            names.map { TopicSpec(name: $0, partitions: 1, replicationFactor: 1) },
            timeoutMilliseconds: 10_000
        )
    }

    private static func configuration(_ ports: LocalReceiver.Ports, _ timeout: String) -> String {
        """
        channels:
          email:
            - name: relay
              timeout: \(timeout)
              smtp: {url: "smtp://127.0.0.1:\(ports.smtp)", startTLS: none, from: "Example <no-reply@example.org>"}
          sms:
            - name: gateway
              timeout: \(timeout)
              http: {url: "http://127.0.0.1:\(ports.http)/", body: '{"to":"{{to}}","text":"{{text}}","ref":"{{id}}"}'}
        """
    }

    private func clean() async throws {
        for notifier in notifiers { try await notifier.stop() }
        producer.close()
        database.close()
        try FileManager.default.removeItem(at: folder)
    }

    /// A notifier that runs until the test ends, or stops it.
    @discardableResult
    func startNotifier(group: String = "notifier") throws -> RunningNotifier {
        let setup = try Notifier.makeSetup(environment: environment)
        let plan = try DeliveryPlan(file: environment["NOTIFIER_CONFIG"] ?? "")
        let notifier = RunningNotifier(setup, plan, group: topics.prefix + group)
        notifiers.append(notifier)
        return notifier
    }

    /// Asks until it is so; fails after 30 seconds, saying what it waited for.
    func wait(_ what: String, until condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try await !condition() {
            guard ContinuousClock.now < deadline else { throw TimedOut(what: what) }
            await Task.yield()
        }
    }

    struct TimedOut: Error, CustomStringConvertible {
        let what: String
        var description: String { "waited in vain: \(what)" }
    }

    // MARK: Kafka

    func write(_ notes: [Note]) throws {
        let envelopes = SealedEnvelopes(keys: keys, requiresSealing: false)
        try write(raw: notes.map { $0.message(to: topics, envelopes) })
    }

    func write(raw messages: [OutgoingMessage]) throws {
        let batch = try producer.produce(messages)
        guard case .acknowledged = producer.wait(for: batch, timeoutMilliseconds: 10_000) else {
            throw TimedOut(what: "records to be written")
        }
    }

    /// All records of a topic once there are so many, and what comes right after.
    func records(of topic: String, atLeast count: Int) async throws -> [KafkaRecord] {
        let reader = try KafkaReader(kafka)
        defer { reader.close() }
        try reader.read([TopicPartition(topic: topic, partition: 0)], from: .beginning, timeoutMilliseconds: 10_000)
        var records: [KafkaRecord] = []
        try await wait("\(count) records of \(topic)") {
            records += try reader.take(max: 10_000, waitMilliseconds: 50)
            return records.count >= count
        }
        return try records + reader.take(max: 10_000, waitMilliseconds: 200)
    }

    func events(atLeast count: Int) async throws -> [Event] {
        try await records(of: topics.events, atLeast: count).map(Event.init)
    }

    /// The offset from which a group would read on; asked while nobody else is in the group.
    func committed(group: String = "notifier") throws -> Int64? {
        let consumer = try KafkaConsumer(kafka, group: topics.prefix + group, topics: [topics.notifications])
        defer { consumer.close() }
        let partition = TopicPartition(topic: topics.notifications, partition: 0)
        return try consumer.committed([partition], timeoutMilliseconds: 5_000)[partition]
    }

    // MARK: PostgreSQL

    /// An open challenge whose current value this notification carries.
    func addChallenge(_ id: ChallengeID, notification: NotificationID, state: Int = 0) throws {
        try database.execute(
            """
            INSERT INTO challenge VALUES (
                '\(id)', '\(Note.token)', '\(Note.token)', 0, \(state), now(), now() + interval '5 minutes', 6, '\\x00',
                '\\x', 1, now(), '\(notification)', NULL, NULL, 0
            )
            """
        )
    }

    /// How a delivery stands: state and code.
    func delivery(_ id: NotificationID) throws -> (state: Int16, code: String?)? {
        let statement = Statement(name: "delivery", sql: "SELECT state, code FROM delivery WHERE notification_id = $1")
        let result = try database.query(statement, [.uuid(PGUUID(high: id.value.high, low: id.value.low))])
        return result.rowCount == 0 ? nil : (result.int16(0, 0), result.optionalText(0, 1))
    }
}

/// A notifier on a thread of its own.
final class RunningNotifier: Sendable {
    private let setup: WorkerSetup
    private let work: Task<Void, any Error>

    init(_ setup: WorkerSetup, _ plan: DeliveryPlan, group: String) {
        self.setup = setup
        work = Task { try await NotifierService(setup, plan: plan).deliver(group: group) }
    }

    /// Ends it as SIGTERM does.
    func stop() async throws {
        setup.stop.request()
        try await work.value
    }

    var metrics: String { setup.metrics.render() }
}
