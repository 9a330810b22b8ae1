import Foundation
import Logging
import SMPP
import Synchronization
import Transport

/// A message on its way to an SMSC, one submit_sm for each part.
struct SMPPOrder: Sendable {
    let id: UInt64
    let parts: [SubmittedMessage]
    let deadline: ContinuousClock.Instant
    /// Called once.
    let completion: @Sendable (DeliveryOutcome) -> Void
}

/// Whether a receipt of a connection was taken.
struct SMPPReceiptAnswer: Sendable {
    /// Which connection: another one's sequence numbers mean something else.
    let connection: Int
    let sequence: UInt32
    let isTaken: Bool
}

/// The side of an SMSC's connection that any thread may use; all else belongs to the thread of `SMPPLoop`.
final class SMPPLink: Sendable {
    /// What the thread is to look at.
    struct Work: Sendable {
        var orders: [SMPPOrder] = []
        var cancelled: Set<UInt64> = []
        var answers: [SMPPReceiptAnswer] = []
        var isStopping = false
    }

    private struct Inbox {
        var work = Work()
        var sink: ReceiptSink?
        /// A cancellation can come before its order, and after its end.
        var live: Set<UInt64> = []
        var lastID: UInt64 = 0
        var hasThread = false
        var isOver = false
        var onStopped: [@Sendable () -> Void] = []
        var waker: StreamWaker?
    }

    let provider: String
    let configuration: SMPPConfiguration
    let timeout: Duration
    let logger: Logger
    private let inbox = Mutex(Inbox())

    init(provider: String, configuration: SMPPConfiguration, timeout: Duration, logger: Logger) {
        self.provider = provider
        self.configuration = configuration
        self.timeout = timeout
        self.logger = logger
    }

    func start(receipts sink: @escaping ReceiptSink) {
        inbox.withLock { $0.sink = sink }
        startThread()
    }

    var sink: ReceiptSink? { inbox.withLock { $0.sink } }

    /// Ends by the deadline, or when the task is cancelled.
    func send(_ parts: [SubmittedMessage], deadline: ContinuousClock.Instant) async -> DeliveryOutcome {
        startThread()
        let id = inbox.withLock { inbox in
            inbox.lastID += 1
            inbox.live.insert(inbox.lastID)
            return inbox.lastID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                submit(
                    SMPPOrder(id: id, parts: parts, deadline: deadline) { outcome in
                        continuation.resume(returning: outcome)
                    }
                )
            }
        } onCancel: {
            inbox.withLock { inbox in
                guard inbox.live.contains(id) else { return }
                inbox.work.cancelled.insert(id)
                inbox.waker?.wake()
            }
        }
    }

    /// The sink's word on a receipt.
    func answer(_ answer: SMPPReceiptAnswer) {
        inbox.withLock { inbox in
            inbox.work.answers.append(answer)
            inbox.waker?.wake()
        }
    }

    /// - Parameter onStopped: called when the session has ended and no message is left.
    func stop(onStopped: @escaping @Sendable () -> Void) {
        let isOver = inbox.withLock { inbox in
            inbox.work.isStopping = true
            inbox.isOver = inbox.isOver || !inbox.hasThread
            if !inbox.isOver { inbox.onStopped.append(onStopped) }
            inbox.waker?.wake()
            return inbox.isOver
        }
        if isOver { onStopped() }
    }

    // The rest is the thread's.

    func attach(_ waker: StreamWaker) {
        inbox.withLock { $0.waker = waker }
    }

    func takeWork() -> Work {
        inbox.withLock { inbox in
            // A cancellation stays until its order has come and ended.
            defer { inbox.work = Work(cancelled: inbox.work.cancelled, isStopping: inbox.work.isStopping) }
            return inbox.work
        }
    }

    func complete(_ order: SMPPOrder, _ outcome: DeliveryOutcome) {
        inbox.withLock { inbox in
            inbox.live.remove(order.id)
            inbox.work.cancelled.remove(order.id)
        }
        order.completion(outcome)
    }

    /// The thread ends.
    func finish() {
        let (orders, callbacks) = inbox.withLock { inbox in
            inbox.isOver = true
            inbox.waker = nil
            let left = (inbox.work.orders, inbox.onStopped)
            inbox.work = Work(isStopping: true)
            inbox.onStopped = []
            return left
        }
        for order in orders { complete(order, .failed(retryAfter: nil)) }
        for callback in callbacks { callback() }
    }

    private func submit(_ order: SMPPOrder) {
        let isAccepted = inbox.withLock { inbox in
            guard !inbox.isOver, !inbox.work.isStopping else { return false }
            inbox.work.orders.append(order)
            inbox.waker?.wake()
            return true
        }
        if !isAccepted { complete(order, .failed(retryAfter: nil)) }
    }

    private func startThread() {
        let isFirst = inbox.withLock { inbox in
            guard !inbox.hasThread, !inbox.work.isStopping else { return false }
            inbox.hasThread = true
            return true
        }
        guard isFirst else { return }
        let thread = Thread { SMPPLoop(self).run() }
        thread.name = "smpp \(provider)"
        thread.start()
    }
}
