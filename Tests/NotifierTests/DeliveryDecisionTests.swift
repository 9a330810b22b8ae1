import Messaging
import Testing
import TokenCore
import TokenStore

@testable import Notifier

@Suite("What is done with a notification")
struct DeliveryDecisionTests {
    private let now = Instant(seconds: 1_000)

    private func decision(
        _ claim: DeliveryStanding.Claim,
        isCurrent: Bool? = true,
        deadline: Int64 = 1_060,
        content: Parcel.Content = .message(.sample)
    ) -> DeliveryDecision {
        DeliveryDecision(
            DeliveryStanding(claim: claim, isCurrent: isCurrent, now: now),
            deadline: Instant(seconds: deadline),
            content: content
        )
    }

    @Test("what is ours, in time and current is sent; a notice has no challenge to ask")
    func send() {
        #expect(decision(.ours) == .send)
        #expect(decision(.ours, isCurrent: nil) == .send)
    }

    @Test("nothing is sent at or past its deadline, or for a challenge that is not open any more")
    func drop() {
        #expect(decision(.ours, deadline: 1_000) == .drop(.expired))
        #expect(decision(.ours, isCurrent: false) == .drop(.void))
        #expect(decision(.ours, isCurrent: false, deadline: 999) == .drop(.expired))
    }

    @Test("what came late is dropped by its reader's clock; a bad address is told, but not of a void message")
    func unsendable() {
        #expect(decision(.ours, content: .late) == .drop(.expired))
        #expect(decision(.ours, content: .misaddressed) == .fail(.invalidDestination))
        #expect(decision(.ours, isCurrent: false, content: .misaddressed) == .drop(.void))
        #expect(decision(.anothers(until: now), content: .misaddressed) == .wait(until: now))
    }

    @Test("what ended is told again and not sent again, whatever the time")
    func finished() {
        let result = DeliveryResult(state: .sent, code: nil, finishedAt: now)
        #expect(decision(.finished(result), isCurrent: false, deadline: 0) == .repeatResult(result))
    }

    @Test("what another notifier may be sending waits for the end of its lease")
    func anothers() {
        let end = Instant(seconds: 1_015)
        #expect(decision(.anothers(until: end)) == .wait(until: end))
    }
}

@Suite("Offsets of records that finish out of order")
struct OffsetLedgerTests {
    private let partition = TopicPartition(topic: "t", partition: 0)

    private func place(_ offset: Int64) -> RecordPlace { RecordPlace(partition: partition, offset: offset) }

    @Test("the offset never passes a record that is not finished")
    func lowest() {
        var ledger = OffsetLedger()
        for offset in [5, 6, 7] as [Int64] { ledger.take(place(offset)) }
        #expect(ledger.finish(place(6)) == nil)
        #expect(ledger.finish(place(5)) == 7)
        #expect(ledger.finish(place(7)) == 8)
    }

    @Test("a record read again after it was finished moves nothing back")
    func redelivered() {
        var ledger = OffsetLedger()
        ledger.take(place(5))
        #expect(ledger.finish(place(5)) == 6)
        ledger.take(place(5))
        #expect(ledger.finish(place(5)) == nil)
        ledger.take(place(9))
        #expect(ledger.finish(place(9)) == 10)
    }

    @Test("any order of ends leads to the end of the log, and never beyond the lowest open record")
    func property() {
        for seed in 0..<200 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var ledger = OffsetLedger()
            let offsets = (0..<50).map { Int64($0) }
            for offset in offsets { ledger.take(place(offset)) }
            var open = Set(offsets)
            var stored: Int64 = 0
            for offset in offsets.shuffled(using: &random) {
                open.remove(offset)
                if let next = ledger.finish(place(offset)) {
                    #expect(next > stored, "seed \(seed)")
                    stored = next
                }
                #expect(stored <= open.min() ?? 50, "seed \(seed)")
            }
            #expect(stored == 50, "seed \(seed)")
        }
    }
}

private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
