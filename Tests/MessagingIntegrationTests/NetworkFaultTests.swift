import Messaging
import TestSupport
import Testing

@Suite("Network faults")
struct NetworkFaultTests {
    let cluster: Cluster
    let faults: BrokerFaults

    init() throws {
        cluster = Cluster(try PrivateBroker(withFaults: ()))
        faults = try #require(cluster.broker.faults)
    }

    @Test("a batch whose acknowledgements are withheld is pending, and acknowledged when they come")
    func withheld() throws {
        let topic = try cluster.makeTopic("withheld")
        let producer = try KafkaProducer(cluster.settings())
        defer { producer.close() }
        let message = OutgoingMessage(topic: topic, value: bytes("x"))
        #expect(producer.wait(for: try producer.produce([message]), timeoutMilliseconds: 10_000).isAcknowledged)

        try faults.hold(.produce)
        let batch = try producer.produce([message, message])
        #expect(producer.wait(for: batch, timeoutMilliseconds: 300).isPending)
        #expect(batch.firstUnacknowledged == 0)
        // It is written all the same.
        let consumer = try cluster.makeConsumer([topic])
        defer { consumer.close() }
        #expect(try consumer.take(atLeast: 3).count == 3)
        #expect(producer.wait(for: batch, timeoutMilliseconds: 0).isPending)

        try faults.hold(.none)
        #expect(producer.wait(for: batch, timeoutMilliseconds: 10_000).isAcknowledged)
    }

    @Test("purge forgets what is under way, and the producer goes on in order")
    func purge() throws {
        let topic = try cluster.makeTopic("purge")
        let producer = try KafkaProducer(cluster.settings())
        defer { producer.close() }
        func message(_ text: String) -> OutgoingMessage { OutgoingMessage(topic: topic, value: bytes(text)) }
        #expect(producer.wait(for: try producer.produce([message("a")]), timeoutMilliseconds: 10_000).isAcknowledged)

        try faults.hold(.produce)
        let dropped = try producer.produce([message("b"), message("c")])
        #expect(producer.wait(for: dropped, timeoutMilliseconds: 300).isPending)
        let duration = ContinuousClock().measure { producer.purge() }
        #expect(duration < .seconds(5))
        #expect(dropped.isSettled && dropped.firstUnacknowledged == 0)
        #expect(dropped.failures.map(\.error.isRetriable) == [true, true])
        try faults.hold(.none)

        let again = try producer.produce(["b", "c", "d"].map(message))
        #expect(producer.wait(for: again, timeoutMilliseconds: 20_000).isAcknowledged)
        #expect(producer.fatalError == nil)
        let consumer = try cluster.makeConsumer([topic])
        defer { consumer.close() }
        let texts = try consumer.take { $0.last.map(text) == "d" }.map(text)
        #expect(texts == ["a", "b", "c", "b", "c", "d"] || texts == ["a", "b", "c", "d"])
    }

    @Test("when every connection is cut the idempotent producer writes each message once")
    func cut() throws {
        let topic = try cluster.makeTopic("cut")
        let producer = try KafkaProducer(cluster.settings())
        defer { producer.close() }
        try faults.hold(.produce)
        let batch = try producer.produce((0..<50).map { OutgoingMessage(topic: topic, value: bytes("\($0)")) })
        #expect(producer.wait(for: batch, timeoutMilliseconds: 300).isPending)
        try faults.refuse(true)
        try faults.cut()
        try faults.hold(.none)
        #expect(producer.wait(for: batch, timeoutMilliseconds: 300).isPending)
        try faults.refuse(false)
        #expect(producer.wait(for: batch, timeoutMilliseconds: 20_000).isAcknowledged)

        let consumer = try cluster.makeConsumer([topic])
        defer { consumer.close() }
        #expect(try consumer.take { $0.last.map(text) == "49" }.map(text) == (0..<50).map { "\($0)" })
    }
}
