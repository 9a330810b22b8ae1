import Messaging
import Synchronization
import TestSupport
import Testing

@Suite("KafkaSettings")
struct KafkaSettingsTests {
    @Test("every wrong property is named, and no value")
    func namesProblems() throws {
        let error = #expect(throws: KafkaSettingsError.self) {
            try KafkaSettings(properties: [
                "no.such.property": "secret-1", "acks": "0", "security.protocol": "secret-2", "group.id": "mine",
                "client.id": "fine",
            ])
        }
        #expect(
            error?.problems.map { "\($0.property) \($0.reason)" } == [
                "bootstrap.servers missing", "acks reserved", "group.id reserved", "no.such.property unknown",
                "security.protocol invalidValue",
            ]
        )
        #expect(error?.description.contains("secret") == false)
    }

    @Test("what librdkafka refuses only together is an error of the client, not a crash")
    func refusedTogether() throws {
        let settings = try KafkaSettings(properties: ["bootstrap.servers": "x", "max.in.flight": "100"])
        #expect(throws: KafkaError.self) { try KafkaProducer(settings) }
    }

    @Test("librdkafka's log and errors reach their listeners")
    func listens() throws {
        let lines = Mutex<[String]>([])
        let errors = Mutex<[KafkaError]>([])
        let settings = try KafkaSettings(
            properties: ["bootstrap.servers": "127.0.0.1:\(try FreePort.next())"],
            onLog: { line in lines.withLock { $0.append(line.facility) } },
            onError: { error in errors.withLock { $0.append(error) } }
        )
        let producer = try KafkaProducer(settings)
        defer { producer.close() }
        let batch = try producer.produce([OutgoingMessage(topic: "t", value: nil)])
        let deadline = ContinuousClock.now + .seconds(20)
        while errors.withLock(\.isEmpty), ContinuousClock.now < deadline {
            #expect(producer.wait(for: batch, timeoutMilliseconds: 50).isPending)
        }
        #expect(errors.withLock { $0.contains { $0.operation == "client" && $0.isRetriable } })
        #expect(lines.withLock { !$0.isEmpty })
    }
}
