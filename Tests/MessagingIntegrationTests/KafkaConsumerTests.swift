import Foundation
import Messaging
import TestSupport
import Testing

@Suite("KafkaConsumer")
struct KafkaConsumerTests {
    let cluster: Cluster

    init() throws { cluster = try Cluster() }

    @Test("a record keeps every byte: null, empty and binary, in key, value and headers")
    func keepsBytes() throws {
        let topic = try cluster.makeTopic("bytes")
        let binary: [UInt8] = Array(0...255)
        let headers = [
            KafkaHeader(name: "a", value: bytes("1")), KafkaHeader(name: "a", value: bytes("2")),
            KafkaHeader(name: "null", value: nil), KafkaHeader(name: "empty", value: []),
            KafkaHeader(name: "binary", value: binary),
        ]
        let messages = [
            OutgoingMessage(topic: topic, key: nil, value: nil),
            OutgoingMessage(topic: topic, key: [], value: []),
            OutgoingMessage(topic: topic, key: binary, value: binary, headers: headers),
        ]
        try cluster.write(messages)

        let consumer = try cluster.makeConsumer([topic])
        defer { consumer.close() }
        let records = try consumer.take(atLeast: 3)
        #expect(records.map(\.offset) == [0, 1, 2])
        #expect(records.map(\.key) == messages.map(\.key))
        #expect(records.map(\.value) == messages.map(\.value))
        #expect(records.map(\.headers) == messages.map(\.headers))
        #expect(records.allSatisfy { $0.timestampType == .createTime && $0.timestamp > 1_500_000_000_000 })
        #expect(records.allSatisfy { $0.topicPartition == TopicPartition(topic: topic, partition: 0) })
    }

    @Test("a consumer that waits is woken from another thread; after it is closed nobody minds")
    func wakes() throws {
        let topic = try cluster.makeTopic("wake")
        let consumer = try cluster.makeConsumer([topic])
        try cluster.write([OutgoingMessage(topic: topic, value: bytes("first"))])
        _ = try consumer.take(atLeast: 1)
        let waker = consumer.waker
        for _ in 0..<20 {
            Thread.detachNewThread { waker.wake() }
            let duration = try ContinuousClock().measure {
                let records = try consumer.take(max: 1, waitMilliseconds: 20_000)
                #expect(records.isEmpty)
            }
            #expect(duration < .seconds(10))
        }
        // Nothing is lost by it.
        waker.wake()
        try cluster.write([OutgoingMessage(topic: topic, value: bytes("second"))])
        #expect(try consumer.take(atLeast: 1).map(\.value) == [bytes("second")])
        consumer.close()
        waker.wake()
    }

    @Test("take returns what is there and does not wait until it has the maximum")
    func doesNotWaitToFill() throws {
        let topic = try cluster.makeTopic("fill")
        let consumer = try cluster.makeConsumer([topic])
        defer { consumer.close() }
        try cluster.write([OutgoingMessage(topic: topic, value: bytes("first"))])
        _ = try consumer.take(atLeast: 1)

        try cluster.write((0..<3).map { OutgoingMessage(topic: topic, value: bytes("\($0)")) })
        let duration = try ContinuousClock().measure {
            let records = try consumer.take(max: 64, waitMilliseconds: 30_000)
            #expect((1...3).contains(records.count))
        }
        #expect(duration < .seconds(15))
        #expect(consumer.watermarks(TopicPartition(topic: topic, partition: 0))?.low == 0)
    }

    @Test("take returns no more than the maximum, and the rest next time")
    func keepsTheMaximum() throws {
        let topic = try cluster.makeTopic("maximum")
        try cluster.write((0..<10).map { OutgoingMessage(topic: topic, value: bytes("\($0)")) })
        let consumer = try cluster.makeConsumer([topic])
        defer { consumer.close() }
        var taken: [KafkaRecord] = []
        while taken.count < 10 {
            let records = try consumer.take(max: 4, waitMilliseconds: 10_000)
            #expect(records.count <= 4)
            taken += records
        }
        #expect(taken.map(\.offset) == Array(0..<10))
    }

    @Test("a record is not behind all that another partition had before it")
    func takesInTurn() throws {
        let topic = try cluster.makeTopic("turns", partitions: 3)
        func flood(_ partition: Int32) -> [OutgoingMessage] {
            (0..<6_000).map { _ in OutgoingMessage(topic: topic, partition: partition, value: bytes("flood")) }
        }
        try cluster.write(flood(0) + flood(1))
        let consumer = try cluster.makeConsumer([topic])
        defer { consumer.close() }
        let first = try consumer.take(atLeast: 1)
        // All of it is fetched by then, so that the one is the last to come.
        Thread.sleep(forTimeInterval: 1)
        try cluster.write([OutgoingMessage(topic: topic, partition: 2, value: bytes("one"))])
        Thread.sleep(forTimeInterval: 1)

        let records = try consumer.take(max: 64, waitMilliseconds: 5_000)
        #expect(records.contains { $0.partition == 2 })
        #expect(records.count { $0.partition == 0 } >= 16 && records.count { $0.partition == 1 } >= 16)
        // In order within a partition, and nothing is lost or doubled by the change of turns.
        let missing = 12_001 - first.count - records.count
        let rest = try first + records + consumer.take(atLeast: missing)
        for partition in 0..<2 as Range<Int32> {
            let offsets = rest.filter { $0.partition == partition }.map(\.offset)
            #expect(offsets == Array(0..<6_000))
        }
    }

