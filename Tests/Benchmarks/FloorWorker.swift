import Contract
import Foundation
import Messaging
import Postgres
import TokenCore
import TokenStore

/// The bare loop: a verifier's batch without a verifier. It takes what is there, runs the same statements over the same
/// rows in two round trips, writes as many messages of the same size, and decides nothing.
final class FloorWorker {
    private let connection: PGConnection
    private let consumer: KafkaConsumer
    private let producer: KafkaProducer
    private let topics: Topics
    private let specimens: [WireMessage]
    private let stored: [UInt8]
    private var laneIDs: [TopicPartition: Int32] = [:]
    private var batchSequence: Int64 = 0
    private var auditSequence: Int64 = 0
    private var pending: (batch: ProduceBatch, offsets: [TopicPartition: Int64])?

    /// - Parameter specimens: what the verifier wrote for one command, as the inbox stores it.
    init(database: String, properties: [String: String], topics: Topics, specimens: [UInt8]) throws {
        connection = try PGConnection(
            database,
            applicationName: "floor",
            sessionSettings: ["plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "timezone": "UTC"]
        )
        let settings = try Messaging.KafkaSettings(properties: properties)
        consumer = try KafkaConsumer(settings, group: "floor", topics: [topics.commandsVerification])
        producer = try KafkaProducer(settings)
        self.topics = topics
        self.specimens = try WireMessageCodec.decode(specimens)
        stored = specimens
    }

    /// Works until it is told to end.
    func run() throws -> Never {
        while true {
            let records = try consumer.take(max: 256, waitMilliseconds: pending == nil ? 100 : 0)
            _ = consumer.drainRebalances()
            if records.isEmpty { try settle() } else { try handle(records.map(FloorCommand.init)) }
        }
    }

    private func handle(_ commands: [FloorCommand]) throws {
        var offsets: [TopicPartition: Int64] = [:]
        for command in commands { offsets[command.record.topicPartition] = command.record.offset + 1 }
        for partition in offsets.keys where laneIDs[partition] == nil {
            let place: [PGParameter] = [.text(partition.topic), .int32(partition.partition)]
            laneIDs[partition] = try connection.query(FloorStatements.addLane, place).int32(0, 0)
        }
        let lanes = commands.map { laneIDs[$0.record.topicPartition] ?? 0 }
        let tokens = try load(commands, lanes)
        try write(commands, lanes, tokens, offsets)
        try settle()
        pending = (try producer.produce(commands.flatMap(messages)), offsets)
    }

    /// - Returns: the token of each user.
    private func load(_ commands: [FloorCommand], _ lanes: [Int32]) throws -> [PGUUID: FloorToken] {
        let users = PGParameter.uuids(commands.map(\.userKey).sorted().map { PGUUID(high: $0.high, low: $0.low) })
        let results = try connection.pipeline([
            (.begin, []),
            (FloorStatements.lanes, [.int32s(Set(lanes).sorted())]),
            (FloorStatements.lockIDs, [.int64s(commands.map { Int64(bitPattern: $0.key.high) }.sorted())]),
            (FloorStatements.inbox, [.uuids(commands.map(\.pgKey))]),
            (FloorStatements.users, [users]), (FloorStatements.tokens, [users]),
            (FloorStatements.challenges, [users]), (FloorStatements.contacts, [users]),
            (FloorStatements.tenants, [.texts([Population.tenant])]), (FloorStatements.clock, []),
        ])
        let found = results[5]
        var tokens: [PGUUID: FloorToken] = [:]
        for row in found.rows {
            tokens[found.uuid(row, 2)] = FloorToken(id: found.uuid(row, 0), movingFactor: found.int64(row, 19))
        }
        return tokens
    }

    private func write(
        _ commands: [FloorCommand],
        _ lanes: [Int32],
        _ tokens: [PGUUID: FloorToken],
        _ offsets: [TopicPartition: Int64]
    ) throws {
        let count = commands.count
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        let moved = commands.compactMap { tokens[PGUUID(high: $0.userKey.high, low: $0.userKey.low)] }
        let zeros = PGParameter.int32s([Int32](repeating: 0, count: moved.count))
        let digest = [UInt8](repeating: 7, count: 36)
        batchSequence += 1
        auditSequence += Int64(count)
        let touched = offsets.sorted { $0.key < $1.key }
        _ = try connection.pipeline([
            (
                FloorStatements.moveTokens,
                [
                    .uuids(moved.map(\.id)), .int16s([Int16](repeating: 1, count: moved.count)),
                    .int64s(moved.map { $0.movingFactor + 1 }), zeros, zeros, zeros, zeros,
                    .timestamps([Int64?](repeating: nil, count: moved.count)),
                    .timestamps([Int64](repeating: now, count: moved.count)),
                    .int64s([Int64](repeating: 2, count: moved.count)), zeros,
                    .byteas([[UInt8]?](repeating: nil, count: moved.count)),
                ]
            ),
            (
                FloorStatements.insertInbox,
                [
                    .uuids(commands.map(\.pgKey)), .int32s(lanes),
                    .int64s([Int64](repeating: batchSequence, count: count)),
                    .int32s((0..<count).map { Int32($0) }), .byteas([[UInt8]](repeating: digest, count: count)),
                    .byteas([[UInt8]](repeating: stored, count: count)), .timestamp(microsecondsSinceUnixEpoch: now),
                ]
            ),
            (FloorStatements.insertAudit, audit(commands, lanes, moved, now)),
            (
                FloorStatements.moveLanes,
                [
                    .int32s(touched.map { laneIDs[$0.key] ?? 0 }),
                    .int64s([Int64](repeating: batchSequence, count: touched.count)),
                    .int64s(touched.map(\.value)),
                ]
            ),
            (.commit, []),
        ])
    }

    private func audit(_ commands: [FloorCommand], _ lanes: [Int32], _ tokens: [FloorToken], _ now: Int64)
        -> [PGParameter]
    {
        let count = commands.count
        let none = PGParameter.texts([String?](repeating: nil, count: count))
        return [
            .int32s(lanes), .int64s((0..<count).map { auditSequence + Int64($0) }),
            .timestamps([Int64](repeating: now, count: count)),
            .texts([String](repeating: Population.tenant, count: count)),
            .texts([String](repeating: "user-123456", count: count)),
            .texts([String](repeating: "otp.verify", count: count)), .uuids(commands.map(\.pgKey)),
            .texts([String](repeating: "ok", count: count)),
            .texts(tokens.map { "{\(UUIDValue(high: $0.id.high, low: $0.id.low))}" }), none, none,
            .byteas([[UInt8]](repeating: [UInt8](repeating: 7, count: 32), count: count)),
        ]
    }

    private func messages(_ command: FloorCommand) -> [OutgoingMessage] {
        specimens.map { specimen in
            OutgoingMessage(
                topic: specimen.topic.hasSuffix("replies") ? topics.replies : topics.events,
                key: command.record.key,
                value: specimen.value,
                headers: specimen.headers.map { header in
                    KafkaHeader(
                        name: header.name,
                        value: header.name == Header.causationID.name ? command.id : header.value
                    )
                }
            )
        }
    }

    /// As the lane protocol has it: the next batch may be committed, not sent, before the last one is acknowledged.
    private func settle() throws {
        guard let (batch, offsets) = pending else { return }
        while !batch.isSettled { _ = producer.wait(for: batch, timeoutMilliseconds: 200) }
        for (partition, offset) in offsets { try consumer.storeOffset(partition, next: offset) }
        try consumer.commitStored(sync: false)
        pending = nil
    }
}

private struct FloorToken {
    let id: PGUUID
    let movingFactor: Int64
}

private struct FloorCommand {
    let record: KafkaRecord
    let id: [UInt8]
    let key: UUIDValue
    let userKey: UUIDValue

    init(_ record: KafkaRecord) {
        self.record = record
        id = record.headers.first { $0.name == Header.id.name }?.value ?? []
        key = StoreKeys.command(
            tenant: Population.tenant,
            source: "/benchmark",
            id: String(decoding: id, as: UTF8.self)
        )
        let names = (record.key ?? []).split(separator: UInt8(ascii: "/"), maxSplits: 1)
        userKey = StoreKeys.user(
            UserKey(tenant: Population.tenant, userID: String(decoding: names.last ?? [], as: UTF8.self))
        )
    }

    var pgKey: PGUUID { PGUUID(high: key.high, low: key.low) }
}
