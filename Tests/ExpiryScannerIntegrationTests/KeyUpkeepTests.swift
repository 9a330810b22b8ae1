import Foundation
import Postgres
import Settings
import Telemetry
import TestSupport
import Testing
import TokenCore
import TokenCrypto

@testable import TokenStore
@testable import WorkerRuntime

@Suite("After a rotation")
struct KeyUpkeepTests {
    private func rotate(_ ring: Ring, _ world: ScanWorld) throws -> String {
        let kid = try KeyFile.rotate(path: world.setup.settings.keysFile, ring: ring)
        _ = world.setup.keys.reload()
        return kid
    }

    private func store(_ world: ScanWorld, keys: KeySource? = nil) throws -> TokenStore {
        try TokenStore(world.setup.store, keys: keys ?? world.setup.keys)
    }

    private func finish(_ upkeep: KeyUpkeep, _ store: TokenStore) throws {
        for _ in 0..<1_000 where try upkeep.step(store) == .finished { return }
        Issue.record("no end in sight")
    }

    /// Whether the seeds of these users open with what a store knows.
    private func open(_ users: [String], _ world: ScanWorld, _ store: TokenStore) throws -> Bool {
        let keys = users.map(ScanWorld.user)
        let lane = try store.lane(topic: "test", partition: 0)
        let loaded = try store.begin(BatchRequest(lanes: [lane], keys: [], users: Set(keys), tenants: ["default"]))
        defer { store.rollback() }
        return try keys.allSatisfy { user in
            let token = try #require(loaded.state[user].tokens.first)
            let oath = try #require(token.oath)
            return store.cryptography.device(oath.secret, of: token.id, tenant: "default", algorithm: oath.algorithm)
                != nil
        }
    }

    private func kids(_ world: ScanWorld) throws -> [String] {
        let rows = try world.sql("SELECT wrapping_kid FROM data_key ORDER BY data_key_id")
        return rows.rows.map { rows.text($0, 0) }
    }

    @Test("data keys are wrapped by the new key, a new one seals, and all seeds open in workers old and new")
    func dataKeys() throws {
        try ScanWorld.run { world in
            let old = try KeySource(path: world.setup.settings.keysFile)
            let (late, early) = (try store(world, keys: old), try store(world))
            try world.enroll("alice", type: "totp", endingIn: nil)
            let first = try kids(world)
            let upkeep = KeyUpkeep()
            #expect(try upkeep.pending(early) == .init(dataKeys: 0, seedDigests: 0))

            let kid = try rotate(.kek, world)
            #expect(try upkeep.pending(early) == .init(dataKeys: 1, seedDigests: 0))
            // A process that has not read the new file leaves all as it is.
            try finish(KeyUpkeep(), late)
            #expect(try kids(world) == first)

            try finish(upkeep, early)
            #expect(try kids(world) == [kid, kid])
            #expect(try upkeep.pending(early).isEmpty)
            // Nor does it take anything back, or trip over the key that it learns of here.
            try finish(KeyUpkeep(), late)
            #expect(try kids(world) == [kid, kid])

            try world.enroll("bob", type: "totp", endingIn: nil)
            #expect(try world.count("token_secret WHERE get_byte(sealed, 4) = 1") == 1)
            #expect(try world.count("token_secret WHERE get_byte(sealed, 4) = 2") == 1)
            #expect(try open(["alice", "bob"], world, late))
            #expect(try open(["alice", "bob"], world, early))
            #expect(try open(["alice", "bob"], world, store(world)), "started after all this")
        }
    }

    @Test("a data key wrapped by a key that the worker has not read is unwrapped after another look at the file")
    func unknownKey() throws {
        try ScanWorld.run { world in
            try world.enroll("alice", type: "totp", endingIn: nil)
            let old = try KeySource(path: world.setup.settings.keysFile)
            let kid = try rotate(.kek, world)
            try finish(KeyUpkeep(), store(world))
            #expect(old.current.key(.kek, kid: kid) == nil)
            #expect(try open(["alice"], world, store(world, keys: old)))
            #expect(old.current.key(.kek, kid: kid) != nil)
        }
    }

    @Test("a worker seals by the new data key without a restart")
    func refresh() throws {
        try ScanWorld.run { world in
            let worker = try store(world)
            _ = try rotate(.kek, world)
            try finish(KeyUpkeep(), store(world))
            #expect(worker.cryptography.dataKeys.newest?.number == 1)
            try worker.cryptography.dataKeys.refreshIfStale(worker.connection, now: .now + .seconds(3))
            #expect(worker.cryptography.dataKeys.newest?.number == 2)
        }
    }

    @Test("an OTP's digest under a key that the worker has not read is recognised after another look at the file")
    func unknownDigest() throws {
        try ScanWorld.run { world in
            let old = StoreCryptography(keys: try KeySource(path: world.setup.settings.keysFile))
            _ = try rotate(.otp, world)
            let made = StoreCryptography(keys: world.setup.keys).fingerprint([1, 2, 3])
            #expect(old.matches([1, 2, 3], fingerprint: made))
            #expect(!old.matches([1, 2, 4], fingerprint: made))
        }
    }

