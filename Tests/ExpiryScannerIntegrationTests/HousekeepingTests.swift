import Postgres
import Testing
import TokenStore

@testable import WorkerRuntime

@Suite("Housekeeping")
struct HousekeepingTests {
    private let housekeeping = Housekeeping(horizonSeconds: 86_400, longestLimitSeconds: 86_400)

    private func store(_ world: ScanWorld) throws -> TokenStore {
        try TokenStore(world.setup.store, keys: world.setup.keys)
    }

    @Test("an inbox partition past its time goes, unless a lane still owes answers from it")
    func partitions() throws {
        try ScanWorld.run { world in
            for day in ["2026-01-05", "2026-01-06"] {
                _ = try world.sql("SELECT inbox_partitions_ahead('\(day)')")
            }
            _ = try world.sql(
                """
                INSERT INTO inbox VALUES (gen_random_uuid(), 1, 1, 0, '2026-01-06 12:00Z', '', ''),
                    (gen_random_uuid(), 1, 2, 0, '2026-01-07 12:00Z', '', '')
                """
            )
            _ = try world.sql(
                """
                INSERT INTO lane (topic, partition, batch_seq, answered_through, unanswered_since)
                VALUES ('a', 0, 2, 1, '2026-01-07 12:00Z')
                """
            )
            let store = try store(world)
            let report = try #require(try housekeeping.run(store))
            #expect(report.keptPartitions == 2, "the 7th, where the owed row is, and the 8th behind it")
            let left = try world.sql("SELECT count(*), min(received_at) > '2026-01-07Z' FROM inbox")
            #expect(left.int64(0, 0) == 1)
            #expect(left.bool(0, 1))
            #expect(try world.count("pg_class WHERE relname ~ '^inbox_202601[0-9]{2}$'") == 2)

            _ = try world.sql("UPDATE lane SET answered_through = 2")
            #expect(try #require(try housekeeping.run(store)).keptPartitions == 0)
            #expect(try world.count("pg_class WHERE relname ~ '^inbox_202601[0-9]{2}$'") == 0)
            #expect(
                try world.count("pg_class WHERE relname ~ '^inbox_20[0-9]{6}$'") == 3,
                "today's and those of the next two days"
            )
        }
    }

    @Test("what nobody asks for any more is removed, what somebody may ask for stays")
    func rows() throws {
        try ScanWorld.run { world in
            _ = try world.sql(
                """
                WITH age (seconds) AS (VALUES (0), (80000), (88000), (180000)),
                c AS (
                    INSERT INTO challenge SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 0, 0, now(),
                        now() - make_interval(secs => seconds), 6, '', '', 1, now(), gen_random_uuid(), NULL, NULL, 0
                    FROM age
                ), d AS (
                    INSERT INTO delivery (notification_id, tenant, state, claimed_at, claim)
                    SELECT gen_random_uuid(), 'default', 1, now() - make_interval(secs => seconds), gen_random_uuid()
                    FROM age
                ), n AS (
                    INSERT INTO expiry_notice
                    SELECT gen_random_uuid(), 1, now() - make_interval(secs => seconds) FROM age
                )
                INSERT INTO otp_send SELECT gen_random_uuid(), now() - make_interval(secs => seconds) FROM age
                """
            )
            let report = try #require(try housekeeping.run(store(world)))
            #expect(try world.count("challenge") == 2)
            #expect(try world.count("delivery") == 3)
            #expect(try world.count("expiry_notice") == 2)
            #expect(try world.count("otp_send") == 3, "a day, and an hour of grace")
            #expect(report.removed == 6)
            #expect(!report.isUnfinished)
        }
    }

    @Test("a sending limit's own window outlives the day")
    func longWindow() throws {
        try ScanWorld.run { world in
            _ = try world.sql(
                "INSERT INTO otp_send SELECT gen_random_uuid(), now() - make_interval(days => d) FROM generate_series(1, 9) d"
            )
            let week = Housekeeping(horizonSeconds: 86_400, longestLimitSeconds: 7 * 86_400)
            _ = try week.run(store(world))
            #expect(try world.count("otp_send") == 7)
        }
    }

    @Test("a round is bounded, and the next one goes on")
    func bounds() throws {
        try ScanWorld.run { world in
            _ = try world.sql(
                """
                INSERT INTO otp_send SELECT gen_random_uuid(), now() - interval '3 days' FROM generate_series(1, 20500)
                """
            )
            let store = try store(world)
            let first = try #require(try housekeeping.run(store))
            #expect(first.removed == 20_000)
            #expect(first.isUnfinished)
            #expect(try #require(try housekeeping.run(store)).removed == 500)
        }
    }

    @Test("one scanner at a time keeps house, and rows that a batch holds are passed over")
    func exclusion() throws {
        try ScanWorld.run { world in
            let holder = try PGConnection(world.database, applicationName: "holder")
            defer { holder.close() }
            _ = try world.sql("INSERT INTO otp_send SELECT gen_random_uuid(), now() - interval '3 days'")
            try holder.execute("BEGIN; SELECT FROM otp_send FOR UPDATE")
            let store = try store(world)
            #expect(try #require(try housekeeping.run(store)).removed == 0)
            try holder.execute("COMMIT")
            try holder.execute("SELECT pg_advisory_lock(7310868735421905020)")
            #expect(try housekeeping.run(store) == nil)
            try holder.execute("SELECT pg_advisory_unlock(7310868735421905020)")
            #expect(try #require(try housekeeping.run(store)).removed == 1)
        }
    }

    @Test("a batch that holds the inbox is not waited for: partitions are moved in another round")
    func patience() throws {
        try ScanWorld.run { world in
            _ = try world.sql("SELECT inbox_partitions_ahead('2026-01-05')")
            let holder = try PGConnection(world.database, applicationName: "holder")
            defer { holder.close() }
            try holder.execute("BEGIN; SELECT count(*) FROM inbox")
            let store = try store(world)
            let report = try #require(try housekeeping.run(store))
            #expect(report.isUnfinished)
            try holder.execute("COMMIT")
            #expect(try #require(try housekeeping.run(store)).isUnfinished == false)
            #expect(try world.count("pg_class WHERE relname ~ '^inbox_202601[0-9]{2}$'") == 0)
        }
    }
}
