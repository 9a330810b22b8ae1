import Foundation

/// Threads for tests that block: most of their time they wait for a group to form, which needs no core, and the pool
/// of Swift's concurrency has no thread beyond the cores. A task that prefers this executor keeps its identity, so
/// that issues are recorded with their test.
final class BlockingExecutor: TaskExecutor {
    static let shared = BlockingExecutor(width: 6)

    private let queue: OperationQueue

    init(width: Int) {
        queue = OperationQueue()
        queue.maxConcurrentOperationCount = width
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.addOperation { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
