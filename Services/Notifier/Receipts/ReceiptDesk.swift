import Foundation
import TokenStore

/// What became of a receipt.
enum ReceiptAnswer: Sendable {
    /// Recorded and told.
    case told
    /// No message of ours has that name.
    case unknown
    /// It could not be recorded and told now.
    case unavailable
}

/// Brings receipts from the threads on which they come to the notifier's thread, and answers back.
final class ReceiptDesk: @unchecked Sendable {  // `lock` guards all
    /// A receipt, and whoever waits for its answer.
    struct Ticket: Sendable {
        let receipt: DeliveryReceipt
        /// Until then a message that nobody knows may become known: receipts can be faster than our record.
        let patience: ContinuousClock.Instant
        /// From then on it is not taken up any more.
        let end: ContinuousClock.Instant
        fileprivate let answer: CheckedContinuation<ReceiptAnswer, Never>
    }

    /// Receipts that may wait at a time.
    static let capacity = 4_096
    private static let patience: Duration = .seconds(3)
    private static let longest: Duration = .seconds(20)

    private let lock = NSLock()
    private var waiting: [Ticket] = []
    private var count = 0
    private var isClosed = false
    private var onAdd: @Sendable () -> Void = {}

    /// - Parameter onAdd: from now on called for each receipt, on its thread.
    func open(onAdd: @escaping @Sendable () -> Void) {
        lock.withLock { self.onAdd = onAdd }
    }

    /// Waits for the answer.
    func take(_ receipt: ProviderReceipt) async -> ReceiptAnswer {
        await withCheckedContinuation { continuation in
            let now = ContinuousClock.now
            let ticket = Ticket(
                receipt: DeliveryReceipt(
                    provider: receipt.provider,
                    messageID: receipt.messageID,
                    isDelivered: receipt.state == .delivered
                ),
                patience: now + Self.patience,
                end: now + Self.longest,
                answer: continuation
            )
            let wake: (@Sendable () -> Void)? = lock.withLock {
                guard !isClosed, count < Self.capacity else { return nil }
                count += 1
                waiting.append(ticket)
                return onAdd
            }
            if let wake { wake() } else { continuation.resume(returning: .unavailable) }
        }
    }

    /// Those that wait, for the notifier's thread.
    func drain() -> [Ticket] {
        lock.withLock {
            defer { waiting = [] }
            return waiting
        }
    }

    func answer(_ tickets: [Ticket], _ answer: ReceiptAnswer) {
        lock.withLock { count -= tickets.count }
        for ticket in tickets { ticket.answer.resume(returning: answer) }
    }

    /// Puts them back to be drained again.
    func keep(_ tickets: [Ticket]) {
        lock.withLock { waiting.insert(contentsOf: tickets, at: 0) }
    }

    /// From now on nothing is taken; what waits is answered.
    func close() {
        let left = lock.withLock {
            isClosed = true
            defer { waiting = [] }
            return waiting
        }
        answer(left, .unavailable)
    }
}
