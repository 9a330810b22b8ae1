import CRdKafka
import Synchronization

/// Ends a consumer's wait for records, from any thread; may outlive the consumer.
package final class ConsumerWaker: @unchecked Sendable {  // `lock` guards `queue`
    private let lock = Mutex(())
    /// `nil` once the consumer is closed.
    private var queue: OpaquePointer?

    init(_ client: OpaquePointer) {
        queue = rd_kafka_queue_get_consumer(client)
    }

    deinit { release() }

    /// The `take` that waits returns at once with what it has; one that does not wait yet, the next.
    package func wake() {
        lock.withLock { _ in
            if let queue { rd_kafka_queue_yield(queue) }
        }
    }

    /// To be called before the client is destroyed.
    func release() {
        lock.withLock { _ in
            if let queue { rd_kafka_queue_destroy(queue) }
            queue = nil
        }
    }
}
