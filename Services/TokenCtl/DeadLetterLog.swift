import Contract
import Messaging
import TokenCrypto
import WorkerRuntime

/// The topics of dead letters, read by place.
struct DeadLetterLog {
    private let reader: KafkaReader
    private let partitionCounts: [String: Int32]
    let broker: BrokerSettings

    init(_ broker: BrokerSettings) throws {
        self.broker = broker
        reader = try KafkaReader(broker.kafka)
        partitionCounts = try reader.list(timeoutMilliseconds: BrokerSettings.patienceMilliseconds)
    }

    /// The log, and the keys that its records open with, for as long as `body` runs.
    static func withKeys(_ body: (DeadLetterLog, KeyRings) throws -> Void) throws {
        let (broker, path) = try ToolSettings.read { settings in
            let (broker, path) = (settings.broker(), settings.keysFile())
            return broker.map { ($0, path) }
        }
        let keys = try KeyRings.load(path: path)
        let log = try DeadLetterLog(broker)
        defer { log.close() }
        try body(log, keys)
    }

    /// The topics that dead letters come from, with the ones that hold them.
    static func sources(_ topics: Topics) -> [(source: String, letters: String)] {
        topics.read.map { ($0, topics.dlq(of: $0)) }
    }

    /// The topic that is meant by either name.
    func letters(of name: String) throws -> (source: String, letters: String) {
        guard let found = Self.sources(broker.topics).first(where: { $0.source == name || $0.letters == name }) else {
            let known = Self.sources(broker.topics).map(\.letters).joined(separator: ", ")
            throw ProcessExit(ProcessExit.missing, "no topic of dead letters has this name; there are \(known)")
        }
        return found
    }

    /// Every record of a topic, in the order of its partitions.
    func records(of letters: String) throws -> [KafkaRecord] {
        guard let count = partitionCounts[letters] else { throw ProcessExit(missingTopic: letters) }
        var records: [KafkaRecord] = []
        try read((0..<count).map { TopicPartition(topic: letters, partition: $0) }, from: .beginning) {
            records.append($0)
            return false
        }
        return records.sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
    }

    /// The record at one place.
    func record(_ letters: String, partition: Int32, offset: Int64) throws -> KafkaRecord {
        guard let count = partitionCounts[letters] else { throw ProcessExit(missingTopic: letters) }
        var found: KafkaRecord?
        if (0..<count).contains(partition), offset >= 0 {
            try read([TopicPartition(topic: letters, partition: partition)], from: .offset(offset)) { record in
                if record.offset == offset { found = record }
                return record.offset >= offset
            }
        }
        guard let found else {
            throw ProcessExit(
                ProcessExit.missing,
                "\(letters) has no record at partition \(partition), offset \(offset)"
            )
        }
        return found
    }

    func close() { reader.close() }

    /// Reads until `isEnough` says so, or to the end.
    private func read(
        _ partitions: [TopicPartition],
        from start: KafkaReader.Start,
        until isEnough: (KafkaRecord) -> Bool
    ) throws {
        let patience = BrokerSettings.patienceMilliseconds
        try reader.read(partitions, from: start, timeoutMilliseconds: patience)
        var deadline = ContinuousClock.now + .milliseconds(patience)
        while !reader.hasReachedEnd, ContinuousClock.now < deadline {
            let records = try reader.take(max: 500, waitMilliseconds: 1_000)
            if records.contains(where: isEnough) { return }
            if !records.isEmpty { deadline = .now + .milliseconds(patience) }
        }
    }
}

/// What a dead letter holds.
enum DeadLetterSeal {
    /// A record's value that was as long as a record may be, sealed.
    private static let limit = 4_194_304

    /// The value of the record that became this dead letter, byte for byte.
    static func open(_ record: KafkaRecord, keys: KeyRings) throws(ProcessExit) -> [UInt8] {
        do {
            let plaintext = try JWE.open(record.value ?? [], limit: limit) { keys.key(.dlq, kid: $0) }
            return plaintext.withBytes { [UInt8]($0) }
        } catch {
            throw ProcessExit(ProcessExit.configuration, "the dead letter does not open with KEYS_FILE: \(error)")
        }
    }

    /// The record as it was, to be written again.
    static func original(of record: KafkaRecord, value: [UInt8], topic: String) -> OutgoingMessage {
        OutgoingMessage(
            topic: topic,
            key: record.key,
            value: value,
            headers: record.headers.filter { !$0.name.lowercased().hasPrefix(Header.deadLetterPrefix) }
        )
    }
}
