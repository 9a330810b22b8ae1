import Foundation
import TokenCore

/// How one attempt ended.
struct Attempt: Sendable {
    let notification: NotificationID
    let seat: ProviderBoard.Seat
    let outcome: DeliveryOutcome
    let deadline: ContinuousClock.Instant
}

/// Brings the ends of attempts from the tasks that made them to the notifier's thread.
final class AttemptQueue: @unchecked Sendable {  // `condition` guards `ended`
    private let condition = NSCondition()
    private var ended: [Attempt] = []
    private let onAdd: @Sendable () -> Void

    /// - Parameter onAdd: called on the thread of the attempt.
    init(onAdd: @escaping @Sendable () -> Void) {
        self.onAdd = onAdd
    }

    func add(_ attempt: Attempt) {
        condition.withLock {
            ended.append(attempt)
            condition.signal()
        }
        onAdd()
    }

    func drain() -> [Attempt] {
        condition.withLock {
            defer { ended = [] }
            return ended
        }
    }

    /// Blocks until something has ended, at most so long.
    func wait(milliseconds: Int) {
        condition.withLock {
            if ended.isEmpty { _ = condition.wait(until: Date(timeIntervalSinceNow: Double(milliseconds) / 1_000)) }
        }
    }
}
