import Contract
import Postgres
import Testing
import TokenCore
import TokenStore

@testable import WorkerRuntime

@Suite("Expiry scan of devices")
struct StockScanTests {
    private static let unassigned = EventType.tokenUnassigned.rawValue
    private static let obsoleted = EventType.tokenObsoleted.rawValue

    private func makeOverdue(_ token: TokenID, in world: ScanWorld) throws {
        _ = try world.sql(
            "UPDATE token SET activate_before = now() - interval '1 second', scan_at = now() WHERE token_id = '\(token)'"
        )
    }

    @Test("a device that nobody activated in time is in the stock again, once, and can be given to another")
    func lapsed() throws {
        try ScanWorld.run { world in
            try world.stock(["S-1"], endingIn: 86_400 * 400)
            let token = try world.assign("S-1", to: "alice")
            let (scanner, store, _) = try world.scanner()
            try scanner.pass()
            #expect(try world.status(of: token) == "0 -")
            try makeOverdue(token, in: world)
            try scanner.pass()
            try scanner.pass()

            #expect(try world.status(of: token) == "5 not_activated")
            let events = try world.events(atLeast: 1)
            #expect(events.map(\.type) == [Self.unassigned])
            #expect(events.first?.key == "default/alice")
            #expect(events.first?.reason == "not_activated")
            #expect(events.first?.status == "UNASSIGNED")
            #expect(events.first?.data["token"]?.objectValue?["userId"] == .null)
            #expect(
                try world.count("token WHERE user_key IS NULL AND user_id IS NULL AND activate_before IS NULL") == 1
            )
            #expect(try world.count("token WHERE expires_at = end_of_life AND scan_at = end_of_life") == 1)
            #expect(try world.count("audit_log WHERE user_id = 'alice' AND reason = 'not_activated'") == 1)
            #expect(try store.busyShards().isEmpty)

            #expect(try world.assign("S-1", to: "bob") == token)
            #expect(try world.sql("SELECT user_id FROM token").text(0, 0) == "bob")
            try makeOverdue(token, in: world)
            try scanner.pass()
            #expect(try world.events(atLeast: 2).map(\.key) == ["default/alice", "default/bob"])
        }
    }

    @Test("a device that comes back past its own end is OBSOLETE in the stock")
    func lapsedAndEnded() throws {
        try ScanWorld.run { world in
            try world.stock(["S-1"])
            let token = try world.assign("S-1", to: "alice")
            _ = try world.sql("UPDATE token SET end_of_life = now() - interval '1 second'")
            try makeOverdue(token, in: world)
            let (scanner, _, _) = try world.scanner()
            try scanner.pass()
            try scanner.pass()
            #expect(try world.status(of: token) == "3 expired")
            let events = try world.events(atLeast: 2)
            #expect(events.map(\.type) == [Self.unassigned, Self.obsoleted])
            #expect(events.map(\.key) == ["default/alice", "default/~stock"])
        }
    }

    @Test("devices of the stock end at their instant, told once, without a notice before")
    func stockEnds() throws {
        try ScanWorld.run { world in
            try world.stock(["S-1", "S-2"], endingIn: 1)
            try world.stock(["S-3"], endingIn: 86_400)
            try world.stock(["S-4"])
            let (scanner, store, _) = try world.scanner()
            try scanner.pass()
            #expect(try world.count("token WHERE scan_at = expires_at") == 3, "the next look is at the end")
            try world.wait("the ends") {
                try scanner.pass()
                return try world.count("token WHERE status = 3") == 2
            }
            try scanner.pass()
            let events = try world.events(atLeast: 2)
            #expect(events.map(\.type) == [Self.obsoleted, Self.obsoleted])
            #expect(events.map(\.key) == ["default/~stock", "default/~stock"])
            #expect(Set(events.map(\.reason)) == ["expired"])
            #expect(try world.count("token WHERE status = 5") == 2)
            #expect(try world.count("audit_log WHERE user_id = '~stock' AND reason = 'expired'") == 2)
            #expect(try world.count("lane WHERE topic = '~expiry' AND partition = 16") == 1)
            #expect(try world.count("lane WHERE answered_through < batch_seq AND topic = '~expiry'") == 0)
            #expect(try store.busyShards().isEmpty)
        }
    }

    @Test("devices of a retired type are OBSOLETE, in the stock and with users")
    func retired() throws {
        try ScanWorld.run { world in
            try world.stock((0..<600).map { "S-\($0)" })
            let held = try world.assign("S-7", to: "alice")
            try world.changeTypes { _ = try $0.retire("totp-hardware") }
            let (scanner, _, _) = try world.scanner()
            try world.wait("the end of the sweep") {
                try scanner.pass()
                return try world.count("token_type WHERE sweep_asked_at IS NOT NULL") == 0
            }
            #expect(try world.count("token WHERE status = 3 AND status_reason = 'type_retired'") == 600)
            let events = try world.events(atLeast: 600)
            #expect(events.count == 600)
            #expect(Set(events.compactMap(\.token)).count == 600)
            #expect(Set(events.map(\.id)).count == 600)
            #expect(events.filter { $0.key == "default/alice" }.map(\.token) == [held.description])
        }
    }

    @Test("the stock's shard is a lane like the others: a foreign epoch writes nothing, what is owed is sent")
    func lane() throws {
        try ScanWorld.run { world in
            try world.stock(["S-1"], endingIn: 1)
            let (slow, slowStore, runner) = try world.scanner()
            try world.wait("the end") { try world.count("token WHERE expires_at <= now()") == 1 }
            let due = try slowStore.due(shard: TokenStore.stockShard, limit: 10)
            var stale = try slow.takeOver(shard: TokenStore.stockShard)
            let (dying, _, dyingRunner) = try world.scanner()
            let owned = try dying.takeOver(shard: TokenStore.stockShard)
            #expect(try !slow.handle(due, &stale))
            #expect(try runner.commit(due, stale) == nil)
            let committed = try #require(try dyingRunner.commit(due, owned))
            #expect(committed.messages.count == 1)
            #expect(try slowStore.busyShards().map(\.shard) == [TokenStore.stockShard], "it owes a message")
            let (next, _, _) = try world.scanner()
            try next.pass()
            #expect(try world.events(atLeast: 1).map(\.value) == committed.messages.map(\.value))
        }
    }

    @Test("a device whose row can't be read holds up no other, and one that was given away meanwhile is left alone")
    func damaged() throws {
        try ScanWorld.run { world in
            try world.stock(["S-1", "S-2", "S-3"], endingIn: 3_600)
            let (scanner, store, _) = try world.scanner()
            let stale = try store.due(shard: TokenStore.stockShard, limit: 10)
            try world.assign("S-3", to: "alice")
            _ = try world.sql("UPDATE token SET kind = 99 WHERE serial = 'S-1'")
            _ = try world.sql("UPDATE token SET expires_at = now(), scan_at = now() WHERE user_key IS NULL")
            var owned = try scanner.takeOver(shard: TokenStore.stockShard)
            #expect(try scanner.handle(stale, &owned))
            try scanner.mark(owned)
            try scanner.pass()
            #expect(try world.count("token WHERE status = 3 AND serial = 'S-2'") == 1)
            #expect(try world.count("token WHERE status = 0 AND serial = 'S-3'") == 1)
            #expect(try world.count("token WHERE serial = 'S-1' AND scan_at > now() + interval '59 minutes'") == 1)
            #expect(try store.busyShards().isEmpty)
            #expect(try world.events(atLeast: 1).filter { $0.type == Self.obsoleted }.count == 1)
        }
    }
}
