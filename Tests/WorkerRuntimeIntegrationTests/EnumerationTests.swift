import Contract
import Foundation
import TestSupport
import Testing
import TokenCore

@testable import WorkerRuntime

/// What the time of an answer is made of is the same for every wrong value, whoever it is said to be from.
@Suite("Lanes: what a stranger can measure")
struct EnumerationTests {
    private static let nobody = "01930000-0000-7000-8000-000000000000"

    @Test(
        "an unknown user, one without tokens and a wrong value cost as many round trips, and as many messages",
        .enabled(if: ProcessInfo.processInfo.environment["POSTGRES_URL"] == nil, "needs the private server's socket")
    )
    func roundTrips() async throws {
        try await LaneWorld.run { world in
            let relay = try PostgresRelay(to: world.database)
            let worker = try world.stranger(relay: relay)
            try world.assign(worker)
            try worker.takeOverLanes()
            try world.write(.enrollToken, id: "hotp", ["tokenType": "hotp", "activate": "now"])
            try world.enroll("sms", user: "bob")
            try world.enroll("gone", user: "carol")
            try worker.work(to: 3)
            let gone = try #require(try world.replies().last { $0.cause == "gone" }?.tokenID)
            try world.write(.deleteToken, id: "delete", user: "carol", ["tokenId": .string(gone)])
            try world.write(.requestOTP, id: "request", user: "bob", ["purpose": "login"])
            try worker.work(to: 4)
            try world.wait("a challenge") {
                try worker.turn()
                try worker.settle()
                return try world.count("challenge") == 1
            }
            let named: JSONObject = ["tokenId": .string(Self.nobody)]
            let cases: [(user: String, more: JSONObject)] = [
                ("alice", [:]), ("bob", [:]), ("carol", [:]), ("nobody", [:]), ("nobody", named), ("alice", named),
                ("alice", ["challengeId": .string(Self.nobody)]),
            ]
            var trips: [Int] = []
            var messages: [Int] = []
            // The first round prepares statements.
            for round in 0...1 {
                trips = []
                messages = []
                for (index, (user, more)) in cases.enumerated() {
                    var data: JSONObject = ["otp": "no", "purpose": "login"]
                    for member in more { data.append(member.name, member.value) }
                    try world.write(.verifyOTP, id: "verify-\(round)-\(index)", user: user, data)
                    let taken = try worker.take(1)
                    let before = relay.roundTrips
                    let batch = try worker.commit(taken)
                    trips.append(relay.roundTrips - before)
                    messages.append(batch.messages.count)
                    try worker.send(batch.messages)
                }
            }
            #expect(trips == Array(repeating: 2, count: cases.count))
            #expect(messages == Array(repeating: 2, count: cases.count))
            let replies = try world.replies().filter { $0.cause?.hasPrefix("verify-1-") ?? false }
            #expect(Set(replies.map { $0.data["publicCode"]?.stringValue }) == ["otp_mismatch"])
            #expect(replies.compactMap(\.code).sorted().first == "challenge_not_found")
            #expect(replies.count == cases.count)
        }
    }
}
