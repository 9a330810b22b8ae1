package import Logging
import Messaging
import Postgres
import Synchronization
package import Telemetry
import TokenStore

/// Tells a fault of the database or the broker once when it begins and once when it ends: in the log, the metrics and
/// `/health/ready`.
package final class FaultReporter: Sendable {
    private let health: HealthState
    private let logger: Logger
    private let faults: @Sendable (String) -> Counter
    private let state: Gauge
    private let current = Mutex<HealthCondition?>(nil)

    package init(health: HealthState, metrics: MetricRegistry, logger: Logger) {
        self.health = health
        self.logger = logger
        faults = { metrics.counter(.faults, $0) }
        state = metrics.gauge(.faultState)
    }

    /// Whether waiting can mend the error; if not, it is a bug or a broken set-up, and the process ends.
    package func isTransient(_ error: any Error) -> Bool {
        switch error {
        case let error as PostgresError: error.disposition != .broken
        case let error as KafkaError: !error.isFatal
        case is StoreError, is StopRequested: true
        default: false
        }
    }

    package func begin(_ error: any Error) {
        if error is StopRequested { return }
        let condition: HealthCondition =
            switch error {
            case is KafkaError, is BrokerSilent: .broker
            case is PostgresError: .database
            default: .keys
            }
        faults(condition.name).increment()
        state.set(1)
        let isNew = current.withLock { current in
            defer { current = condition }
            return current != condition
        }
        _ = health.miss(condition, reason: "\(error)")
        guard isNew else { return }
        logger.warning(
            "a fault holds the work up: waiting",
            metadata: [LogKey.condition: "\(condition.name)", LogKey.errorMessage: "\(error)"]
        )
    }

    package func end() {
        let ended = current.withLock { current in
            defer { current = nil }
            return current
        }
        guard let ended else { return }
        state.set(0)
        for condition in [HealthCondition.broker, .database, .keys] { _ = health.meet(condition) }
        logger.notice("the fault is over", metadata: [LogKey.condition: "\(ended.name)"])
    }
}
