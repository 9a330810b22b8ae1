import Messaging
import Testing

@testable import Notifier

@Suite("Shares of what the notifier holds")
struct PartitionLimitTests {
    private func partition(_ number: Int32) -> TopicPartition { TopicPartition(topic: "n", partition: number) }

    /// Four partitions that are known to be open.
    private func limit() -> PartitionLimit {
        var limit = PartitionLimit(capacity: 400)
        for number in 0..<4 as Range<Int32> { limit.assign(partition(number)) }
        #expect(limit.change { _ in 0 }.resume.count == 4)
        return limit
    }

    @Test("a partition that fills its share is paused, and no other; it goes on when half has left")
    func share() {
        var limit = limit()
        var held = [partition(0): 99, partition(1): 3]
        #expect(limit.change { held[$0] ?? 0 } == ([], []))
        held[partition(0)] = 100
        #expect(limit.change { held[$0] ?? 0 } == ([partition(0)], []))
        held[partition(0)] = 51
        #expect(limit.change { held[$0] ?? 0 } == ([], []))
        held[partition(0)] = 50
        #expect(limit.change { held[$0] ?? 0 } == ([], [partition(0)]))
    }

    @Test("what comes is resumed, since it may have left while it was paused; what is left has larger shares")
    func rebalances() {
        var limit = limit()
        #expect(limit.change { $0 == partition(2) ? 120 : 0 } == ([partition(2)], []))
        for number in [0, 1, 2] as [Int32] { limit.revoke(partition(number)) }
        #expect(limit.change { _ in 399 } == ([], []))
        #expect(limit.change { _ in 400 } == ([partition(3)], []))
        limit.assign(partition(2))
        #expect(limit.change { _ in 0 } == ([], [partition(2), partition(3)]))
    }
}

extension PartitionLimit {
    /// The changes, made.
    fileprivate mutating func change(held: (TopicPartition) -> Int) -> Changes {
        let changes = changes(held: held)
        note(changes)
        return changes
    }
}
