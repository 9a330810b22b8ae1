import Logging
import Telemetry
import TokenCore
import Transport

/// The providers themselves, each in its seat on the board.
final class ProviderCrew: Sendable {
    private let providers: [any NotificationProvider]
    /// What the board has to know of each, in the same order.
    let members: [ProviderBoard.Member]
    private let metrics: MetricRegistry
    /// The longest that one attempt can take.
    let longestAttempt: Duration

    init(_ configuration: NotifierConfiguration, transport: Transport, metrics: MetricRegistry, logger: Logger) {
        var providers: [any NotificationProvider] = []
        var members: [ProviderBoard.Member] = []
        for channel in Channel.allCases {
            for provider in configuration.channels[channel] ?? [] {
                let made = provider.makeProvider(transport, logger: logger)
                providers.append(made)
                members.append(
                    ProviderBoard.Member(
                        name: provider.name,
                        channel: channel,
                        concurrency: provider.atOnce,
                        timeout: provider.timeout,
                        circuit: provider.circuit,
                        isIdempotent: made.isIdempotent,
                        givesReceipts: made.givesReceipts
                    )
                )
            }
        }
        self.providers = providers
        self.members = members
        longestAttempt = members.map(\.timeout).max() ?? .zero
        self.metrics = metrics
    }

    /// Opens what the providers keep open; their receipts go to `sink`.
    func start(receipts sink: @escaping ReceiptSink) {
        for provider in providers { provider.start(receipts: sink) }
    }

    func shutdown() async {
        for provider in providers { await provider.shutdown() }
    }

    func attempt(
        _ message: DeliverableMessage,
        by seat: ProviderBoard.Seat,
        deadline: ContinuousClock.Instant
    ) async -> DeliveryOutcome {
        let start = ContinuousClock.now
        let outcome = await providers[seat].deliver(message, deadline: deadline)
        let channel = members[seat].channel.rawValue
        metrics.counter(.deliveryAttempts, channel, members[seat].name, outcome.label).increment()
        metrics.histogram(.deliveryDuration, channel, outcome.label).observe(.now - start)
        return outcome
    }
}

extension DeliveryOutcome {
    fileprivate var label: String {
        switch self {
        case .sent: "sent"
        case .refused: "refused"
        case .rejected: "rejected"
        case .invalidDestination: "invalid_destination"
        case .failed: "failed"
        case .unanswered: "unanswered"
        case .unknown: "unknown"
        }
    }
}
