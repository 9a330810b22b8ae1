import Foundation
package import TokenCore

extension Instant {
    /// The system's clock, for what no database row depends on.
    package static var wallClock: Instant {
        Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }
}
