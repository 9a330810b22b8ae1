import Contract
import Foundation
import Postgres
import Testing
import TokenStore

@testable import WorkerRuntime

/// Locks are taken in one order everywhere: lanes, command ids, users, destinations, devices.
@Suite("Lanes: deadlocks")
struct DeadlockTests {
    /// How many batches are committed; more where the environment asks for it: `DEADLOCK_BATCHES=100000`,
    /// `DEADLOCK_SEED=7`.
    private static let batches = number("DEADLOCK_BATCHES") ?? 2_000
    private static let seed = number("DEADLOCK_SEED") ?? 1

    private static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    @Test(
        """
        interleaving 14: batches over two lanes each, copies, and devices named by serial number by those who do not \
        hold them: no deadlock
        """
    )
    func crowdedLanes() async throws {
        try await LaneWorld.run(partitions: 2) { world in
            let crowd = Crowd(world, seed: UInt64(Self.seed))
            let workers = try (0..<2).map { try CrowdedWorker(world, crowd, partition: Int32($0)) }
            try workers[0].open()
            let ends = workers.map { worker in Meanwhile { try worker.run(batches: Self.batches / 2) } }
            for end in ends { try end.value(within: 3_600) }

            var errors: [SQLState: Int] = [:]
            for worker in workers { errors.merge(worker.errors) { $0 + $1 } }
            let fenced = workers.map(\.fenced).reduce(0, +)
            print("\(Self.batches) batches, \(fenced) fenced, errors \(errors), seed \(Self.seed)")
            #expect(errors[.deadlockDetected] == nil)
            let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            #expect(try world.sql(deadlocks).int64(0, 0) == 0)
            // Two first commands of one user, at most.
            #expect(Set(errors.keys).isSubset(of: [.uniqueViolation]))

            // They did meet, and each kind of command did something.
            #expect(fenced > 0)
            let types: [CommandType] = [
                .importTokens, .enrollToken, .disableToken, .enableToken, .unassignToken, .compromiseToken, .requestOTP,
                .unlockUser,
            ]
            #expect(crowd.successes.isSuperset(of: types.map(\.reply)))
            #expect(
                try world.count("(SELECT DISTINCT command_key FROM audit_log) AS commands") == world.count("audit_log")
            )
        }
    }

    @Test("a device whose holder's batch is under way is not held while that batch is waited for")
    func heldDevices() async throws {
        try await LaneWorld.run { world in
            let worker = try world.owner()
            let seeds = ["S-1": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "S-2": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJA"]
            let serials = seeds.keys.sorted()
            let devices = seeds.map { JSONValue.object(["serial": .string($0.key), "secret": .string($0.value)]) }
            let delivery: JSONObject = ["tokenType": "hotp-hardware", "tokens": .array(devices)]
            try world.write(.importTokens, id: "1", user: "~stock", delivery)
            for serial in serials {
                let data: JSONObject = ["tokenType": "hotp-hardware", "serial": .string(serial)]
                try world.write(.enrollToken, id: "to-\(serial)", data)
            }
            try worker.work(to: 3)
            for serial in serials {
                try world.write(.unassignToken, id: "from-\(serial)", user: "~stock", ["serial": .string(serial)])
            }
            let taken = try worker.take(2)

            // A batch of the holder's that has written one of them, and will write the other.
            let holder = try PGConnection(world.database, applicationName: "test")
            defer { holder.close() }
            for query in [
                "BEGIN", "SELECT 1 FROM user_state WHERE user_id = 'alice' FOR UPDATE",
                "SELECT 1 FROM token ORDER BY token_id DESC LIMIT 1 FOR UPDATE",
            ] { try holder.execute(query) }
            let load = Meanwhile { try worker.load(taken) }
            try world.waitForLock()
            for query in ["SELECT 1 FROM token ORDER BY token_id LIMIT 1 FOR UPDATE NOWAIT", "COMMIT"] {
                try holder.execute(query)
            }
            _ = try worker.commit(taken, try load.value())
            #expect(try world.count("token WHERE user_key IS NULL") == 2)
        }
    }
}
