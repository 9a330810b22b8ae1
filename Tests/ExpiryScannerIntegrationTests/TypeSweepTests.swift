import Contract
import Foundation
import Postgres
import Testing
import TokenCore
import TokenStore

@testable import WorkerRuntime

@Suite("Sweep over a changed type's tokens")
struct TypeSweepTests {
    private static let obsoleted = EventType.tokenObsoleted.rawValue

    private func store(_ world: ScanWorld) throws -> TokenStore {
        try TokenStore(world.setup.store, keys: world.setup.keys)
    }

    private func define(_ name: String, in world: ScanWorld) throws {
        try world.changeTypes { _ = try $0.define(TokenType(name: name, kind: .sms)) }
    }

    private func retire(_ name: String, in world: ScanWorld) throws {
        try world.changeTypes { _ = try $0.retire(name) }
    }

    /// Sweeps until the type's sweep is over: transactions of other databases count for the horizon too.
    private func sweep(_ name: String, _ store: TokenStore, _ world: ScanWorld) throws {
        try world.wait("the sweep over \(name)") {
            _ = try store.sweepTypes()
            return try world.count("token_type WHERE name = '\(name)' AND sweep_asked_at IS NOT NULL") == 0
        }
    }

    @Test("a retired type's tokens become OBSOLETE, told once each; those of other types are not looked at")
    func retirement() throws {
        try ScanWorld.run { world in
            try define("card", in: world)
            let ids = try world.enroll(["a", "b", "c"], type: "card", endingIn: nil)
            let other = try world.enroll("a", endingIn: nil)
            let (scanner, store, _) = try world.scanner()
            try scanner.pass()
            #expect(try world.count("token WHERE scan_at IS NOT NULL") == 0)
            try retire("card", in: world)
            try scanner.pass()
            try scanner.pass()
            for id in ids { #expect(try world.status(of: id) == "3 type_retired") }
            #expect(try world.status(of: other) == "1 -")
            let events = try world.events(atLeast: 3)
            #expect(events.map(\.type) == [Self.obsoleted, Self.obsoleted, Self.obsoleted])
            #expect(Set(events.map(\.reason)) == ["type_retired"])
            try sweep("card", store, world)
            #expect(try store.sweepTypes() == .idle)
            #expect(try world.count("token_type WHERE sweep_horizon IS NOT NULL OR sweep_pass <> 0") == 0)
            #expect(try world.count("audit_log WHERE reason = 'type_retired'") == 3)
        }
    }

    @Test("a batch that began before the retirement and commits after it leaves no token behind")
    func latecomer() throws {
        try ScanWorld.run { world in
            try define("card", in: world)
            let first = try world.enroll("a", type: "card", endingIn: nil)
            let late = try world.enrolling("late", type: "card", lane: 1)
            try retire("card", in: world)
            let (scanner, store, _) = try world.scanner()
            try scanner.pass()
            #expect(try world.status(of: first) == "3 type_retired", "what is there is not kept waiting")
            #expect(try store.sweepTypes() == .idle, "nothing to do while the latecomer is under way")
            #expect(try world.count("token_type WHERE sweep_asked_at IS NOT NULL") == 1, "but it is not over")

            try late.batch.commit()
            #expect(try world.status(of: late.token) == "1 -")
            try world.wait("the last pass") {
                try scanner.pass()
                return try world.count("token_type WHERE sweep_asked_at IS NOT NULL") == 0
            }
            #expect(try world.status(of: late.token) == "3 type_retired")
            #expect(try world.events(atLeast: 2).count == 2)
        }
    }

    @Test("a token whose next look a latecomer puts off is looked at all the same")
    func putOff() throws {
        try ScanWorld.run { world in
            try define("card", in: world)
            let token = try world.enroll("a", type: "card", endingIn: nil)
            let late = try OpenBatch(world, lane: 1, user: ScanWorld.user("a")) { state, context in
                _ = try state[context.user].edit(
                    token,
                    TokenEdit(description: .set("by the last who could")),
                    ifVersion: nil,
                    context
                )
            }
            try retire("card", in: world)
            let store = try store(world)
            #expect(try store.sweepTypes() == .moved)
            #expect(try world.count("token WHERE scan_at IS NOT NULL") == 1)
            try late.commit()
            #expect(try world.count("token WHERE scan_at IS NOT NULL") == 0)
            let (scanner, _, _) = try world.scanner()
            try world.wait("the last pass") {
                try scanner.pass()
                return try world.count("token_type WHERE sweep_asked_at IS NOT NULL") == 0
            }
            #expect(try world.status(of: token) == "3 type_retired")
        }
    }

    @Test("a token that a batch holds is neither waited for nor forgotten")
    func heldRow() throws {
        try ScanWorld.run { world in
            try define("card", in: world)
            let ids = try world.enroll((0..<5).map { "user\($0)" }, type: "card", endingIn: nil).sorted()
            let holder = try PGConnection(world.database, applicationName: "holder")
            defer { holder.close() }
            try holder.execute("BEGIN; SELECT FROM token WHERE token_id = '\(ids[2])' FOR UPDATE")
            try retire("card", in: world)
            let store = try store(world)
            #expect(try store.sweepTypes() == .moved)
            #expect(try store.sweepTypes() == .held)
            #expect(try world.count("token_type WHERE sweep_position = '\(ids[1])'") == 1)
            let (scanner, _, _) = try world.scanner()
            #expect(try scanner.pass())
            #expect(try world.count("token WHERE status = 3") == 4)
            try holder.execute("COMMIT")
            try world.wait("the last token") {
                try scanner.pass()
                return try world.count("token WHERE status = 3") == 5
            }
            #expect(try world.events(atLeast: 5).count == 5)
        }
    }

    @Test("a sweep goes in steps; another scanner goes on where one died, and a new change begins it anew")
    func interruption() throws {
        try ScanWorld.run { world in
            try define("card", in: world)
            try world.enroll((0..<5).map { "user\($0)" }, type: "card", endingIn: nil)
            try retire("card", in: world)
            let dying = try store(world)
            #expect(try dying.sweepTypes(limit: 2) == .moved)
            #expect(try world.count("token WHERE scan_at IS NOT NULL") == 2)
            dying.close()
            let next = try store(world)
            #expect(try next.sweepTypes(limit: 2) == .moved)
            #expect(try world.count("token WHERE scan_at IS NOT NULL") == 4)
            _ = try world.sql("UPDATE token SET scan_at = NULL")
            try world.changeTypes { catalogue in
                var policy = try #require(catalogue["card"]).policy
                policy.life.expiryNotices = [1]
                _ = try catalogue.edit("card", TypeEdit(policy: policy))
            }
            for count in [2, 4, 5] {
                #expect(try next.sweepTypes(limit: 2) == .moved)
                #expect(try world.count("token WHERE scan_at IS NOT NULL") == count)
            }
        }
    }

    @Test("a sweep goes on in a copy of the database on another server, whose transaction ids are lower")
    func restoredElsewhere() throws {
        try ScanWorld.run { world in
            try define("card", in: world)
            let token = try world.enroll("a", type: "card", endingIn: nil)
            try retire("card", in: world)
            _ = try world.sql(
                "UPDATE token_type SET sweep_horizon = '9000000000000', sweep_pass = 1 WHERE name = 'card'"
            )
            let (scanner, _, _) = try world.scanner()
            try world.wait("the last pass") {
                try scanner.pass()
                return try world.count("token_type WHERE sweep_asked_at IS NOT NULL") == 0
            }
            #expect(try world.status(of: token) == "3 type_retired")
        }
    }

    @Test("two scanners sweep two types at once, none waits for the other")
    func twoTypes() throws {
        try ScanWorld.run { world in
            for name in ["card", "badge"] { try define(name, in: world) }
            try world.enroll(["a", "b"], type: "card", endingIn: nil)
            try retire("card", in: world)
            try retire("badge", in: world)
            let holder = try PGConnection(world.database, applicationName: "scanner")
            defer { holder.close() }
            try holder.execute(
                "BEGIN; UPDATE token_type SET sweep_horizon = pg_current_xact_id() WHERE sweep_horizon IS NULL;"
                    + "COMMIT; BEGIN; SELECT FROM token_type WHERE name = 'card' FOR NO KEY UPDATE"
            )
            let store = try store(world)
            try sweep("badge", store, world)
            #expect(try store.sweepTypes() == .idle)
            #expect(try world.count("token WHERE scan_at IS NOT NULL") == 0)
            try holder.execute("ROLLBACK")
            try sweep("card", store, world)
            #expect(try world.count("token WHERE scan_at IS NOT NULL") == 2)
        }
    }

    @Test("changed marks give notices by the new ones; tokens without an end are not looked at")
    func notices() throws {
        try ScanWorld.run { world in
            let token = try world.enroll("a", endingIn: 20 * 86_400)
            try world.enroll("b", endingIn: nil)
            let (scanner, store, _) = try world.scanner()
            try scanner.pass()
            #expect(try world.events(atLeast: 1).map { $0.data["daysLeft"] } == [.integer(20)])
            try world.changeTypes { catalogue in
                var policy = try #require(catalogue["sms"]).policy
                policy.life.expiryNotices = [25, 21]
                _ = try catalogue.edit("sms", TypeEdit(policy: policy))
            }
            try sweep("sms", store, world)
            #expect(try world.count("token WHERE scan_at <= now()") == 1)
            try scanner.pass()
            try scanner.pass()
            let events = try world.events(atLeast: 2)
            #expect(events.map(\.token) == [token.description, token.description])
            #expect(try world.count("expiry_notice WHERE days = 21") == 1)
            #expect(try world.count("expiry_notice") == 2)

            try world.changeTypes { _ = try $0.edit("sms", TypeEdit(names: ["de": "SMS"])) }
            #expect(try world.count("token_type WHERE sweep_asked_at IS NOT NULL") == 0, "names end no token")
        }
    }

    @Test("what is written of a type is what is read: names, rules, and that it is retired")
    func storage() throws {
        try ScanWorld.run { world in
            var type = TokenType(name: "card", kind: .totp, isHardware: true, names: ["de": "Karte", "en": "Card"])
            type.policy.otp.algorithm = .sha256
            type.policy.life.lifetime = 86_400
            type.policy.life.activate = .now
            type.policy.life.notices = [.enrolled, .expiring]
            type.policy.lockout.lockSeconds = [1, 2]
            type.policy.permits.requireBinding = true
            try world.changeTypes { _ = try $0.define(type) }
            func stored() throws -> TokenType? {
                let version = try world.sql("SELECT catalogue_version FROM tenant").int64(0, 0)
                return try store(world).catalogue(tenant: "default", version: version)["card"]
            }
            #expect(try stored() == type)
            try world.changeTypes { _ = try $0.edit("card", TypeEdit(isHardware: false, names: ["de": nil])) }
            type.isHardware = false
            type.names["de"] = nil
            #expect(try stored() == type)
            try retire("card", in: world)
            let retiredAt = try world.sql("SELECT retired_at::text FROM token_type WHERE name = 'card'").text(0, 0)
            try world.changeTypes { _ = try $0.edit("card", TypeEdit(names: ["fr": "Carte"])) }
            type.isRetired = true
            type.names["fr"] = "Carte"
            #expect(try stored() == type)
            #expect(
                try world.sql("SELECT retired_at::text FROM token_type WHERE name = 'card'").text(0, 0) == retiredAt
            )
            #expect(try world.sql("SELECT catalogue_version FROM tenant").int64(0, 0) == 5)
        }
    }

