import Dispatch
import Synchronization

/// Runs asynchronous work to its end on the thread that asks for it, without any other.
///
/// jwt-kit gives its keys out through an actor, and keys are made on threads that block: at start, and on a worker's own
/// thread. A task that merely waited for the shared pool could wait for a thread that waits for it.
final class CallingThread: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let arrived = DispatchSemaphore(value: 0)

    static func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
        let thread = CallingThread()
        let outcome = Outcome<Value>()
        Task(executorPreference: thread) {
            do {
                let value = try await body()
                outcome.result.withLock { $0 = .success(value) }
            } catch {
                outcome.result.withLock { $0 = .failure(error) }
            }
        }
        while true {
            if let result = outcome.result.withLock({ $0 }) { return try result.get() }
            thread.arrived.wait()
            thread.runNext()
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        arrived.signal()
    }

    private func runNext() {
        guard let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return }
        job.runSynchronously(on: asUnownedTaskExecutor())
    }

    private final class Outcome<Value: Sendable>: Sendable {
        let result = Mutex<Result<Value, any Error>?>(nil)
    }
}
