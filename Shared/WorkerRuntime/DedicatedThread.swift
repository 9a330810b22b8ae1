import Foundation

/// Work that blocks, on a thread of its own: the pool of Swift's concurrency stays free.
package enum DedicatedThread {
    private static let stackSize = 4 << 20

    package static func run<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result { try body() }) }
            thread.name = name
            thread.stackSize = stackSize
            thread.start()
        }
    }
}
