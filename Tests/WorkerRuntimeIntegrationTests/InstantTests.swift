import Contract
import Foundation
import Messaging
import TestSupport
import Testing
import TokenCore

@testable import WorkerRuntime

/// The instant at which a command is judged. The embedded broker keeps CreateTime: that a broker appended a record is told
/// here in its place.
@Suite("Lanes: the instant of a command")
struct InstantTests {
    /// RFC 4226, appendix D: `12345678901234567890`.
    private static let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

    private func value(at step: Int64) -> String {
        let digits = String(HOTP.value(of: HMACDevice(seed: Array("12345678901234567890".utf8)), at: step, digits: 6))
        return String(repeating: "0", count: 6 - digits.count) + digits
    }

    @Test("a record that a broker stamped is judged at its stamp, within the age; one that its writer stamped is not")
    func appended() async throws {
        try await LaneWorld.run { world in
            let worker = try world.owner()
            let data: JSONObject = ["tokenType": "totp", "secret": .string(Self.secret), "activate": "now"]
            try world.write(.enrollToken, id: "enrol", data)
            try worker.work(to: 1)
            let now = Int64(Date().timeIntervalSince1970)
            // Two steps back: outside of the window now, inside of it then.
            let then = now - 45
            let old = [value(at: then / 30 - 1), value(at: then / 30)]
            let cases: [(id: String, otp: String, timestamp: Int64, type: TimestampType)] = [
                ("forged", old[0], then, .createTime), ("late", old[0], now - 65, .logAppendTime),
                ("future", old[0], now + 3_600, .createTime), ("waited", old[1], then, .logAppendTime),
                ("again", old[1], then, .logAppendTime),
            ]
            for (id, otp, timestamp, type) in cases {
                try world.write(.verifyOTP, id: id, ["otp": .string(otp), "purpose": "login"])
                var record = try #require(try worker.take(1).first?.record)
                record.timestamp = timestamp * 1_000
                record.timestampType = type
                try worker.handle([record])
                try worker.settle()
            }
            let replies = try world.replies()
            func code(_ id: String) -> String? { replies.last { $0.cause == id }.map { $0.code ?? "ok" } }
            #expect(code("forged") == "otp_mismatch")
            #expect(code("late") == "expired")
            #expect(code("future") == "malformed")
            #expect(code("waited") == "ok")
            #expect(code("again") == "otp_replayed")
        }
    }
}
