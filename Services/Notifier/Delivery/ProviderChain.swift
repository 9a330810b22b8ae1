import Synchronization
import Telemetry
import TokenCore
import Transport

/// The providers of each channel in order of preference; a sick one rests while the next serves.
final class ProviderChain: Sendable {
    private let providers: [Channel: [any NotificationProvider]]
    private let health = Mutex<[String: ProviderHealth]>([:])
    private let metrics: MetricRegistry
    /// Attempts at a time; more would only wait for a connection, their time running.
    static let attemptsPerChannel = 32
    /// The longest that one attempt can take.
    let longestAttempt: Duration

    init(_ configuration: NotifierConfiguration, transport: Transport, metrics: MetricRegistry) {
        providers = configuration.channels.mapValues { list in list.map { $0.makeProvider(transport) } }
        longestAttempt = configuration.channels.values.joined().map(\.timeout).max() ?? .zero
        self.metrics = metrics
    }

    /// Those that may be used now; all of them where every one is resting: a sick provider is better than none.
    func usable(_ channel: Channel) -> [any NotificationProvider] {
        let all = providers[channel] ?? []
        let well = health.withLock { health in
            all.filter { health[$0.name]?.isUsable(at: .now) ?? true }
        }
        return well.isEmpty ? all : well
    }

    /// One attempt by the provider whose turn it is.
    func attempt(
        _ message: DeliverableMessage,
        _ channel: Channel,
        turn: Int,
        deadline: ContinuousClock.Instant
    ) async -> (outcome: DeliveryOutcome, providers: Int) {
        let usable = usable(channel)
        guard !usable.isEmpty else { return (.failed(retryAfter: nil), 0) }
        let provider = usable[turn % usable.count]
        let start = ContinuousClock.now
        let outcome = await provider.deliver(message, deadline: deadline)
        let isWell = health.withLock { health in
            health[provider.name, default: ProviderHealth()].record(outcome, at: .now)
            return health[provider.name]?.isUsable(at: .now) ?? true
        }
        metrics.gauge(.providerHealthy, provider.name).set(isWell ? 1 : 0)
        metrics.counter(.deliveryAttempts, channel.rawValue, outcome.label).increment()
        metrics.histogram(.deliveryDuration, channel.rawValue, outcome.label).observe(.now - start)
        return (outcome, usable.count)
    }
}

extension DeliveryOutcome {
    fileprivate var label: String {
        switch self {
        case .sent: "sent"
        case .refused: "refused"
        case .invalidDestination: "invalid_destination"
        case .failed: "failed"
        case .unanswered: "unanswered"
        case .unknown: "unknown"
        }
    }
}
