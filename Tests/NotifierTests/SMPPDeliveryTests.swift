import Logging
import SMPP
import Testing
import Transport

@testable import Notifier

@Suite("Parts of an SMS over SMPP")
struct SMPPDeliveryTests {
    private let link = SMPPLink(
        provider: "operator",
        configuration: SMPPConfiguration(
            endpoint: StreamEndpoint(host: "localhost", port: 1, isTLS: true),
            bind: BindRequest(systemID: "a", password: "b"),
            source: Address(kind: .unknown, text: ""),
            window: 1,
            enquireLink: .seconds(30),
            wantsReceipts: true
        ),
        timeout: .seconds(1),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )

    /// The outcome of a message whose parts end like this, and how many of them were submitted.
    private func outcome(_ ends: [Session.SubmitEnd]) async -> (DeliveryOutcome?, submitted: Int) {
        var deliveries = SMPPDeliveries(link)
        let (outcomes, teller) = AsyncStream<DeliveryOutcome>.makeStream()
        deliveries.add(order(1, parts: 3) { teller.yield($0) })
        var submitted = 0
        for end in ends {
            guard let (ticket, _, _) = deliveries.next() else { break }
            #expect(deliveries.next() == nil, "one part at a time")
            submitted += 1
            deliveries.end(ticket, end)
            deliveries.end(ticket, .unanswered)
        }
        #expect(deliveries.next() == nil)
        teller.finish()
        let all = await outcomes.reduce(into: []) { $0.append($1) }
        #expect(all.count == 1, "each message ends once")
        return (all.first, submitted)
    }

    private func order(
        _ id: UInt64,
        parts: Int = 1,
        deadline: ContinuousClock.Instant = .now,
        completion: @escaping @Sendable (DeliveryOutcome) -> Void
    ) -> SMPPOrder {
        SMPPOrder(
            id: id,
            parts: Array(repeating: SubmittedMessage(), count: parts),
            deadline: deadline,
            completion: completion
        )
    }

    private let taken = Session.SubmitEnd.taken(messageID: "m")

    @Test("all parts taken is sent, with the ids that were told")
    func sent() async {
        #expect(await outcome([taken, taken, taken]) == (.sent(providerMessageIDs: ["m", "m", "m"]), 3))
        #expect(
            await outcome([taken, .taken(messageID: ""), taken]) == (.sent(providerMessageIDs: ["m", "m"]), 3)
        )
    }

    @Test("a part that is refused refuses the message, and the rest is not submitted")
    func refused() async {
        let status = CommandStatus.invalidDestination
        #expect(await outcome([.refused(status), taken]) == (.refused, 1))
        #expect(await outcome([taken, .refused(status), taken]) == (.refused, 2))
        #expect(await outcome([taken, .refused(.throttled)]) == (.failed(retryAfter: .seconds(1)), 2))
        #expect(await outcome([taken, .refused(.systemError)]) == (.failed(retryAfter: nil), 2))
    }

    @Test("only with its last part unanswered may a message have been taken whole")
    func unanswered() async {
        #expect(await outcome([.unanswered, taken]) == (.failed(retryAfter: nil), 1))
        #expect(await outcome([taken, .unanswered]) == (.failed(retryAfter: nil), 2))
        #expect(await outcome([taken, taken, .unanswered]) == (.unknown, 3))
        #expect(await outcome([taken, taken, .notSent]) == (.failed(retryAfter: nil), 3))
    }

    @Test("what waits ends at its deadline, when it is cancelled, and with the session")
    func waiting() async {
        var deliveries = SMPPDeliveries(link)
        let (outcomes, teller) = AsyncStream<UInt64>.makeStream()
        let now = ContinuousClock.now
        for id in 1...4 as ClosedRange<UInt64> {
            let deadline = now + .seconds(Int64(id))
            deliveries.add(order(id, deadline: deadline) { if $0 == .failed(retryAfter: nil) { teller.yield(id) } })
        }
        #expect(deliveries.nextDeadline == now + .seconds(1))
        deliveries.expire(at: now)
        deliveries.expire(at: now + .seconds(1))
        deliveries.cancel([3, 99])
        #expect(deliveries.nextDeadline == now + .seconds(2))
        deliveries.failWaiting()
        teller.finish()
        #expect(await outcomes.reduce(into: []) { $0.append($1) } == [1, 3, 2, 4])
        #expect(deliveries.next() == nil && deliveries.nextDeadline == nil)
    }
}
