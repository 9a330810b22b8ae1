import Contract
import Messaging
import Postgres
import TestSupport
import Testing
import TokenCore
import TokenStore

@testable import WorkerRuntime

/// One value sent fifty times at once, on all partitions, to workers that run as they do in production.
@Suite("Lanes: races for one OTP")
struct RaceTests {
    private static let attempts = 50
    /// RFC 4226, appendix D: `12345678901234567890`; its values for the counters 0 and 1.
    private static let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    private static let values = ["755224", "287082"]

    /// Enrols by one worker, lets a group of them loose on the attempts, and waits for all replies.
    private func race(
        _ world: LaneWorld,
        enrolling data: JSONObject,
        attempts otp: (LaneWorker) throws -> JSONObject
    ) throws -> [Reply] {
        let first = try world.owner(batchSize: 4)
        try world.write(.enrollToken, id: "enrol", partition: 0, data)
        try first.work(to: 1)
        let attempt = try otp(first)
        first.die()

        let running = try RunningWorkers(world, count: 2, batchSize: 4)
        try world.write(
            (0..<Self.attempts).map { index in
                world.command(.verifyOTP, id: "verify-\(index)", partition: Int32(index) % world.partitions, attempt)
            }
        )
        try running.waitForAnswers("verify-", count: Self.attempts)
        try running.stop()
        var answers: [String: Reply] = [:]
        for reply in try world.replies() where reply.cause?.hasPrefix("verify-") ?? false {
            answers[reply.cause ?? ""] = reply
        }
        #expect(answers.count == Self.attempts)
        try world.expectAccountsBalance()
        return Array(answers.values)
    }

    private func hotp(activate: String = "now") -> JSONObject {
        ["tokenType": "hotp", "secret": .string(Self.secret), "activate": .string(activate)]
    }

    private func login(_ otp: String) -> JSONObject { ["otp": .string(otp), "purpose": "login"] }

    @Test("a HOTP value is accepted once and moves the counter once")
    func hotpValue() async throws {
        try await LaneWorld.run(partitions: 4) { world in
            let answers = try race(world, enrolling: hotp()) { _ in login(Self.values[0]) }
            #expect(answers.filter { $0.status == "ok" }.count == 1)
            let counters = try world.sql("SELECT moving_factor, failures FROM token")
            #expect(counters.int64(0, 0) == 1)
            // What is recognised as used is no guess: it does not count.
            #expect(Set(answers.compactMap(\.code)) == ["otp_replayed"])
            #expect(counters.int32(0, 1) == 0)
        }
    }

    @Test("a TOTP value is accepted once")
    func totpValue() async throws {
        try await LaneWorld.run(partitions: 4) { world in
            let data: JSONObject = ["tokenType": "totp", "secret": .string(Self.secret), "activate": "now"]
            let answers = try race(world, enrolling: data) { worker in login(try currentValue(worker, world)) }
            #expect(answers.filter { $0.status == "ok" }.count == 1)
            #expect(Set(answers.compactMap(\.code)) == ["otp_replayed"])
            #expect(try world.count("token WHERE last_used_at IS NOT NULL") == 1)
        }
    }

    @Test("a value that was sent as a text message is accepted once")
    func challenge() async throws {
        try await LaneWorld.run(partitions: 4) { world in
            let data: JSONObject = ["tokenType": "sms", "phone": "+41791234567"]
            let answers = try race(world, enrolling: data) { worker in
                try world.write(.requestOTP, id: "request", partition: 0, ["purpose": "login"])
                try world.wait("the OTP is sent") {
                    try worker.turn()
                    try worker.settle()
                    return try world.count("challenge") == 1
                }
                return try sentValue(world)
            }
            #expect(answers.filter { $0.status == "ok" }.count == 1)
            #expect(Set(answers.compactMap(\.code)) == ["challenge_used"])
            #expect(try world.count("user_state WHERE failures = 0") == 1)
        }
    }

    @Test("of wrong values no more than the limit are evaluated")
    func wrongValue() async throws {
        try await LaneWorld.run(partitions: 4) { world in
            let id = Mutable<String>()
            let answers = try race(world, enrolling: hotp()) { _ in
                id.value = try #require(try world.replies().first?.tokenID)
                return ["otp": "000000", "purpose": "login", "tokenId": .string(id.value ?? "")]
            }
            let limit = TypePolicy().lockout.maxFailures
            #expect(answers.filter { $0.code == "otp_mismatch" }.count == limit)
            #expect(answers.filter { $0.code == "locked" }.count == Self.attempts - limit)
            let counters = try world.sql("SELECT failures, moving_factor FROM token")
            #expect(counters.int32(0, 0) == limit && counters.int64(0, 1) == 0)
            #expect(try world.sql("SELECT failures FROM user_state").int32(0, 0) == limit)
            #expect(try world.count("token WHERE locked_until > now()") == 1)
        }
    }

    // MARK: Values

    private func currentValue(_ worker: LaneWorker, _ world: LaneWorld) throws -> String {
        let row = try world.sql("SELECT token_id, sealed, extract(epoch FROM now())::bigint / 30 FROM token_secret")
        let uuid = row.uuid(0, 0)
        let device = try #require(
            worker.store.cryptography.device(
                SealedSecret(bytes: row.bytes(0, 1)),
                of: TokenID(UUIDValue(high: uuid.high, low: uuid.low)),
                tenant: "default",
                algorithm: .sha1
            )
        )
        let digits = String(HOTP.value(of: device, at: row.int64(0, 2), digits: 6))
        return String(repeating: "0", count: 6 - digits.count) + digits
    }

    private func sentValue(_ world: LaneWorld) throws -> JSONObject {
        let notification = try #require(
            try world.records(of: world.topics.notifications).compactMap {
                try JSONParser.parse($0.value ?? []).objectValue?["data"]?.objectValue
                    ?? JSONParser.parse($0.value ?? []).objectValue
            }.last
        )
        let content = SealedEnvelopes(keys: world.keys, requiresSealing: false).open(
            notification: notification["sealed"]?.stringValue ?? "",
            owner: UserKey(tenant: "default", userID: "alice"),
            at: Instant(microseconds: 0)
        )
        return [
            "otp": .string(content?["otp"]?.stringValue ?? ""), "purpose": "login",
            "challengeId": .string(notification["challengeId"]?.stringValue ?? ""),
        ]
    }
}

private final class Mutable<Value> {
    var value: Value?
}
