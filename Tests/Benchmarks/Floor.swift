import Contract
import Messaging
import Postgres
import TokenCore
import TokenStore
import WorkerRuntime

/// What a bare loop does with the same PostgreSQL and broker: the batch of `otp.verify` without a decision in it.
///
/// Takes records, locks and reads as many users and tokens as there are records, updates the tokens, inserts an inbox
/// row and an audit row for each, commits, produces a reply and an event for each, waits for the acknowledgements.
final class Floor {
    static let input = "floor.input"
    static let output = "floor.output"

    private let world: BenchmarkWorld
    private let users: Int
    private let connection: PGConnection
    private let consumer: KafkaConsumer
    private let producer: KafkaProducer
    private var serial: UInt64 = 0

    init(_ world: BenchmarkWorld, users: Int) throws {
        self.world = world
        self.users = users
        connection = try world.connect()
        producer = try KafkaProducer(world.kafka)
        consumer = try KafkaConsumer(world.kafka, group: "floor", topics: [Self.input])
        while consumer.assignment.isEmpty { _ = try consumer.take(max: 1, waitMilliseconds: 100) }
    }

    /// - Returns: records a second.
    func measure(batch: Int, seconds: Int) throws -> Double {
        let feeder = try KafkaProducer(world.kafka)
        defer { feeder.close() }
        let command = OutgoingMessage(
            topic: Self.input,
            value: Array(repeating: 0x78, count: 120),
            headers: (0..<5).map { KafkaHeader(name: "header-\($0)", value: Array(repeating: 0x78, count: 20)) }
        )
        func feed() throws {
            var messages: [OutgoingMessage] = []
            for index in 0..<batch {
                var message = command
                message.key = Array("default/user-\((Int(serial) + index) % users)".utf8)
                messages.append(message)
            }
            _ = feeder.wait(for: try feeder.produce(messages), timeoutMilliseconds: 0)
        }
        try feed()
        var done = 0
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(seconds) {
            let records = try consumer.take(max: batch, waitMilliseconds: 100)
            guard !records.isEmpty else { continue }
            try feed()
            try transact(records.count)
            try answer(records)
            done += records.count
        }
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        return Double(done) / elapsed
    }

    private func transact(_ count: Int) throws {
        let keys = (0..<count).map { index in
            StoreKeys.user(UserKey(tenant: "default", userID: "user-\((Int(serial) + index) % users)"))
        }.map { PGUUID(high: $0.high, low: $0.low) }
        let fresh = (0..<count).map { _ in
            serial += 1
            return PGUUID(high: serial &* 0x9E37_79B9_7F4A_7C15, low: serial)
        }
        let sorted = PGParameter.uuids(Array(Set(keys)).sorted { ($0.high, $0.low) < ($1.high, $1.low) })
        let results = try connection.pipeline([
            (.begin, []), (.lane, []), (.inboxLookUp, [.uuids(fresh)]), (.users, [sorted]), (.tokens, [sorted]),
        ])
        let tokens = results[4].rows.map { results[4].uuid($0, 0) }
        let bytes = [[UInt8]](repeating: Array(repeating: 0x78, count: 1_500), count: count)
        let hashes = [[UInt8]](repeating: Array(repeating: 0x78, count: 32), count: count)
        _ = try connection.pipeline([
            (.update, [.uuids(tokens)]),
            (.inbox, [.uuids(fresh), .byteas(hashes), .byteas(bytes)]),
            (.audit, [.uuids(fresh), .byteas(hashes)]),
            (.laneUpdate, []), (.commit, []),
        ])
    }

    private func answer(_ records: [KafkaRecord]) throws {
        let headers = (0..<9).map { KafkaHeader(name: "ce_header-\($0)", value: Array(repeating: 0x78, count: 24)) }
        let messages = records.flatMap { record in
            [200, 900].map { size in
                OutgoingMessage(
                    topic: Self.output,
                    key: record.key,
                    value: Array(repeating: 0x78, count: size),
                    headers: headers
                )
            }
        }
        let batch = try producer.produce(messages)
        while case .pending = producer.wait(for: batch, timeoutMilliseconds: 1_000) {}
        for record in records { try consumer.storeOffset(record.topicPartition, next: record.offset + 1) }
        try consumer.commitStored(sync: false)
    }
}

extension Statement {
    fileprivate static let lane = Statement(
        name: "floor_lane",
        sql: "SELECT epoch, batch_seq FROM lane WHERE topic = '~benchmark' FOR UPDATE"
    )
    fileprivate static let inboxLookUp = Statement(
        name: "floor_inbox_look_up",
        sql: "SELECT key, fingerprint, messages FROM inbox WHERE key = ANY ($1::uuid[])"
    )
    fileprivate static let users = Statement(
        name: "floor_users",
        sql: """
            SELECT user_key, failures, locked_until FROM user_state WHERE user_key = ANY ($1::uuid[])
            ORDER BY user_key FOR UPDATE
            """
    )
    fileprivate static let tokens = Statement(
        name: "floor_tokens",
        sql: """
            SELECT t.token_id, t.status, t.moving_factor, t.drift, s.sealed
            FROM token t LEFT JOIN token_secret s USING (token_id)
            WHERE t.user_key = ANY ($1::uuid[]) AND t.status <> 6
            """
    )
    // What it writes changes nothing, so that the verifier finds the tokens as they were.
    fileprivate static let update = Statement(
        name: "floor_update",
        sql: """
            UPDATE token SET moving_factor = moving_factor, last_used_at = last_used_at
            FROM unnest($1::uuid[]) AS u (token_id) WHERE token.token_id = u.token_id
            """
    )
    fileprivate static let inbox = Statement(
        name: "floor_inbox",
        sql: """
            INSERT INTO inbox (key, lane_id, batch_seq, position, fingerprint, messages, received_at)
            SELECT u.key, 0, 0, 0, u.fingerprint, u.messages, clock_timestamp()
            FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS u (key, fingerprint, messages)
            """
    )
    fileprivate static let audit = Statement(
        name: "floor_audit",
        sql: """
            INSERT INTO audit_log
                (lane_id, seq, at, tenant, user_id, command, command_key, outcome, token_ids, hash)
            SELECT 0, 0, clock_timestamp(), 'default', 'user', 'otp.verify', u.key, 'ok', '{}', u.hash
            FROM unnest($1::uuid[], $2::bytea[]) AS u (key, hash)
            """
    )
    fileprivate static let laneUpdate = Statement(
        name: "floor_lane_update",
        sql: "UPDATE lane SET last_at = clock_timestamp() WHERE topic = '~benchmark'"
    )
}
