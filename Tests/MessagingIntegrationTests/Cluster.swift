import Messaging
import TestSupport
import Testing

/// A broker with the clients that a test needs.
struct Cluster {
    let broker: PrivateBroker

    /// The broker that all tests of this process share.
    init() throws { broker = try .shared }

    init(_ broker: PrivateBroker) { self.broker = broker }

    func settings(
        _ more: [String: String] = [:],
        onError: (@Sendable (KafkaError) -> Void)? = nil
    ) throws -> KafkaSettings {
        try KafkaSettings(properties: broker.properties.merging(more) { $1 }, onError: onError)
    }

    /// Creates a topic of a new name.
    func makeTopic(_ hint: String, partitions: Int32 = 1) throws -> String {
        let name = broker.uniqueName(hint)
        let admin = try KafkaAdmin(settings())
        defer { admin.close() }
        let results = try admin.create([TopicSpec(name: name, partitions: partitions)], timeoutMilliseconds: 10_000)
        try #require(results[name] == .done)
        return name
    }

    func makeConsumer(_ topics: [String], group: String? = nil, member: String? = nil) throws -> KafkaConsumer {
        let more = member.map { ["group.instance.id": $0] } ?? [:]
        return try KafkaConsumer(settings(more), group: group ?? broker.uniqueName("group"), topics: topics)
    }

    /// Writes the messages and waits until all are acknowledged.
    func write(_ messages: [OutgoingMessage]) throws {
        let producer = try KafkaProducer(settings())
        defer { producer.close() }
        let batch = try producer.produce(messages)
        try #require(producer.wait(for: batch, timeoutMilliseconds: 10_000).isAcknowledged)
    }
}

extension KafkaConsumer {
    /// Takes until `isEnough` says so; fails the test after 40 s.
    func take(until isEnough: ([KafkaRecord]) -> Bool) throws -> [KafkaRecord] {
        let deadline = ContinuousClock.now + .seconds(40)
        var records: [KafkaRecord] = []
        while !isEnough(records) {
            try #require(ContinuousClock.now < deadline, "only \(records.count) records came")
            records += try take(max: 100, waitMilliseconds: 100)
        }
        return records
    }

    func take(atLeast count: Int) throws -> [KafkaRecord] { try take { $0.count >= count } }
}

extension ProduceResult {
    var isAcknowledged: Bool { if case .acknowledged = self { true } else { false } }

    var isPending: Bool { if case .pending = self { true } else { false } }

    /// The failed messages' indices and errors' names.
    var failures: [Int: String] {
        guard case .failed(let failures) = self else { return [:] }
        return Dictionary(uniqueKeysWithValues: failures.map { ($0.index, $0.error.name) })
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func text(_ record: KafkaRecord) -> String { String(decoding: record.value ?? [], as: UTF8.self) }