    @Test(
        "5,000 tokens, retired while others enrol, with a scanner that dies and one that stands still: each is told once"
    )
    func manyUnderFaults() throws {
        try ScanWorld.run { world in
            try define("card", in: world)
            for chunk in 0..<10 {
                try world.enroll((0..<500).map { "user\(chunk)-\($0)" }, type: "card", endingIn: nil, age: 60)
            }
            let failures = Failures()
            let enrolled = Counted()
            let enrolling = DispatchGroup()
            for worker in 0..<2 {
                enrolling.enter()
                Thread {
                    defer { enrolling.leave() }
                    do {
                        for number in 0... {
                            try world.enrolling("new\(worker)-\(number)", type: "card", lane: Int32(worker) + 1)
                                .batch.commit()
                            enrolled.add(1)
                        }
                    } catch let refusal as Rejection where refusal.code == .typeNotEnrollable {
                    } catch {
                        failures.add(error)
                    }
                }.start()
            }
            try world.wait("enrolments under way") { enrolled.value > 20 }
            try retire("card", in: world)

            // One commits and dies before it sends; one has a shard and stands still.
            let (dying, dyingStore, dyingRunner) = try world.scanner()
            try world.wait("something to be due") {
                _ = try dyingStore.sweepTypes()
                return try !dyingStore.busyShards().isEmpty
            }
            let shard = try #require(try dyingStore.busyShards().first).shard
            let owned = try dying.takeOver(shard: shard)
            _ = try #require(try dyingRunner.commit(try dyingStore.due(shard: shard, limit: 50), owned))
            dyingStore.close()
            let (frozen, frozenStore, _) = try world.scanner()
            let other = (shard + 1) % 16
            #expect(try frozenStore.tryLock(shard: other))
            var stale = try frozen.takeOver(shard: other)

            let total = { try world.count("token WHERE type_name = 'card'") }
            DispatchQueue.concurrentPerform(iterations: 2) { _ in
                do {
                    let (scanner, _, _) = try world.scanner(patience: 0)
                    try world.wait("all tokens to be OBSOLETE and told") {
                        try scanner.pass()
                        return try world.count("token WHERE type_name = 'card' AND status <> 3") == 0
                            && world.count("token_type WHERE sweep_asked_at IS NOT NULL") == 0
                            && world.count("lane WHERE topic = '~expiry' AND answered_through < batch_seq") == 0
                    }
                } catch {
                    failures.add(error)
                }
            }
            enrolling.wait()
            #expect(failures.all.isEmpty, "\(failures.all)")
            #expect(try !frozen.handle(.users([ScanWorld.user("user0-0")]), &stale))
            let count = try total()
            #expect(count == 5_000 + enrolled.value)
            let events = try world.events(atLeast: count)
            #expect(Set(events.map(\.id)).count == count, "a repeat has the id of the first")
            #expect(Set(events.compactMap(\.token)).count == count)
            #expect(Set(events.map(\.reason)) == ["type_retired"])
            #expect(try world.count("audit_log WHERE reason = 'type_retired'") == count)
        }
    }
}

/// A number that several threads add to.
final class Counted: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0

    func add(_ number: Int) { lock.withLock { count += number } }
    var value: Int { lock.withLock { count } }
}
