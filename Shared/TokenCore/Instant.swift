/// A point in time: microseconds since 1970-01-01T00:00:00Z, PostgreSQL's resolution.
///
/// Time is handed to the core as a value; nothing here reads a clock.
package struct Instant: Hashable, Comparable, Sendable {
    package var microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package init(seconds: Int64) {
        self.microseconds = seconds * 1_000_000
    }

    package init(milliseconds: Int64) {
        self.microseconds = milliseconds * 1_000
    }

    /// Whole seconds since the epoch, rounded down: the `T` of RFC 6238 §4.2.
    package var seconds: Int64 {
        microseconds >= 0 ? microseconds / 1_000_000 : (microseconds - 999_999) / 1_000_000
    }

    /// 9999-12-31T23:59:59Z: an end that never comes, as the contract writes it.
    package static let never = Instant(seconds: 253_402_300_799)

    package func adding(seconds: Int64) -> Instant {
        Instant(microseconds: microseconds + seconds * 1_000_000)
    }

    /// Whole seconds from `self` to `later`, rounded up and never negative: what `retryAfter` tells.
    package func secondsUntil(_ later: Instant) -> Int64 {
        max(0, (later.microseconds - microseconds + 999_999) / 1_000_000)
    }

    package static func < (left: Instant, right: Instant) -> Bool {
        left.microseconds < right.microseconds
    }
}
