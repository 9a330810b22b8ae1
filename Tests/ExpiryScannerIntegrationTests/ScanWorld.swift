import Contract
import Foundation
import Messaging
import Postgres
import TestSupport
import Testing
import TokenCore
import TokenCrypto
import TokenStore

@testable import ExpiryScanner
@testable import WorkerRuntime

/// A database, topics and a key file of one test's own, and scanners over them that the test drives step by step.
struct ScanWorld: Sendable {
    let setup: WorkerSetup
    let database: String
    private let broker: PrivateBroker
    private let kafka: Messaging.KafkaSettings

    static let template = DatabaseTemplate("scanner") { connection in
        _ = try Schema.migrator.migrate(connection)
        try Tenants.add("default", connection)
    }

    static func run(_ body: (ScanWorld) throws -> Void) throws {
        let keys = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString).json")
        try KeyFile.create(path: keys.path)
        defer { do { try FileManager.default.removeItem(at: keys) } catch { Issue.record(error) } }
        try PrivatePostgres.shared().withDatabase(template) { database in
            try body(ScanWorld(database: database, keys: keys.path))
        }
    }

    private init(database: String, keys: String) throws {
        self.database = database
        broker = try PrivateBroker.shared
        var environment = [
            "POSTGRES_URL": database, "KEYS_FILE": keys, "TOPIC_PREFIX": broker.uniqueName("scan") + ".",
            "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrapServers, "LOG_LEVEL": "error",
        ]
        for (name, value) in broker.properties where name != "bootstrap.servers" {
            environment["KAFKA_PROPERTY_" + name.uppercased().replacing(".", with: "_")] = value
        }
        setup = try ExpiryScanner.makeSetup(environment: environment)
        kafka = try Messaging.KafkaSettings(properties: broker.properties)
        let admin = try KafkaAdmin(kafka)
        defer { admin.close() }
        _ = try admin.create(
            [setup.topics.events, setup.topics.notifications].map {
                TopicSpec(name: $0, partitions: 1, replicationFactor: 1)
            },
            timeoutMilliseconds: 10_000
        )
    }

    // MARK: Scanners

    /// A scanner, and the store that it works on.
    func scanner(patience: Int64 = 60) throws -> (worker: ScanWorker, store: TokenStore, runner: ScanRunner) {
        let store = try TokenStore(setup.store, keys: setup.keys)
        let producer = try KafkaProducer(setup.kafka)
        let envelopes = setup.envelopes()
        let runner = ScanRunner(
            store: store,
            scan: ExpiryScan(),
            settings: setup.decisions,
            rendering: OutcomeRendering(settings: setup.decisions, topics: setup.topics, envelopes: envelopes),
            envelopes: envelopes,
            metrics: setup.metrics
        )
        let worker = ScanWorker(
            setup,
            store: store,
            producer: producer,
            scan: ExpiryScan(),
            // Longer than any clock has gone: what is told here is told of tokens.
            checkpointInterval: .seconds(4_000_000_000),
            patience: patience
        )
        return (worker, store, runner)
    }

    static func shard(of user: UserKey) -> Int32 {
        Int32(StoreKeys.user(user).bytes[0] & 15)
    }

    // MARK: Users and tokens

    static func user(_ name: String) -> UserKey { UserKey(tenant: "default", userID: name) }

    /// Changes users in one transaction, as of an instant: decisions of the core, written by the store as a worker does.
    ///
    /// - Parameter age: seconds before the database's clock.
    func change(
        _ users: [UserKey],
        age: Int64 = 0,
        _ body: (inout UserRecord, DecisionContext) throws -> Void
    ) throws {
        let store = try TokenStore(setup.store, keys: setup.keys)
        defer { store.close() }
        let lane = try store.lane(topic: "test", partition: 0)
        let loaded = try store.begin(
            BatchRequest(lanes: [lane], keys: [], users: Set(users), tenants: ["default"], reads: .contact)
        )
        let row = try #require(loaded.lanes[lane])
        let version = try #require(loaded.catalogueVersions["default"])
        var state = loaded.state
        for user in users {
            let context = DecisionContext(
                now: loaded.clock.adding(seconds: -age),
                user: user,
                catalogue: try store.catalogue(tenant: "default", version: version),
                asker: TokenCore.Asker(id: nil),
                cryptography: store.cryptography,
                envelopes: ClearEnvelopes(),
                random: SystemRandomSource(),
                limits: setup.decisions.limits
            )
            try body(&state[user], context)
        }
        try store.commit(
            BatchResult(
                before: loaded.state,
                after: state,
                lanes: [lane: row],
                inbox: [],
                audit: [],
                instant: row.lastAt
            )
        )
    }

    /// Enrols a token that ends so many seconds from now; before now, where negative.
    @discardableResult
    func enroll(_ name: String, type: String = "sms", endingIn seconds: Int64?, age: Int64 = 864_000) throws -> TokenID
    {
        try enroll([name], type: type, endingIn: seconds, age: age)[0]
    }

    @discardableResult
    func enroll(
        _ names: [String],
        type: String = "sms",
        endingIn seconds: Int64?,
        age: Int64 = 864_000
    ) throws -> [TokenID] {
        var ids: [TokenID] = []
        try change(names.map(Self.user), age: age) { record, context in
            var request = EnrollmentRequest(tokenType: type)
            if context.catalogue[type]?.kind == .sms { request.phone = "+41791234567" }
            request.expiresAt = seconds.map { context.now.adding(seconds: age + $0) }
            ids.append(try record.enroll(request, context).token.id)
        }
        return ids
    }

    func sql(_ query: String) throws -> PGResult {
        let connection = try PGConnection(database, applicationName: "test")
        defer { connection.close() }
        return try connection.query(Statement(name: "q", sql: query))
    }

    func count(_ query: String) throws -> Int { Int(try sql("SELECT count(*) FROM \(query)").int64(0, 0)) }

    func status(of token: TokenID) throws -> String? {
        let result = try sql("SELECT status::int, status_reason FROM token WHERE token_id = '\(token)'")
        return "\(result.int32(0, 0)) \(result.optionalText(0, 1) ?? "-")"
    }

    // MARK: What was told

    /// All records of a topic, up to its end, once there are so many.
    func records(of topic: String, atLeast count: Int) throws -> [KafkaRecord] {
        let reader = try KafkaReader(kafka)
        defer { reader.close() }
        var records: [KafkaRecord] = []
        try wait("\(count) records of \(topic)") {
            try reader.read(
                [TopicPartition(topic: topic, partition: 0)],
                from: .offset(Int64(records.count)),
                timeoutMilliseconds: 10_000
            )
            let start = ContinuousClock.now
            while !reader.hasReachedEnd, .now - start < .seconds(10) {
                records += try reader.take(max: 10_000, waitMilliseconds: 100)
            }
            return records.count >= count
        }
        return records
    }

    func events(atLeast count: Int) throws -> [Told] {
        try records(of: setup.topics.events, atLeast: count).map(Told.init)
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
}

/// A message as a reader sees it.
struct Told {
    let id: String
    let type: String
    let key: String
    let value: [UInt8]
    let data: JSONObject

    init(_ record: KafkaRecord) throws {
        func header(_ header: Header) -> String {
            record.headers.first { $0.name == header.name }?.value.map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        id = header(.id)
        type = header(.type)
        key = record.key.map { String(decoding: $0, as: UTF8.self) } ?? ""
        value = record.value ?? []
        data = try JSONParser.parse(value).objectValue ?? [:]
    }

    var reason: String? { data["reason"]?.stringValue }
    var token: String? { data["token"]?.objectValue?["tokenId"]?.stringValue }
    var status: String? { data["token"]?.objectValue?["status"]?.stringValue }
}
