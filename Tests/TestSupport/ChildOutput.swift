import Foundation

/// What a child writes to its standard output. A thread of its own reads it, so that the child never waits for room.
final class ChildOutput: @unchecked Sendable {  // lock: `condition`
    private let condition = NSCondition()
    private var bytes: [UInt8] = []
    private var isAtEnd = false

    /// Reads from a pipe's end until the other end is closed; closes it then.
    init(reading file: Int32) {
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(file, &buffer, buffer.count)
                self.append(buffer.prefix(max(count, 0)))
                if count <= 0 { break }
            }
            close(file)
        }
    }

    var text: String { condition.withLock { String(decoding: bytes, as: UTF8.self) } }

    /// Returns `true` as soon as `isEnough` says so of the text so far, `false` at its end or when the time is over.
    func wait(_ timeout: Duration, until isEnough: (String) -> Bool) -> Bool {
        let deadline = Date(timeIntervalSinceNow: timeout / .seconds(1))
        return condition.withLock {
            while !isEnough(String(decoding: bytes, as: UTF8.self)) {
                if isAtEnd || !condition.wait(until: deadline) { return false }
            }
            return true
        }
    }

    private func append(_ more: ArraySlice<UInt8>) {
        condition.withLock {
            bytes += more
            isAtEnd = more.isEmpty
            condition.broadcast()
        }
    }
}
