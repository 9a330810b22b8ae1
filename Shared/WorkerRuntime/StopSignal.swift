import Foundation
import Synchronization

/// Says that work shall end; asked once a turn.
package final class StopSignal: Sendable {
    private let flag = Atomic<Bool>(false)
    private let condition = NSCondition()

    package init() {}

    package var isRequested: Bool { flag.load(ordering: .relaxed) }

    package func request() {
        condition.withLock {
            flag.store(true, ordering: .relaxed)
            condition.broadcast()
        }
    }

    /// Blocks until a stop is requested, at most so long.
    package func wait(atMost duration: Duration) {
        let end = Date(timeIntervalSinceNow: duration / .seconds(1))
        condition.withLock {
            while !isRequested, condition.wait(until: end) {}
        }
    }
}
