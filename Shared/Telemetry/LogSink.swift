import CLinux
import Foundation

/// Writes log lines to a file descriptor from a thread of its own: whole lines, in order, and the caller never waits
/// for a full pipe or a slow terminal. When more than `capacity` bytes wait, lines are dropped and their number told.
package final class LogSink: @unchecked Sendable {
    // lock: `condition` guards `pending`, `dropped`, `writing`.
    private let condition = NSCondition()
    private var pending: [UInt8] = []
    private var dropped = 0
    private var writing = false
    private let descriptor: Int32
    private let capacity: Int

    /// The process's own: standard error.
    package static let standardError = LogSink(descriptor: STDERR_FILENO)

    /// The descriptor stays the caller's.
    package init(descriptor: Int32, capacity: Int = 1 << 20) {
        self.descriptor = descriptor
        self.capacity = capacity
        let thread = Thread { [weak self] in
            // Whoever reads the log may go: that costs lines.
            user_tokens_block_broken_pipe_signal()
            while let sink = self { if !sink.writeOnce() { return } }
        }
        thread.name = "log"
        thread.start()
    }

    /// - Parameter line: ends with a line feed and holds no other.
    func append(_ line: [UInt8]) {
        condition.withLock {
            guard pending.count + line.count <= capacity else {
                dropped += 1
                return
            }
            pending.append(contentsOf: line)
            condition.broadcast()
        }
    }

    /// Waits until all lines are written, at most `seconds`: call it before the process ends.
    package func flush(seconds: Double = 2) {
        let end = Date(timeIntervalSinceNow: seconds)
        condition.withLock {
            while !pending.isEmpty || writing {
                guard condition.wait(until: end) else { return }
            }
        }
    }

    private func writeOnce() -> Bool {
        condition.lock()
        if pending.isEmpty {
            // Wakes now and then to let go of a sink that nobody holds any more.
            _ = condition.wait(until: Date(timeIntervalSinceNow: 5))
        }
        var bytes = pending
        pending = []
        if dropped > 0 {
            bytes += Array(
                "{\"level\":\"warning\",\"message\":\"log lines dropped\",\"log.dropped\":\(dropped)}\n".utf8
            )
            dropped = 0
        }
        writing = !bytes.isEmpty
        condition.unlock()
        writeAll(bytes)
        condition.withLock {
            writing = false
            condition.broadcast()
        }
        return true
    }

    private func writeAll(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let written = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written > 0 {
                    rest = rest.dropFirst(written)
                } else if written < 0, errno == EINTR {
                    continue
                } else if written < 0, errno == EAGAIN {
                    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&ready, 1, 1_000)
                } else {
                    return
                }
            }
        }
    }
}
