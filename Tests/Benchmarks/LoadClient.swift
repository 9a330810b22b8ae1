import Contract
import Foundation
import Messaging

/// What a run of commands came to.
struct LoadResult {
    var count: Int
    /// From the first command's writing to the last reply's reading.
    var seconds: Double
    /// Milliseconds from a command's writing to its reply's reading, sorted.
    var latencies: [Double]

    var rate: Double { Double(count) / seconds }

    func percentile(_ share: Double) -> Double {
        latencies.isEmpty ? .nan : latencies[min(latencies.count - 1, Int(Double(latencies.count) * share))]
    }
}

/// Sends commands and reads their replies: the client that every subject is measured with.
final class LoadClient {
    private let producer: KafkaProducer
    private let consumer: KafkaConsumer
    private let topics: Topics
    private let population: Population
    private let signing: SignedLoad?
    private var nextUser = 0
    private var sentAt: [String: ContinuousClock.Instant] = [:]

    private static let chunk = 256

    init(_ topics: Topics, _ population: Population, signing: SignedLoad?, broker: BrokerProcess) throws {
        var properties = broker.properties
        properties["linger.ms"] = "0"
        let settings = try Messaging.KafkaSettings(properties: properties)
        producer = try KafkaProducer(settings)
        consumer = try KafkaConsumer(settings, group: topics.prefix + "client", topics: [topics.replies])
        self.topics = topics
        self.population = population
        self.signing = signing
    }

    func close() {
        consumer.close()
        producer.close()
    }

    /// Sends `count` commands, never more than `window` without their replies.
    ///
    /// - Throws: when a reply is no success, or `limit` passes without any reply.
    func run(count: Int, window: Int, limit: Duration = .seconds(60)) throws -> LoadResult {
        var latencies: [Double] = []
        latencies.reserveCapacity(count)
        var sent = 0
        var batches: [ProduceBatch] = []
        let start = ContinuousClock.now
        var lastReply = start
        while latencies.count < count {
            let room = min(window - sentAt.count, count - sent)
            // In chunks, as a busy client's library would: a window that refills one by one measures the client.
            if room > 0, room >= min(Self.chunk, window, count - sent) {
                batches.append(try send(min(room, Self.chunk)))
                sent += min(room, Self.chunk)
            }
            if let oldest = batches.first, case .acknowledged = producer.wait(for: oldest, timeoutMilliseconds: 0) {
                batches.removeFirst()
            }
            let replies = try consumer.take(max: 1_024, waitMilliseconds: 1)
            _ = consumer.drainRebalances()
            if !replies.isEmpty { lastReply = .now }
            for reply in replies {
                if let milliseconds = try latency(of: reply) { latencies.append(milliseconds) }
            }
            if ContinuousClock.now - lastReply > limit { throw Silence(missing: sentAt.count) }
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        for batch in batches { _ = producer.wait(for: batch, timeoutMilliseconds: 1_000) }
        return LoadResult(count: count, seconds: seconds, latencies: latencies.sorted())
    }

    /// The first record of a topic: a specimen of what the subject writes.
    func specimen(of topic: String, broker: BrokerProcess) throws -> WireMessage {
        let settings = try Messaging.KafkaSettings(properties: broker.properties)
        let reader = try KafkaConsumer(settings, group: topics.prefix + "specimen." + topic, topics: [topic])
        defer { reader.close() }
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if let record = try reader.take(max: 1, waitMilliseconds: 100).first {
                let headers = record.headers.map { WireHeader($0.name, $0.value) }
                return WireMessage(topic: topic, key: record.key, headers: headers, value: record.value)
            }
        }
        throw Silence(missing: 1)
    }

    private func send(_ count: Int) throws -> ProduceBatch {
        guard nextUser + count <= population.count else { throw OutOfUsers() }
        let users = nextUser..<nextUser + count
        nextUser += count
        let messages = try users.map { user in
            try population.command(user, id: "command-\(user)", topic: topics.commandsVerification, signing: signing)
        }
        let now = ContinuousClock.now
        for user in users { sentAt["command-\(user)"] = now }
        return try producer.produce(messages)
    }

    /// Nil for a reply that was read before.
    private func latency(of reply: KafkaRecord) throws -> Double? {
        let causation = reply.headers.first { $0.name == Header.causationID.name }?.value
        let id = String(decoding: causation ?? [], as: UTF8.self)
        guard let start = sentAt.removeValue(forKey: id) else { return nil }
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        let value = try JSONParser.parse(reply.value ?? [])
        guard value.objectValue?["status"] == .string("ok") else {
            throw Refused(code: value.objectValue?["code"]?.stringValue ?? "?")
        }
        return milliseconds
    }

    struct Silence: Error, CustomStringConvertible {
        let missing: Int
        var description: String { "\(missing) commands are not answered" }
    }

    struct Refused: Error, CustomStringConvertible {
        let code: String
        var description: String { "a right OTP was refused: \(code)" }
    }

    struct OutOfUsers: Error, CustomStringConvertible {
        var description: String { "there are fewer users than commands" }
    }
}
