import Contract
import Messaging
import Postgres
import TestSupport
import Testing
import TokenCore

@testable import WorkerRuntime

/// Two running workers under random load while lanes are taken over, connections break and sessions end at random.
@Suite("Lanes: soak")
struct SoakTests {
    private static let rounds = 400
    private static let users = 40

    private enum Fault: CaseIterable {
        /// A third party takes a lane over and does nothing with it.
        case takeover
        /// The server ends a worker's session.
        case session
        /// Every connection to the broker breaks.
        case connections
    }

    @Test("after the storm each command has one effect and one answer, in order", arguments: [UInt64(1)])
    func storm(seed: UInt64) async throws {
        try await LaneWorld.run(partitions: 4, withFaults: true) { world in
            var random = SeededRandom(seed: seed)
            let running = try RunningWorkers(world, count: 2, batchSize: 16)
            var ids: [(id: String, user: String)] = []
            for round in 0..<Self.rounds {
                var messages: [OutgoingMessage] = []
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    // Some are copies of what was written before.
                    let isCopy = !ids.isEmpty && Int.random(in: 0..<5, using: &random) == 0
                    let command =
                        isCopy
                        ? ids[Int.random(in: 0..<ids.count, using: &random)]
                        : (id: "\(ids.count)", user: "user-\(Int.random(in: 0..<Self.users, using: &random))")
                    if !isCopy { ids.append(command) }
                    let data: JSONObject = ["tokenType": "email", "email": .string("\(command.id)@example.com")]
                    messages.append(world.command(.enrollToken, id: command.id, user: command.user, data))
                }
                try write(messages, in: world)
                if round % 10 == 9, let fault = Fault.allCases.randomElement(using: &random) {
                    try make(fault, in: world, &random)
                }
            }
            try running.waitForAnswers("", count: ids.count)
            try running.stop()

            try world.expectAccountsBalance()
            try expectOneEffect(of: ids.count, in: world)
            try expectOrder(in: world)
        }
    }

    /// The producer's own connection breaks too: it gets over that.
    private func write(_ messages: [OutgoingMessage], in world: LaneWorld) throws {
        let producer = try world.client.get()
        let batch = try producer.produce(messages)
        try world.wait("commands to be written") {
            if case .acknowledged = producer.wait(for: batch, timeoutMilliseconds: 1_000) { true } else { false }
        }
    }

    private func make(_ fault: Fault, in world: LaneWorld, _ random: inout SeededRandom) throws {
        switch fault {
        case .takeover:
            let partition = Int.random(in: 0..<Int(world.partitions), using: &random)
            try world.sql(
                "UPDATE lane SET epoch = epoch + 1 WHERE topic LIKE '%enrollment' AND partition = \(partition)"
            )
        case .session:
            try world.sql(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'lanes' ORDER BY random() LIMIT 1
                """
            )
        case .connections: try world.faults().cut()
        }
    }

    private func expectOneEffect(of commands: Int, in world: LaneWorld) throws {
        let replies = try world.replies()
        let done = Set(replies.filter { $0.status == "ok" }.compactMap(\.tokenID))
        #expect(try world.count("token") == done.count)
        #expect(try world.count("audit_log") == commands)
        #expect(try world.count("(SELECT DISTINCT command_key FROM audit_log) AS commands") == commands)
        #expect(try world.count("inbox") == commands)
        #expect(done.count > Self.users)
        // Batches over several lanes and users lock in one order.
        let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        #expect(try world.sql(deadlocks).int64(0, 0) == 0)
    }

    /// Of each user the first answers come in the order in which the commands were first written.
    private func expectOrder(in world: LaneWorld) throws {
        let asked = firsts(try world.records(of: world.topics.commandsEnrollment), by: .id)
        let answered = firsts(try world.records(of: world.topics.replies), by: .causationID)
        #expect(asked == answered)
    }

    private func firsts(_ records: [KafkaRecord], by header: Header) -> [[UInt8]: [String]] {
        var seen: Set<String> = []
        var order: [[UInt8]: [String]] = [:]
        for record in records.sorted(by: { ($0.partition, $0.offset) < ($1.partition, $1.offset) }) {
            guard let id = record.text(header), seen.insert(id).inserted else { continue }
            order[record.key ?? [], default: []].append(id)
        }
        return order
    }
}
