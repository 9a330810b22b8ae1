import Foundation
import Logging
import Settings
import Synchronization
import Telemetry
import Testing

@Suite("Logs")
struct LogTests {
    private struct Failure: Error, CustomStringConvertible {
        let description = "relation missing"
    }

    private struct Undescribed: Error {
        let secret = "hunter2"
    }

    /// Logs into a pipe and gives back what came out.
    private func lines(
        format: ObservationSettings.LogFormat = .json,
        level: ObservationSettings.LogLevel = .info,
        _ body: (Logger) -> Void
    ) throws -> [String] {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let settings = ObservationSettings(
            adminListen: ListenAddress(host: "127.0.0.1", port: 0),
            logLevel: level,
            logFormat: format
        )
        body(Logger(service: "verifier", settings: settings, sink: sink))
        sink.flush()
        try pipe.fileHandleForWriting.close()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("a record is one JSON object on one line, whatever is in it")
    func json() throws {
        let lines = try lines { logger in
            logger.info(
                "a \"b\"\n\r\u{1}\u{7f}\\ c",
                metadata: [LogKey.topic: "x\ny", LogKey.count: .stringConvertible(7)]
            )
            logger.warning("w", metadata: ["list": ["a", .dictionary(["k": "v"])]])
        }
        #expect(lines.count == 2)
        let first = try #require(JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
        #expect(first["message"] as? String == "a \"b\"\n\r\u{1}\u{7f}\\ c")
        #expect(first["messaging.destination.name"] as? String == "x\ny")
        #expect(first["count"] as? Int == 7)
        #expect(first["level"] as? String == "info")
        #expect(first["service.name"] as? String == "verifier")
        let second = try #require(JSONSerialization.jsonObject(with: Data(lines[1].utf8)) as? [String: Any])
        #expect((second["list"] as? [Any])?.count == 2)
    }

    @Test("the time is RFC 3339 in UTC with milliseconds")
    func time() throws {
        let before = Date()
        let lines = try lines { $0.info("x") }
        let object = try #require(JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
        let time = try Date(
            #require(object["time"] as? String),
            strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        )
        #expect(abs(time.timeIntervalSince(before)) < 60)
    }

    @Test("text is one line too")
    func text() throws {
        let lines = try lines(format: .text) {
            $0.error("broken\nline", metadata: ["reason": "two words", "count": "3"])
        }
        #expect(lines.count == 1)
        #expect(lines[0].hasSuffix(" ERROR verifier: broken\\u000aline count=3 reason=\"two words\""))
    }

    @Test("LOG_LEVEL is obeyed")
    func levels() throws {
        let lines = try lines(level: .notice) {
            $0.info("no")
            $0.notice("yes")
        }
        #expect(lines.count == 1 && lines[0].contains("yes"))
    }

    @Test("an error is told by type, and by its description where it has one of its own")
    func errors() throws {
        let lines = try lines {
            $0.error("failed", error: Failure())
            $0.error("failed", error: Undescribed())
        }
        #expect(lines[0].contains("\"error.message\":\"relation missing\",\"error.type\":\"Failure\""))
        #expect(lines[1].contains("\"error.type\":\"Undescribed\""))
        #expect(!lines[1].contains("hunter2"))
    }

    @Test("lines of many threads don't mix")
    func interleaving() async throws {
        let lines = try lines { logger in
            DispatchQueue.concurrentPerform(iterations: 8) { thread in
                for number in 0..<50 { logger.info("t\(thread)n\(number)") }
            }
        }
        #expect(lines.count == 400)
        for line in lines {
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
        }
    }

    @Test("a reader that stands still holds nobody up; what didn't fit is counted")
    func fullPipe() throws {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor, capacity: 10_000)
        let logger = Logger(service: "x", settings: Self.settings, sink: sink)
        // A pipe holds 64 KB: a blocking writer would never come to the end of this.
        for number in 0..<5_000 { logger.info("line \(number)") }
        let read = Mutex(Data())
        let isRead = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            while case let data = pipe.fileHandleForReading.availableData, !data.isEmpty {
                read.withLock { $0 += data }
            }
            isRead.signal()
        }
        sink.flush(seconds: 30)
        logger.info("after")
        sink.flush(seconds: 30)
        try pipe.fileHandleForWriting.close()
        isRead.wait()
        let lines = read.withLock { String(decoding: $0, as: UTF8.self).split(separator: "\n") }
        let dropped = lines.compactMap { try? JSONDecoder().decode(Dropped.self, from: Data($0.utf8)).count }
        #expect(!dropped.isEmpty)
        #expect(lines.count - dropped.count + dropped.reduce(0, +) == 5_001)
        #expect(lines.last?.contains("after") == true)
    }

    private static let settings = ObservationSettings(
        adminListen: ListenAddress(host: "127.0.0.1", port: 0),
        logLevel: .info,
        logFormat: .json
    )

    private struct Dropped: Decodable {
        let count: Int

        enum CodingKeys: String, CodingKey { case count = "log.dropped" }
    }

    @Test("a reader that goes ends nobody")
    func closedPipe() throws {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let logger = Logger(service: "x", settings: Self.settings, sink: sink)
        try pipe.fileHandleForReading.close()
        for _ in 0..<3 {
            logger.info("line")
            sink.flush(seconds: 30)
        }
        try pipe.fileHandleForWriting.close()
    }
}
