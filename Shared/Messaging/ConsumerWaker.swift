import CRdKafka
import Glibc
import Synchronization

/// Ends a consumer's wait for records, from any thread; may outlive the consumer.
package final class ConsumerWaker: Sendable {
    /// Of a pipe that never blocks: what is in it says no more than that there is something.
    private let (reading, writing): (Int32, Int32)
    /// By somebody, not by a queue.
    private let isWoken = Atomic(false)
    private static let sign: [UInt8] = [1]

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "no file descriptors are left")
        for end in ends {
            precondition(fcntl(end, F_SETFL, O_NONBLOCK) == 0 && fcntl(end, F_SETFD, FD_CLOEXEC) == 0)
        }
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        close(writing)
    }

    /// The `take` that waits returns at once with what it has; one that does not wait yet, the next.
    package func wake() {
        isWoken.store(true, ordering: .releasing)
        _ = write(writing, Self.sign, Self.sign.count)
    }

    /// What comes into the empty queue wakes too.
    func watch(_ queue: OpaquePointer?) {
        rd_kafka_queue_io_event_enable(queue, writing, Self.sign, Self.sign.count)
    }

    /// To be called before the queue is given up.
    func forget(_ queue: OpaquePointer?) { rd_kafka_queue_io_event_enable(queue, -1, nil, 0) }

    /// Waits for a sign, but no longer than this; there may be nothing behind it.
    ///
    /// - Returns: whether it was somebody who woke it, since the last wait.
    func wait(milliseconds: Int32) -> Bool {
        var awaited = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        if poll(&awaited, 1, milliseconds) > 0 {
            withUnsafeTemporaryAllocation(byteCount: 1_024, alignment: 1) { buffer in
                while read(reading, buffer.baseAddress, buffer.count) == buffer.count {}
            }
        }
        return isWoken.exchange(false, ordering: .acquiringAndReleasing)
    }
}
