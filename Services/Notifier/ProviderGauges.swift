import Logging
import Telemetry
import TokenCore
import WorkerRuntime

/// Shows how each provider is: its circuit and what it has under way, in metrics, and a line of log for each change.
struct ProviderGauges {
    private let members: [ProviderBoard.Member]
    private let metrics: MetricRegistry
    private let logger: Logger
    private var circuits: [CircuitBreaker.State]
    private var underWay: [Channel: Int] = [:]

    init(_ members: [ProviderBoard.Member], _ setup: WorkerSetup) {
        self.members = members
        metrics = setup.metrics
        logger = setup.logger
        circuits = members.map { _ in .closed }
        for member in members { show(.closed, of: member) }
    }

    mutating func show(_ board: ProviderBoard, at now: ContinuousClock.Instant) {
        for (seat, member) in members.enumerated() {
            let state = board.circuit(seat, at: now)
            guard state != circuits[seat] else { continue }
            circuits[seat] = state
            show(state, of: member)
            logger.log(
                level: state == .open ? .warning : .notice,
                "a provider's circuit has changed",
                metadata: [LogKey.provider: "\(member.name)", LogKey.state: "\(state.rawValue)"]
            )
        }
        for channel in Channel.allCases {
            let count = board.underWay(channel)
            guard count != underWay[channel] else { continue }
            underWay[channel] = count
            metrics.gauge(.deliveriesInFlight, channel.rawValue).set(count)
        }
    }

    private func show(_ state: CircuitBreaker.State, of member: ProviderBoard.Member) {
        for each in CircuitBreaker.State.allCases {
            metrics.gauge(.providerCircuit, member.name, each.rawValue).set(each == state ? 1 : 0)
        }
    }
}
