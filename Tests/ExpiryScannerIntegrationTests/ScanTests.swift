import Contract
import Foundation
import Postgres
import Telemetry
import Testing
import TokenCore
import TokenStore

@testable import ExpiryScanner
@testable import WorkerRuntime

@Suite("Expiry scan")
struct ScanTests {
    private static let obsoleted = EventType.tokenObsoleted.rawValue
    private static let expiring = EventType.tokenExpiring.rawValue

    @Test("a token whose end has come is OBSOLETE and told once; its open challenge is void")
    func expired() throws {
        try ScanWorld.run { world in
            let ended = try world.enroll("alice", endingIn: -1)
            let living = try world.enroll("alice", endingIn: nil)
            for token in [ended, living] {
                _ = try world.sql(
                    """
                    INSERT INTO challenge SELECT gen_random_uuid(), token_id, user_key, 0, 0, now(),
                        now() + interval '5 minutes', 6, sha256('a'), '', 1, now(), gen_random_uuid(), NULL, NULL, 0
                    FROM token WHERE token_id = '\(token)'
                    """
                )
            }
            let (scanner, _, _) = try world.scanner()
            try scanner.pass()
            try scanner.pass()

            #expect(try world.status(of: ended) == "3 expired")
            #expect(try world.status(of: living) == "1 -")
            let events = try world.events(atLeast: 1)
            #expect(events.map(\.type) == [Self.obsoleted])
            #expect(events.first?.reason == "expired")
            #expect(events.first?.token == ended.description)
            #expect(events.first?.status == "OBSOLETE")
            #expect(events.first?.key == "default/alice")
            #expect(try world.sql("SELECT state::int FROM challenge WHERE token_id = '\(ended)'").int32(0, 0) == 3)
            #expect(try world.sql("SELECT state::int FROM challenge WHERE token_id = '\(living)'").int32(0, 0) == 0)
            #expect(try world.count("audit_log WHERE command = 'expiry' AND reason = 'expired'") == 1)
            #expect(try world.count("lane WHERE topic = '~expiry' AND answered_through = batch_seq") == 1)
            #expect(try world.count("token WHERE scan_at IS NOT NULL") == 0)
            #expect(world.setup.metrics.counter(.expired, "expired").value == 1)
        }
    }

    @Test("a PENDING token that nobody activated in time is OBSOLETE")
    func notActivated() throws {
        try ScanWorld.run { world in
            let forgotten = try world.enroll("bob", type: "totp", endingIn: nil, age: 8 * 86_400)
            let fresh = try world.enroll("carol", type: "totp", endingIn: nil, age: 6 * 86_400)
            let (scanner, _, _) = try world.scanner()
            try scanner.pass()
            #expect(try world.status(of: forgotten) == "3 not_activated")
            #expect(try world.status(of: fresh) == "0 -")
            #expect(try world.events(atLeast: 1).map(\.reason) == ["not_activated"])
            let next = try world.sql("SELECT scan_at = activate_before FROM token WHERE token_id = '\(fresh)'")
            #expect(next.bool(0, 0))
        }
    }

    @Test("an end that comes near is told once for the nearest mark, and again after the end was moved")
    func marks() throws {
        try ScanWorld.run { world in
            let token = try world.enroll("dave", endingIn: 5 * 86_400)
            let (scanner, _, _) = try world.scanner()
            try scanner.pass()
            try scanner.pass()
            // Looking again for another reason tells nothing new.
            _ = try world.sql("UPDATE token SET scan_at = now()")
            try scanner.pass()
            #expect(try world.events(atLeast: 1).map(\.type) == [Self.expiring])
            #expect(try world.count("expiry_notice WHERE days = 7") == 1)
            #expect(
                try world.sql("SELECT scan_at = expires_at - interval '1 day' FROM token").bool(0, 0),
                "the next look is at the next mark"
            )

            try world.change([ScanWorld.user("dave")]) { record, context in
                record[token]?.times.expiresAt = context.now.adding(seconds: 6 * 86_400)
                record[token]?.touch(at: context.now)
            }
            try scanner.pass()
            let events = try world.events(atLeast: 2)
            #expect(events.map { $0.data["daysLeft"] } == [.integer(5), .integer(6)])
            #expect(Set(events.map(\.id)).count == 2)
        }
    }

    @Test("the user is told where the type's policy says so, sealed")
    func notices() throws {
        try ScanWorld.run { world in
            _ = try world.sql(
                """
                WITH t AS (UPDATE tenant SET catalogue_version = catalogue_version + 1)
                UPDATE token_type SET policy = '{"notices": ["expiring"]}' WHERE name = 'sms'
                """
            )
            try world.enroll("erin", endingIn: 43_200)
            let (scanner, _, _) = try world.scanner()
            try scanner.pass()
            let notice = try Told(#require(world.records(of: world.setup.topics.notifications, atLeast: 1).first))
            #expect(notice.data["template"] == .string("expiring"))
            #expect(notice.data["channel"] == .string("sms"))
            #expect(!String(decoding: notice.value, as: UTF8.self).contains("+4179"))
            let content = world.setup.envelopes().open(
                notification: notice.data["sealed"]?.stringValue ?? "",
                owner: ScanWorld.user("erin"),
                at: Instant(seconds: Int64(Date().timeIntervalSince1970))
            )
            #expect(content?["to"] == .string("+41791234567"))
            #expect(content?["daysLeft"] == .integer(1))
        }
    }

    @Test("two scanners at once share the work: each token is told once")
    func sharing() throws {
        try ScanWorld.run { world in
            let ids = try world.enroll((0..<400).map { "user\($0)" }, endingIn: -60)
            let failures = Failures()
            DispatchQueue.concurrentPerform(iterations: 2) { _ in
                do {
                    let (scanner, _, _) = try world.scanner()
                    try world.wait("all tokens to be OBSOLETE") {
                        try scanner.pass()
                        return try world.count("token WHERE status < 3") == 0
                    }
                } catch {
                    failures.add(error)
                }
            }
            #expect(failures.all.isEmpty, "\(failures.all)")
            let events = try world.events(atLeast: 400)
            #expect(events.count == 400)
            #expect(Set(events.compactMap(\.token)) == Set(ids.map(\.description)))
            #expect(try world.count("audit_log") == 400)
            #expect(try world.count("lane WHERE topic = '~expiry'") == 16)
        }
    }

    @Test("an idle pass takes nothing over, and the gauge counts the tokens that are due")
    func idle() throws {
        try ScanWorld.run { world in
            try world.enroll(["a", "b", "c"], endingIn: 400 * 86_400)
            let (scanner, store, _) = try world.scanner()
            try scanner.pass()
            #expect(world.setup.metrics.gauge(.expiryDue).value == 3, "a new token is looked at once")
            let epochs = try world.sql("SELECT sum(epoch)::bigint FROM lane").int64(0, 0)
            try scanner.pass()
            #expect(world.setup.metrics.gauge(.expiryDue).value == 0)
            #expect(try store.busyShards().isEmpty)
            #expect(try world.sql("SELECT sum(epoch)::bigint FROM lane").int64(0, 0) == epochs)
            #expect(try world.count("token WHERE scan_at = expires_at - interval '30 days'") == 3)
        }
    }
}

/// Errors of several threads.
final class Failures: @unchecked Sendable {
    private let lock = NSLock()
    private var errors: [any Error] = []

    func add(_ error: any Error) { lock.withLock { errors.append(error) } }
    var all: [any Error] { lock.withLock { errors } }
}
