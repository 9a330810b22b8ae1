import Contract
import Logging
import Telemetry
import TokenCore
import WorkerRuntime

/// Tells how deliveries ended, one shipment after the other. A broker that is away holds up nothing else: what was
/// accepted by a provider has to be recorded in the meantime.
final class EventTeller {
    /// A message, and what is finished once it is acknowledged.
    struct Tiding {
        let message: WireMessage
        var places: [RecordPlace] = []
        var tickets: [ReceiptDesk.Ticket] = []
    }

    private let outbox: Outbox
    private let health: HealthState
    private let logger: Logger
    private var untold: [Tiding] = []
    private var telling: (shipment: Outbox.Shipment, tidings: [Tiding], since: ContinuousClock.Instant)?

    /// How long an acknowledgement may take without a word of it.
    static let patience: Duration = .seconds(2)

    init(_ outbox: Outbox, health: HealthState, logger: Logger) {
        self.outbox = outbox
        self.health = health
        self.logger = logger
    }

    /// Nothing waits to be handed over.
    var isUnloaded: Bool { untold.isEmpty }
    var isIdle: Bool { untold.isEmpty && telling == nil }

    func add(_ tiding: Tiding) {
        untold.append(tiding)
    }

    /// - Returns: those that have been acknowledged.
    func turn(waitMilliseconds: Int = 0) throws -> [Tiding] {
        if telling == nil, !untold.isEmpty {
            telling = (try outbox.ship(untold.map(\.message)), untold, .now)
            untold = []
        }
        guard let (shipment, tidings, since) = telling else { return [] }
        guard try outbox.isSettled(shipment, waitMilliseconds: waitMilliseconds) else {
            if .now - since > Self.patience, health.miss(.broker, reason: "messages are not acknowledged") {
                logger.warning("messages are not acknowledged: waiting")
            }
            return []
        }
        if health.meet(.broker) { logger.notice("messages are acknowledged again") }
        telling = nil
        return tidings
    }

    /// Those that were not told.
    func giveUp() -> [Tiding] {
        defer { (untold, telling) = ([], nil) }
        return (telling?.tidings ?? []) + untold
    }
}
