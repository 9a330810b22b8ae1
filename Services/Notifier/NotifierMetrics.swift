import Telemetry
import TokenCore

/// The figures of the notifier's loop; those of attempts are the chain's.
struct NotifierMetrics {
    private let registry: MetricRegistry
    private let queueAge: Histogram

    init(_ registry: MetricRegistry) {
        self.registry = registry
        queueAge = registry.histogram(.queueAge)
    }

    func count(_ channel: Channel, _ state: DeliveryState) {
        registry.counter(.notifications, channel.rawValue, state.rawValue).increment()
    }

    func countDeadLetter(_ reason: String) {
        registry.counter(.deadLetters, reason).increment()
    }

    func observeAge(of written: Instant, at now: Instant) {
        queueAge.observe(max(0, Double(now.microseconds - written.microseconds) / 1_000_000))
    }
}
