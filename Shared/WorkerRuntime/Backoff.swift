/// Waiting times that grow, with full jitter, so that workers that failed together don't come back together.
package struct Backoff {
    private var attempt = 0

    package init() {}

    private static let first = 50.0
    private static let ceiling = 5_000.0

    package mutating func reset() {
        attempt = 0
    }

    package mutating func next() -> Duration {
        attempt = min(attempt + 1, 10)
        var top = Self.first
        for _ in 1..<attempt { top *= 2 }
        return .milliseconds(Int64.random(in: 10...Int64(min(top, Self.ceiling))))
    }
}