    @Test("take ends with the record that makes it large")
    func boundsBytes() throws {
        let topic = try cluster.makeTopic("large", partitions: 2)
        let large = [UInt8](repeating: 7, count: 100_000)
        try cluster.write((0..<40).map { OutgoingMessage(topic: topic, partition: $0 % 2, value: large) })
        let consumer = try cluster.makeConsumer([topic])
        defer { consumer.close() }
        var taken: [KafkaRecord] = []
        while taken.count < 40 {
            let records = try consumer.take(max: 256, maxBytes: 250_000, waitMilliseconds: 10_000)
            #expect(records.count <= 3)
            taken += records
        }
        #expect(taken.count == 40)
    }

    @Test("seek goes back and forth and drops what was fetched ahead")
    func seeks() throws {
        let topic = try cluster.makeTopic("seek")
        let partition = TopicPartition(topic: topic, partition: 0)
        try cluster.write((0..<50).map { OutgoingMessage(topic: topic, value: bytes("\($0)")) })
        let consumer = try cluster.makeConsumer([topic])
        defer { consumer.close() }
        while try consumer.take(max: 1, waitMilliseconds: 1_000).isEmpty {}

        try consumer.seek(partition, to: 40)
        #expect(try consumer.take(atLeast: 10).map(\.offset) == Array(40..<50))
        try consumer.seek(partition, to: KafkaConsumer.beginning)
        #expect(try consumer.take(atLeast: 50).map(\.offset) == Array(0..<50))
        #expect(throws: KafkaError.self) {
            try consumer.seek(TopicPartition(topic: topic, partition: 7), to: 0)
        }
    }

    @Test("a paused partition is silent and goes on where it stopped")
    func pauses() throws {
        let topic = try cluster.makeTopic("pause", partitions: 2)
        let paused = TopicPartition(topic: topic, partition: 0)
        let consumer = try cluster.makeConsumer([topic])
        defer { consumer.close() }
        let messages = (0..<2).map { OutgoingMessage(topic: topic, partition: $0, value: bytes("x")) }
        try cluster.write(messages)
        _ = try consumer.take(atLeast: 2)

        try consumer.pause([paused])
        try cluster.write(messages + messages)
        #expect(try consumer.take(atLeast: 2).map(\.partition) == [1, 1])
        #expect(try consumer.take(max: 10, waitMilliseconds: 200).isEmpty)
        try consumer.resume([paused])
        #expect(try consumer.take(atLeast: 2).map { [Int64($0.partition), $0.offset] } == [[0, 1], [0, 2]])
    }

    @Test("offsets are committed only when asked, and only what was stored")
    func commitsWhenAsked() throws {
        let topic = try cluster.makeTopic("commit")
        let partition = TopicPartition(topic: topic, partition: 0)
        try cluster.write((0..<5).map { OutgoingMessage(topic: topic, value: bytes("\($0)")) })
        let consumer = try cluster.makeConsumer([topic])
        defer { consumer.close() }
        _ = try consumer.take(atLeast: 5)
        try consumer.commitStored(sync: true)
        #expect(try consumer.committed([partition], timeoutMilliseconds: 5_000) == [:])
        try consumer.storeOffset(partition, next: 3)
        #expect(try consumer.committed([partition], timeoutMilliseconds: 5_000) == [:])
        try consumer.commitStored(sync: true)
        #expect(try consumer.committed([partition], timeoutMilliseconds: 5_000) == [partition: 3])
        #expect(throws: KafkaError.self) {
            try consumer.storeOffset(TopicPartition(topic: topic, partition: 7), next: 1)
        }
    }

    @Test("a closed consumer refuses, and closing twice is harmless")
    func closes() throws {
        let consumer = try cluster.makeConsumer([try cluster.makeTopic("close")])
        consumer.close()
        consumer.close()
        #expect(consumer.assignment.isEmpty)
        let partition = TopicPartition(topic: "t", partition: 0)
        #expect(consumer.watermarks(partition) == nil)
        #expect(throws: KafkaError.self) { try consumer.committed([partition], timeoutMilliseconds: 0) }
        #expect(throws: KafkaError.self) { try consumer.commitStored(sync: true) }
        #expect(throws: KafkaError.self) { try consumer.take(max: 1, waitMilliseconds: 0) }
    }
}
