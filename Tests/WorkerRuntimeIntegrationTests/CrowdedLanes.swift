import Contract
import Foundation
import Messaging
import Postgres
import TestSupport
import TokenCore
import TokenStore

@testable import WorkerRuntime

/// What two workers are handed: commands on a few users and devices, so that they meet in each other's rows.
final class Crowd: @unchecked Sendable {
    private let world: LaneWorld
    private let lock = NSLock()
    private var random: SeededRandom
    private var offsets: [TopicPartition: Int64] = [:]
    private var tokens: [String: [String]] = [:]
    private var recent: [OutgoingMessage] = []
    private var count = 0
    private var doomed = 0
    private var succeeded: Set<String> = []

    private static let users = 6
    private static let devices = 4

    init(_ world: LaneWorld, seed: UInt64) {
        self.world = world
        random = SeededRandom(seed: seed)
    }

    /// Types of which at least one command was answered `ok`.
    var successes: Set<String> { lock.withLock { succeeded } }

    /// Devices in the stock, and a phone for each user, each shared by two.
    func opening() -> [OutgoingMessage] {
        lock.withLock {
            let stock = (0..<Self.devices).map { JSONValue.object(["serial": .string("S\($0)"), "secret": secret()]) }
            let delivery = command(
                .importTokens,
                user: "~stock",
                ["tokenType": "hotp-hardware", "tokens": .array(stock)]
            )
            return [delivery]
                + (0..<Self.users).map { user in
                    let phone = JSONValue.string("+4179123456\(user / 2)")
                    return command(.enrollToken, user: "user-\(user)", ["tokenType": "sms", "phone": phone])
                }
        }
    }

    /// A few records of a lane; some are copies of commands that came on any lane.
    func records(of partition: TopicPartition) -> [KafkaRecord] {
        lock.withLock {
            (0..<Int.random(in: 1...4, using: &random)).map { _ in
                let isCopy = Int.random(in: 0..<6, using: &random) == 0
                return record(isCopy ? recent.randomElement(using: &random) ?? next() : next(), on: partition)
            }
        }
    }

    func records(_ messages: [OutgoingMessage], of partition: TopicPartition) -> [KafkaRecord] {
        lock.withLock { messages.map { record($0, on: partition) } }
    }

    func lanes(of some: [TopicPartition]) -> [TopicPartition] {
        lock.withLock { Array(some.shuffled(using: &random).prefix(2)) }
    }

    /// Remembers which tokens there are, by the replies.
    func learn(_ messages: [WireMessage]) throws {
        for message in messages where message.topic == world.topics.replies {
            let data = try JSONParser.parse(message.value ?? []).objectValue ?? [:]
            guard data["status"]?.stringValue == "ok" else { continue }
            lock.withLock {
                succeeded.insert(message.text(.type) ?? "")
                guard let token = data["result"]?.objectValue?["token"]?.objectValue,
                    let id = token["tokenId"]?.stringValue, let user = token["userId"]?.stringValue
                else { return }
                tokens[user] = Array(((tokens[user] ?? []) + [id]).suffix(4))
            }
        }
    }

    // MARK: Commands

    private func next() -> OutgoingMessage {
        let user = "user-\(Int.random(in: 0..<Self.users, using: &random))"
        let token = JSONValue.string(tokens[user]?.randomElement(using: &random) ?? "none")
        let serial = JSONValue.string("S\(Int.random(in: 0..<Self.devices, using: &random))")
        let last = JSONValue.string("D\(max(0, doomed - Int.random(in: 0..<4, using: &random)))")
        switch Int.random(in: 0..<16, using: &random) {
        case 0...2: return command(.enrollToken, user: user, ["tokenType": "hotp-hardware", "serial": serial])
        case 3...4: return command(.unassignToken, user: "~stock", ["serial": serial])
        case 5: return command(.unassignToken, user: user, ["tokenId": token])
        case 6: return command(.disableToken, user: user, ["tokenId": token])
        case 7: return command(.enableToken, user: user, ["tokenId": token])
        case 8:
            doomed += 1
            let device: JSONObject = ["serial": .string("D\(doomed)"), "secret": secret()]
            return command(
                .importTokens,
                user: "~stock",
                ["tokenType": "hotp-hardware", "tokens": .array([.object(device)])]
            )
        case 9: return command(.enrollToken, user: user, ["tokenType": "hotp-hardware", "serial": last])
        case 10...11: return command(.compromiseToken, user: "~stock", ["serial": last])
        case 12: return command(.requestOTP, user: user, ["purpose": "login"])
        case 13:
            // Somebody new, of whom the other worker may hear at the same time.
            let data: JSONObject = ["tokenType": "email", "email": "new@example.org"]
            return command(.enrollToken, user: "new-\(count / 20)", data)
        case 14:
            // Two devices that the other worker may bring at the same time, in another order.
            let pair = ["a", "b"].shuffled(using: &random).map { name in
                JSONValue.object(["serial": .string("P\(count / 20)-\(name)"), "secret": secret()])
            }
            return command(.importTokens, user: "~stock", ["tokenType": "hotp-hardware", "tokens": .array(pair)])
        default: return command(.unlockUser, user: user, [:])
        }
    }

