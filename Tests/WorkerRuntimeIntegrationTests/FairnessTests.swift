import Contract
import Foundation
import Messaging
import Testing

@testable import WorkerRuntime

@Suite("Fair shares of lanes")
struct FairnessTests {
    private let guess: JSONObject = ["purpose": "login", "otp": "000000"]

    @Test("a command on a quiet lane is in the next batch, however much waits on the others")
    func flood() async throws {
        try await LaneWorld.run(partitions: 3) { world in
            let worker = try world.owner()
            let flood = (0..<4_000 as Range<Int32>).map { number in
                world.command(.verifyOTP, id: "f\(number)", user: "u\(number % 500)", partition: number % 2, guess)
            }
            try world.write(flood)
            try world.wait("the flood to begin") {
                try worker.turn()
                return try world.count("inbox") > 0
            }
            try worker.settle()
            // All of the flood is fetched by then.
            Thread.sleep(forTimeInterval: 1)
            let before = try world.count("inbox")
            try #require(before < 2_000, "the flood is over too soon")
            try world.write(.verifyOTP, id: "quiet", user: "quiet", partition: 2, guess)
            Thread.sleep(forTimeInterval: 1)

            try worker.turn()
            try worker.settle()
            #expect(try world.replies().contains { $0.cause == "quiet" })
            let batch = try world.count("inbox") - before
            #expect(batch > 100 && batch <= 256)
        }
    }

    @Test("a batch ends with the record that makes it large")
    func largeRecords() async throws {
        try await LaneWorld.run { world in
            let worker = try world.owner()
            var data = guess
            data.append("padding", .string(String(repeating: "x", count: 60_000)))
            try world.write((0..<9).map { world.command(.verifyOTP, id: "\($0)", partition: 0, data) })
            var batches = 0
            try world.wait("all to be handled") {
                let before = try world.count("inbox")
                try worker.turn()
                let handled = try world.count("inbox") - before
                #expect(handled <= 2)
                if handled > 0 { batches += 1 }
                return before + handled == 9
            }
            #expect(batches >= 5)
        }
    }
}
