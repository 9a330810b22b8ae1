import Contract
import Foundation
import Postgres
import Telemetry
import Testing
import TokenCore
import TokenStore

@testable import ExpiryScanner
@testable import WorkerRuntime

@Suite("Expiry scan under faults")
struct ScanFaultTests {
    private static let user = ScanWorld.user("frank")
    private static let shard = ScanWorld.shard(of: user)

    @Test("what a scanner committed and did not send, the next one sends, byte for byte")
    func deathBeforeProduce() throws {
        try ScanWorld.run { world in
            let token = try world.enroll("frank", endingIn: -1)
            let (dying, dyingStore, runner) = try world.scanner()
            let owned = try dying.takeOver(shard: Self.shard)
            let committed = try #require(try runner.commit(.users([Self.user]), owned))
            dyingStore.close()
            #expect(try world.status(of: token) == "3 expired")
            #expect(committed.messages.count == 1)

            let (next, _, _) = try world.scanner()
            try next.pass()
            try next.pass()
            let events = try world.events(atLeast: 1)
            #expect(events.count == 1)
            #expect(events.first?.value == committed.messages.first?.value)
            #expect(try world.count("lane WHERE topic = '~expiry' AND answered_through = batch_seq") == 1)
        }
    }

    @Test("a scanner whose shard was taken over writes nothing and sends nothing")
    func foreignEpoch() throws {
        try ScanWorld.run { world in
            let token = try world.enroll("frank", endingIn: -1)
            let (slow, _, _) = try world.scanner()
            var stale = try slow.takeOver(shard: Self.shard)
            let (other, _, _) = try world.scanner()
            let owned = try other.takeOver(shard: Self.shard)
            #expect(owned.epoch == stale.epoch + 1)

            #expect(try !slow.handle(.users([Self.user]), &stale))
            #expect(try world.status(of: token) == "1 -")
            #expect(try world.count("inbox") == 0)
            // Nor can it call answered what another one owes.
            stale.acknowledged = 99
            try slow.mark(stale)
            #expect(try world.count("lane WHERE answered_through > 0") == 0)
            try other.pass()
            #expect(try world.events(atLeast: 1).count == 1)
        }
    }

    @Test("a shard that another scanner holds is left alone, unless that one has been silent for too long")
    func frozenHolder() throws {
        try ScanWorld.run { world in
            try world.enroll("frank", endingIn: -1, age: 30)
            let (frozen, frozenStore, runner) = try world.scanner()
            #expect(try frozenStore.tryLock(shard: Self.shard))
            var stale = try frozen.takeOver(shard: Self.shard)
            let committed = try #require(try runner.commit(.users([Self.user]), stale))

            let (other, _, _) = try world.scanner()
            try other.pass()
            #expect(try world.count("lane WHERE topic = '~expiry' AND answered_through < batch_seq") == 1)

            let (bold, _, _) = try world.scanner(patience: 0)
            try bold.pass()
            #expect(try world.events(atLeast: 1).map(\.value) == committed.messages.map(\.value))
            #expect(try world.count("lane WHERE topic = '~expiry' AND answered_through = batch_seq") == 1)

            // Awake again, it finds that the shard is another one's.
            try world.enroll("frank", endingIn: -1, age: 30)
            #expect(try !frozen.handle(.users([Self.user]), &stale))
        }
    }

    @Test("a user whose rows can't be read holds up nobody else")
    func damagedRows() throws {
        try ScanWorld.run { world in
            let names = (0..<200).map { "user\($0)" }.filter { ScanWorld.shard(of: ScanWorld.user($0)) == Self.shard }
            try #require(names.count > 3)
            let ids = try world.enroll(names, endingIn: -1)
            _ = try world.sql("UPDATE token SET kind = 99 WHERE token_id = '\(ids[1])'")
            let (scanner, store, _) = try world.scanner()
            try scanner.pass()
            #expect(try world.count("token WHERE status = 3") == names.count - 1)
            #expect(try world.events(atLeast: names.count - 1).count == names.count - 1)
            #expect(try store.busyShards().isEmpty)
            #expect(try world.count("token WHERE status < 3 AND scan_at > now() + interval '59 minutes'") == 1)
        }
    }

    @Test("a lost connection is a fault that passes: the scanner goes on by itself")
    func lostConnection() throws {
        try ScanWorld.run { world in
            let stop = world.setup.stop
            let failures = Failures()
            let ended = DispatchSemaphore(value: 0)
            Thread {
                do {
                    let (scanner, _, _) = try world.scanner()
                    try scanner.run(every: .milliseconds(20))
                } catch {
                    failures.add(error)
                }
                ended.signal()
            }.start()
            defer { stop.request() }
            try world.enroll("grace", endingIn: -1)
            try world.wait("the first token to be told") { try world.count("token WHERE status = 3") == 1 }
            _ = try world.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%scanner'"
                    + " AND datname = current_database()"
            )
            try world.enroll("heidi", endingIn: -1)
            // What was sent but not yet marked is sent again, as it was.
            try world.wait("both to be told") { try Set(world.events(atLeast: 2).compactMap(\.token)).count == 2 }
            stop.request()
            #expect(ended.wait(timeout: .now() + 20) == .success)
            #expect(try Set(world.events(atLeast: 2).map(\.value)).count == 2)
            #expect(failures.all.isEmpty, "\(failures.all)")
            #expect(world.setup.metrics.counter(.faults, "database").value >= 1)
            #expect(world.setup.health.missingForReady.map(\.name).contains("database") == false)
        }
    }
}