    private func command(_ type: CommandType, user: String, _ data: JSONObject) -> OutgoingMessage {
        count += 1
        let command = world.command(type, id: "\(count)", user: user, data)
        recent = recent.suffix(31) + [command]
        return command
    }

    private func secret() -> JSONValue {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        return .string(String((0..<32).map { _ in alphabet[Int.random(in: 0..<32, using: &random)] }))
    }

    private func record(_ message: OutgoingMessage, on partition: TopicPartition) -> KafkaRecord {
        defer { offsets[partition, default: 0] += 1 }
        return KafkaRecord(
            topic: partition.topic,
            partition: partition.partition,
            offset: offsets[partition, default: 0],
            timestamp: Int64(Date().timeIntervalSince1970 * 1_000),
            timestampType: .createTime,
            key: message.key,
            value: message.value,
            headers: message.headers
        )
    }
}

/// A worker's transactions without its consumer and producer: every batch is of two lanes, sometimes of another's.
final class CrowdedWorker {
    private(set) var committed = 0
    /// Batches that were refused since another had taken a lane over.
    private(set) var fenced = 0
    private(set) var errors: [SQLState: Int] = [:]
    private let worker: LaneWorker
    private let crowd: Crowd
    private let own: [TopicPartition]
    private let all: [TopicPartition]
    private var ids: [TopicPartition: LaneID] = [:]
    private var epochs: [LaneID: Int64] = [:]
    private var acknowledged: [LaneID: Int64] = [:]

    init(_ world: LaneWorld, _ crowd: Crowd, partition: Int32) throws {
        worker = try world.stranger()
        self.crowd = crowd
        let topics = [world.topics.commandsEnrollment, world.topics.commandsVerification]
        all = topics.flatMap { topic in (0..<world.partitions).map { TopicPartition(topic: topic, partition: $0) } }
        own = all.filter { $0.partition == partition }
        for lane in all { ids[lane] = try worker.store.lane(topic: lane.topic, partition: lane.partition) }
    }

    func open() throws {
        try handle([own[0]: crowd.records(crowd.opening(), of: own[0])])
    }

    func run(batches: Int) throws {
        let end = committed + batches
        var turn = 0
        while committed < end {
            turn += 1
            let lanes = crowd.lanes(of: turn % 10 == 0 ? all : own)
            try handle(Dictionary(uniqueKeysWithValues: lanes.map { ($0, crowd.records(of: $0)) }))
            // As a worker does that has time: over several lanes, of which some are not its own any more.
            if turn % 20 == 0 { _ = try worker.store.markAnswered(epochs.map { ($0.key, $0.value, 0) }) }
        }
        worker.die()
    }

    private func handle(_ records: [TopicPartition: [KafkaRecord]]) throws {
        do {
            var arrivals: [Arrival] = []
            for (partition, records) in records {
                guard let lane = ids[partition] else { continue }
                if epochs[lane] == nil {
                    let row = try worker.store.takeOver(lane).lane
                    epochs[lane] = row.epoch
                    acknowledged[lane] = row.batchSequence
                }
                arrivals += try records.map { try worker.intake.arrival($0, lane: lane) }
            }
            let loaded = try worker.runner.load(arrivals, epochs: epochs)
            let batch = try worker.runner.commit(worker.runner.decide(arrivals, loaded), acknowledged: acknowledged)
            for advance in batch.advances { acknowledged[advance.lane] = advance.batchSequence }
            try crowd.learn(batch.messages)
            committed += 1
        } catch let owner as ForeignEpoch {
            fenced += 1
            for lane in owner.lanes { epochs[lane] = nil }
        } catch let error as PostgresError {
            guard error.disposition == .retry, let state = error.sqlState else { throw error }
            errors[state, default: 0] += 1
            epochs = [:]
        }
    }
}
