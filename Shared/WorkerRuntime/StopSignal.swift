import Synchronization

/// Says that work shall end; asked once a turn.
package final class StopSignal: Sendable {
    private let flag = Atomic<Bool>(false)

    package init() {}

    package var isRequested: Bool { flag.load(ordering: .relaxed) }

    package func request() {
        flag.store(true, ordering: .relaxed)
    }
}
