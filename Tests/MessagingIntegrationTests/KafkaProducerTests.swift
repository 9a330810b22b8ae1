import Messaging
import TestSupport
import Testing

@Suite("KafkaProducer")
struct KafkaProducerTests {
    let cluster: Cluster

    init() throws { cluster = try Cluster() }

    @Test("messages of one key keep their order, over several batches")
    func keepsOrder() throws {
        let topic = try cluster.makeTopic("order", partitions: 4)
        let producer = try KafkaProducer(cluster.settings())
        defer { producer.close() }
        for batch in 0..<5 {
            let messages = (0..<100).map { index in
                OutgoingMessage(topic: topic, key: bytes("key \(index % 7)"), value: bytes("\(batch * 100 + index)"))
            }
            let handle = try producer.produce(messages)
            #expect(producer.wait(for: handle, timeoutMilliseconds: 10_000).isAcknowledged)
            #expect(handle.isSettled && handle.firstUnacknowledged == nil)
        }

        let consumer = try cluster.makeConsumer([topic])
        defer { consumer.close() }
        let records = try consumer.take(atLeast: 500)
        #expect(records.count == 500)
        for (_, ofOneKey) in Dictionary(grouping: records, by: \.key) {
            let numbers = ofOneKey.compactMap { Int(text($0)) }
            #expect(numbers == numbers.sorted())
            #expect(Set(ofOneKey.map(\.partition)).count == 1)
        }
    }

    /// Keys and hashes of Apache Kafka's own `UtilsTest.testMurmur2`.
    @Test(
        "a key's partition is the one that Java's clients choose",
        arguments: [
            ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
        ] as [(String, Int32)]
    )
    func partitionsAsJavaDoes(key: String, hash: Int32) throws {
        let topic = try cluster.makeTopic("murmur", partitions: 13)
        try cluster.write([OutgoingMessage(topic: topic, key: bytes(key), value: [])])
        let found = try ChildProcess.run(
            "kcat",
            ["-C", "-b", cluster.broker.bootstrapServers, "-t", topic, "-o", "beginning", "-e", "-f", "%p %k"]
        )
        #expect(found == "\((hash & 0x7FFF_FFFF) % 13) \(key)")
    }

    @Test("an empty batch is acknowledged")
    func emptyBatch() throws {
        let producer = try KafkaProducer(cluster.settings())
        defer { producer.close() }
        #expect(producer.wait(for: try producer.produce([]), timeoutMilliseconds: 0).isAcknowledged)
    }

    @Test("a message that the client refuses fails alone, those after it are held back, and the next batch goes")
    func refusedByClient() throws {
        let topic = try cluster.makeTopic("refused")
        let producer = try KafkaProducer(cluster.settings(["message.max.bytes": "2000"]))
        defer { producer.close() }
        let good = OutgoingMessage(topic: topic, value: bytes("good"))
        let large = OutgoingMessage(topic: topic, value: Array(repeating: 0, count: 5_000))
        let batch = try producer.produce([good, large, good])
        let result = producer.wait(for: batch, timeoutMilliseconds: 10_000)
        #expect(result.failures == [1: "MSG_SIZE_TOO_LARGE", 2: "_PURGE_QUEUE"])
        #expect(batch.isAcknowledged(0) && batch.firstUnacknowledged == 1)
        #expect(batch.failures.map(\.error.isPermanentForMessage) == [true, false])
        #expect(batch.failures.map(\.error.isRetriable) == [false, true])
        #expect(producer.wait(for: try producer.produce([good]), timeoutMilliseconds: 10_000).isAcknowledged)
    }

    @Test("a message to a partition that does not exist fails, and later messages still go")
    func unknownPartition() throws {
        let topic = try cluster.makeTopic("nopartition")
        let producer = try KafkaProducer(cluster.settings())
        defer { producer.close() }
        let good = OutgoingMessage(topic: topic, value: bytes("good"))
        let bad = OutgoingMessage(topic: topic, partition: 9, value: bytes("bad"))
        // Before the producer knows the topic it finds out later, and the others are on their way.
        let unaware = try producer.produce([bad, good])
        #expect(producer.wait(for: unaware, timeoutMilliseconds: 10_000).failures == [0: "_UNKNOWN_PARTITION"])
        #expect(unaware.isAcknowledged(1))
        // Once it knows, it refuses at once, and nothing overtakes.
        let aware = try producer.produce([bad, good])
        let result = producer.wait(for: aware, timeoutMilliseconds: 10_000)
        #expect(result.failures == [0: "_UNKNOWN_PARTITION", 1: "_PURGE_QUEUE"])
        #expect(aware.failures.first?.error.isPermanentForMessage == true)
        #expect(producer.wait(for: try producer.produce([good]), timeoutMilliseconds: 10_000).isAcknowledged)
    }

    @Test("a closed producer refuses, and its messages have failed")
    func closes() throws {
        let topic = try cluster.makeTopic("closed")
        let producer = try KafkaProducer(cluster.settings())
        let batch = try producer.produce([OutgoingMessage(topic: topic, value: nil)])
        producer.close()
        producer.close()
        #expect(producer.wait(for: batch, timeoutMilliseconds: 1_000).failures == [0: "_PURGE_INFLIGHT"])
        #expect(producer.fatalError != nil)
        #expect(throws: KafkaError.self) { try producer.produce([]) }
        #expect(throws: KafkaError.self) { try producer.partitionCount(of: topic, timeoutMilliseconds: 0) }
    }

    @Test("asking for a topic's partitions never creates it")
    func partitionCount() throws {
        let topic = try cluster.makeTopic("count", partitions: 3)
        let missing = cluster.broker.uniqueName("missing")
        let producer = try KafkaProducer(cluster.settings())
        defer { producer.close() }
        #expect(try producer.partitionCount(of: topic, timeoutMilliseconds: 5_000) == 3)
        #expect(try producer.partitionCount(of: missing, timeoutMilliseconds: 5_000) == nil)
        let admin = try KafkaAdmin(cluster.settings())
        defer { admin.close() }
        let topics = try admin.list(timeoutMilliseconds: 5_000)
        #expect(topics[topic] == 3)
        #expect(topics[missing] == nil)
    }

    @Test("a third party reads what was written, and its records are read here")
    func kcat() throws {
        let topic = try cluster.makeTopic("kcat")
        let common = ["-b", cluster.broker.bootstrapServers, "-t", topic]
        let header = KafkaHeader(name: "ce_id", value: bytes("42"))
        try cluster.write([OutgoingMessage(topic: topic, key: bytes("ours"), value: bytes("héllo"), headers: [header])])
        let read = try ChildProcess.run("kcat", ["-C", "-o", "beginning", "-e", "-f", "%k|%h|%s"] + common)
        #expect(read == "ours|ce_id=42|héllo")

        _ = try ChildProcess.run(
            "kcat",
            ["-P", "-k", "theirs", "-H", "a=b", "-z", "lz4"] + common,
            input: bytes("value")
        )
        let consumer = try cluster.makeConsumer([topic])
        defer { consumer.close() }
        let record = try #require(try consumer.take(atLeast: 2).last)
        #expect(record.key == bytes("theirs") && record.value == bytes("value"))
        #expect(record.headers == [KafkaHeader(name: "a", value: bytes("b"))])
    }
}
