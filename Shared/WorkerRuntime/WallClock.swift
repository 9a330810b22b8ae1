import Foundation  // where `timespec` is found in a module that loads both it and Glibc
package import TokenCore

extension Instant {
    /// The system's clock, for what no database row depends on.
    package static var wallClock: Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
