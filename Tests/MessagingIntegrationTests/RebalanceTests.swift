import Messaging
import Synchronization
import TestSupport
import Testing

@Suite("Rebalance")
struct RebalanceTests {
    let cluster: Cluster

    init() throws { cluster = try Cluster() }

    @Test("an assignment starts one record before what the group has committed, and at the beginning without")
    func startsOneEarly() throws {
        let topic = try cluster.makeTopic("early", partitions: 2)
        let (first, second) = (TopicPartition(topic: topic, partition: 0), TopicPartition(topic: topic, partition: 1))
        let group = cluster.broker.uniqueName("early")
        try cluster.write((0..<10).map { OutgoingMessage(topic: topic, partition: $0 % 2, value: bytes("\($0)")) })

        let errors = Mutex<[KafkaError]>([])
        let settings = try cluster.settings { error in errors.withLock { $0.append(error) } }
        let before = try KafkaConsumer(settings, group: group, topics: [topic])
        var rebalances: [Rebalance] = []
        while rebalances.isEmpty {
            let records = try before.take(max: 100, waitMilliseconds: 20_000)
            #expect(records.isEmpty, "records come only after their assignment")
            rebalances = before.drainRebalances()
        }
        #expect(
            rebalances == [
                .assigned([
                    AssignedPartition(first, committed: nil, start: KafkaConsumer.beginning),
                    AssignedPartition(second, committed: nil, start: KafkaConsumer.beginning),
                ])
            ]
        )
        _ = try before.take(atLeast: 10)
        #expect(errors.withLock { $0 } == [])
        try before.storeOffset(first, next: 4)
        try before.commitStored(sync: true)
        before.close()

        let after = try cluster.makeConsumer([topic], group: group)
        defer { after.close() }
        let records = try after.take(atLeast: 7)
        #expect(
            after.drainRebalances() == [
                .assigned([
                    AssignedPartition(first, committed: 4, start: 3),
                    AssignedPartition(second, committed: nil, start: KafkaConsumer.beginning),
                ])
            ]
        )
        #expect(records.filter { $0.partition == 0 }.map(\.offset) == [3, 4])
        #expect(records.filter { $0.partition == 1 }.map(\.offset) == Array(0..<5))
    }

    @Test("partitions move to a second member after the first has settled, and nothing is lost or read twice")
    func movesPartitions() throws {
        let topic = try cluster.makeTopic("move", partitions: 4)
        let group = cluster.broker.uniqueName("move")
        let first = try cluster.makeConsumer([topic], group: group)
        defer { first.close() }
        let all = (0..<4).map { TopicPartition(topic: topic, partition: $0) }
        try cluster.write(all.map { OutgoingMessage(topic: topic, partition: $0.partition, value: bytes("before")) })
        _ = try first.take(atLeast: 4)
        guard case .assigned(let assigned)? = first.drainRebalances().first else {
            Issue.record("nothing was assigned")
            return
        }
        #expect(assigned.map(\.partition) == all)
        #expect(first.assignment.sorted() == all)

        var settled: [TopicPartition] = []
        first.onRevoke = { [unowned first] gone, isLost in
            #expect(!isLost)
            #expect(Set(first.assignment) == Set(gone), "called before they go")
            settled = gone
            #expect(throws: Never.self) {
                for partition in gone { try first.storeOffset(partition, next: 1) }
                try first.commitStored(sync: true)
            }
        }

        let second = try cluster.makeConsumer([topic], group: group)
        defer { second.close() }
        let deadline = ContinuousClock.now + .seconds(40)
        while first.assignment.count != 2 || second.assignment.count != 2 {
            try #require(ContinuousClock.now < deadline, "the group did not settle")
            for consumer in [first, second] {
                let records = try consumer.take(max: 10, waitMilliseconds: 50)
                #expect(records.allSatisfy { $0.offset == 0 }, "only the one record before the committed offset")
            }
        }
        #expect(settled.sorted() == all)
        let kept = first.assignment
        let moved = second.assignment
        let start = { AssignedPartition($0, committed: 1, start: 0) }
        #expect(first.drainRebalances() == [.revoked(settled, lost: false), .assigned(kept.map(start))])
        #expect(second.drainRebalances() == [.assigned(moved.map(start))])
        #expect((kept + moved).sorted() == all)

        try cluster.write(all.map { OutgoingMessage(topic: topic, partition: $0.partition, value: bytes("after")) })
        for consumer in [first, second] {
            let records = try consumer.take { $0.count { $0.offset == 1 } == 2 }
            #expect(Set(records.map(\.topicPartition)) == Set(consumer.assignment))
        }
        first.onRevoke = nil
    }

    @Test("a static member that comes back in time has its partitions again, and nobody else notices")
    func staticMember() throws {
        let topic = try cluster.makeTopic("static", partitions: 2)
        let group = cluster.broker.uniqueName("static")
        let first = try cluster.makeConsumer([topic], group: group, member: "worker-1")
        let second = try cluster.makeConsumer([topic], group: group, member: "worker-2")
        defer { second.close() }
        let deadline = ContinuousClock.now + .seconds(40)
        while first.assignment.count != 1 || second.assignment.count != 1 {
            try #require(ContinuousClock.now < deadline, "the group did not settle")
            for consumer in [first, second] { _ = try consumer.take(max: 10, waitMilliseconds: 50) }
        }
        let (left, kept) = (first.assignment, second.assignment)
        _ = second.drainRebalances()
        first.close()

        let again = try cluster.makeConsumer([topic], group: group, member: "worker-1")
        defer { again.close() }
        while again.assignment.isEmpty {
            try #require(ContinuousClock.now < deadline, "it was given nothing")
            for consumer in [again, second] { _ = try consumer.take(max: 10, waitMilliseconds: 50) }
        }
        #expect(again.assignment == left)
        #expect(second.assignment == kept)
        #expect(second.drainRebalances().isEmpty)
    }

    @Test("close calls onRevoke, so that the last work can be committed")
    func closeRevokes() throws {
        let topic = try cluster.makeTopic("leave")
        let partition = TopicPartition(topic: topic, partition: 0)
        try cluster.write([OutgoingMessage(topic: topic, value: bytes("x"))])
        let group = cluster.broker.uniqueName("leave")
        let consumer = try cluster.makeConsumer([topic], group: group)
        _ = try consumer.take(atLeast: 1)
        consumer.onRevoke = { [unowned consumer] _, _ in
            #expect(throws: Never.self) {
                try consumer.storeOffset(partition, next: 1)
                try consumer.commitStored(sync: true)
            }
        }
        _ = consumer.drainRebalances()
        consumer.close()
        #expect(consumer.drainRebalances() == [.revoked([partition], lost: false)])

        let reader = try cluster.makeConsumer([topic], group: group)
        defer { reader.close() }
        #expect(try reader.committed([partition], timeoutMilliseconds: 10_000) == [partition: 1])
    }
}

extension AssignedPartition {
    fileprivate init(_ partition: TopicPartition, committed: Int64?, start: Int64) {
        self.init(partition: partition, committed: committed, isCommittedKnown: true, start: start)
    }
}
