import SMPP

/// The messages that the thread of an SMSC has: those that wait for the window, and those whose part is under way.
struct SMPPDeliveries {
    private struct Delivery {
        let order: SMPPOrder
        /// What the SMSC calls the parts that it took.
        var messageIDs: [String] = []
        /// How many parts it took.
        var taken = 0

        var isAtLastPart: Bool { taken == order.parts.count - 1 }
    }

    private let link: SMPPLink
    private var waiting: [Delivery] = []
    private var underWay: [UInt64: Delivery] = [:]

    init(_ link: SMPPLink) {
        self.link = link
    }

    /// When the first of those that wait has waited too long; what is under way has its time limit in the session.
    var nextDeadline: ContinuousClock.Instant? { waiting.map(\.order.deadline).min() }

    mutating func add(_ order: SMPPOrder) {
        waiting.append(Delivery(order: order))
    }

    /// The next part to submit; its delivery is under way from now on.
    mutating func next() -> (ticket: UInt64, part: SubmittedMessage, deadline: ContinuousClock.Instant)? {
        guard !waiting.isEmpty else { return nil }
        let delivery = waiting.removeFirst()
        underWay[delivery.order.id] = delivery
        return (delivery.order.id, delivery.order.parts[delivery.taken], delivery.order.deadline)
    }

    /// How the part under way ended.
    mutating func end(_ ticket: UInt64, _ end: Session.SubmitEnd) {
        guard var delivery = underWay.removeValue(forKey: ticket) else { return }
        switch end {
        case .taken(let messageID):
            delivery.taken += 1
            if !messageID.isEmpty { delivery.messageIDs.append(messageID) }
            if delivery.taken < delivery.order.parts.count {
                waiting.insert(delivery, at: 0)
            } else {
                link.complete(delivery.order, .sent(providerMessageIDs: delivery.messageIDs))
            }
        case .refused(let status): link.complete(delivery.order, outcome(of: status))
        case .unanswered: link.complete(delivery.order, delivery.isAtLastPart ? .unknown : .failed(retryAfter: nil))
        case .notSent: link.complete(delivery.order, .failed(retryAfter: nil))
        }
    }

    /// Ends what waited too long. Of a long message parts may have been taken; without the rest they are nothing.
    mutating func expire(at now: ContinuousClock.Instant) {
        failWaiting { $0.deadline <= now }
    }

    /// Ends what nobody wants to hear of any more.
    mutating func cancel(_ ids: Set<UInt64>) {
        guard !ids.isEmpty else { return }
        failWaiting { ids.contains($0.id) }
        for id in ids { end(id, .unanswered) }
    }

    /// There is no session to wait for.
    mutating func failWaiting() {
        failWaiting { _ in true }
    }

    private mutating func failWaiting(where isOver: (SMPPOrder) -> Bool) {
        guard waiting.contains(where: { isOver($0.order) }) else { return }
        let over = waiting.filter { isOver($0.order) }
        waiting.removeAll { isOver($0.order) }
        for delivery in over { link.complete(delivery.order, .failed(retryAfter: nil)) }
    }

    private func outcome(of status: CommandStatus) -> DeliveryOutcome {
        switch status.verdict {
        case .refused: .refused
        case .overloaded: .failed(retryAfter: .seconds(1))
        case .failed, .taken: .failed(retryAfter: nil)
        }
    }
}
