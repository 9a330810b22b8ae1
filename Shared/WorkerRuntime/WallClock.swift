import CoreFoundation  // counts as the module of `timespec` once a dependency has loaded it
package import TokenCore

extension Instant {
    /// The system's clock, for what no database row depends on.
    package static var wallClock: Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