    @Test("digests are made anew in batches, interrupted at any of them, also those that were never made")
    func digests() throws {
        try ScanWorld.run { world in
            let names = (0..<25).map { "user-\($0)" }
            try world.enroll(names, type: "totp", endingIn: nil)
            let before = try world.sql("SELECT sum(hashtext(encode(sealed, 'hex'))::bigint) FROM token_secret")
            _ = try world.sql(
                "UPDATE token_secret SET seed_digest = NULL WHERE token_id IN (SELECT token_id FROM token LIMIT 9)"
            )
            let kid = try rotate(.otp, world)
            let store = try store(world)
            #expect(try KeyUpkeep().pending(store).seedDigests == 25)

            // Each one is dropped after a few steps, as a scanner that is killed.
            var left = 25
            for _ in 0..<3 {
                let killed = KeyUpkeep(batch: 3)
                for _ in 0..<3 { #expect(try killed.step(store) == .moved) }
                let now = try killed.pending(store).seedDigests
                #expect(now < left)
                left = now
            }
            let upkeep = KeyUpkeep(batch: 3)
            try finish(upkeep, store)
            #expect(try upkeep.pending(store).isEmpty)
            let tag = DigestTag(kid: kid)
            let tagged = try store.connection.query(KeyQueries.countDigested, [.bytea(tag.bytes), .bytea(tag.end)])
            #expect(tagged.int64(0, 0) == 25)
            let after = try world.sql("SELECT sum(hashtext(encode(sealed, 'hex'))::bigint) FROM token_secret")
            #expect(before.text(0, 0) == after.text(0, 0), "the seeds themselves stay")
        }
    }

    @Test("two scanners at once do it together, each giving way to the other")
    func together() throws {
        try ScanWorld.run { world in
            try world.enroll((0..<40).map { "user-\($0)" }, type: "totp", endingIn: nil)
            for ring in [Ring.kek, .otp] { _ = try rotate(ring, world) }
            let stores = try [store(world), store(world)]
            let upkeeps = stores.map { _ in KeyUpkeep(batch: 4) }
            // One holds the turn; the other one is told so and changes nothing.
            try stores[0].connection.execute("BEGIN")
            #expect(try stores[0].connection.query(KeyQueries.tryLock).bool(0, 0))
            #expect(try upkeeps[1].step(stores[1]) == .busy)
            stores[0].rollback()

            var steps = 0
            while try !upkeeps[0].pending(stores[0]).isEmpty, steps < 200 {
                _ = try upkeeps[steps % 2].step(stores[steps % 2])
                steps += 1
            }
            #expect(try upkeeps[1].pending(stores[1]).isEmpty)
            #expect(try world.count("data_key") == 2)
            #expect(Set(try kids(world)) == [try #require(world.setup.keys.current.active(.kek)).kid])
        }
    }

    @Test("a row that is held is passed over, and a second token with the same seed keeps its digest")
    func heldAndTwin() throws {
        try ScanWorld.run { world in
            let held = try world.enroll("held", type: "totp", endingIn: nil)
            let kept = try world.enroll("kept", type: "totp", endingIn: nil)
            _ = try rotate(.otp, world)
            let (store, other) = (try store(world), try store(world))
            let digest = try #require(
                try digest(of: kept, world, store)
            )
            // As if a worker that had not read the new file had taken the seed a second time.
            try world.enroll("twin", type: "totp", endingIn: nil)
            _ = try other.connection.query(
                Statement(
                    name: "twin",
                    sql: """
                        UPDATE token_secret SET seed_digest = $1::bytea WHERE token_id =
                            (SELECT token_id FROM token WHERE user_id = 'twin')
                        """
                ),
                [.bytea(digest)]
            )
            try other.connection.execute("BEGIN")
            _ = try other.connection.query(
                Statement(name: "hold", sql: "SELECT FROM token_secret WHERE token_id = '\(held)' FOR UPDATE")
            )
            let upkeep = KeyUpkeep()
            try finish(upkeep, store)
            #expect(upkeep.twins == 1)
            #expect(try upkeep.pending(store).seedDigests == 1, "the one that is held")
            other.rollback()
            try finish(upkeep, store)
            #expect(upkeep.twins == 1)
            #expect(try upkeep.pending(store).isEmpty)
        }
    }

    private func digest(of token: TokenID, _ world: ScanWorld, _ store: TokenStore) throws -> [UInt8]? {
        let row = try world.sql("SELECT sealed FROM token_secret WHERE token_id = '\(token)'")
        let secret = SealedSecret(bytes: row.bytes(0, 0))
        return store.cryptography.digest(ofStored: secret, of: token, tenant: "default")
    }

    @Test("a run measures what is left, works it off, and is not stopped by a key that is gone")
    func runner() throws {
        try ScanWorld.run { world in
            try world.enroll("alice", type: "totp", endingIn: nil)
            for ring in [Ring.kek, .otp] { _ = try rotate(ring, world) }
            let pending = { (kind: String) in world.setup.metrics.gauge(.keysPending, kind).value }
            let runner = KeyRunner(world.setup, store: try store(world), heartbeat: nil, upkeep: KeyUpkeep(batch: 1))
            _ = try world.sql("UPDATE data_key SET wrapped = '\\x00'")
            #expect(try runner.run() == false)
            #expect(pending("data_key") == 1)
            #expect(pending("seed_digest") == 0)
            let kid = try #require(world.setup.keys.current.active(.otp)).kid
            let tag = DigestTag(kid: kid).bytes.map { String(format: "%02x", $0) }.joined()
            #expect(try world.count("token_secret WHERE encode(seed_digest, 'hex') LIKE '\(tag)%'") == 1)
        }
    }
}
