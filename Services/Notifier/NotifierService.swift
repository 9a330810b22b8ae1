import Contract
import Messaging
import NotificationTexts
import ServiceLifecycle
import Telemetry
import TokenCore
import TokenStore
import Transport
import WorkerRuntime

/// The notifier's loop as a service: waits for database, broker and topics, then delivers until it is told to stop.
struct NotifierService: Service, AdminRouting {
    private let setup: WorkerSetup
    private let plan: DeliveryPlan
    private let desk = ReceiptDesk()
    /// Beyond the longest attempt: time to record its end.
    static let leaseMargin: Duration = .seconds(5)

    init(_ setup: WorkerSetup, plan: DeliveryPlan) {
        self.setup = setup
        self.plan = plan
    }

    var adminRoutes: [AdminRoute] {
        let providers = plan.configuration.channels.values.joined()
        let rules = providers.compactMap { provider in provider.receipts.map { (provider.name, $0) } }
        guard !rules.isEmpty else { return [] }
        return [ReceiptRoute(rules: Dictionary(uniqueKeysWithValues: rules), desk: desk).route]
    }

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await deliver()
        } onGracefulShutdown: {
            setup.stop.request()
        }
    }

    /// Delivers until a stop is requested.
    func deliver(group: String? = nil) async throws {
        let (setup, desk, templates) = (setup, desk, plan.templates)
        let transport = Transport(.forAttempts(of: plan.configuration))
        let crew = ProviderCrew(plan.configuration, transport: transport, metrics: setup.metrics, logger: setup.logger)
        crew.start { await desk.take($0) != .unavailable }
        let end: Result<Void, any Error>
        do {
            end = .success(
                try await DedicatedThread.run(setup.service) { try Self.work(setup, crew, desk, templates, group) }
            )
        } catch {
            end = .failure(error)
        }
        desk.close()
        await crew.shutdown()
        await transport.shutdown()
        try end.get()
    }

    /// Works on the calling thread.
    private static func work(
        _ setup: WorkerSetup,
        _ crew: ProviderCrew,
        _ desk: ReceiptDesk,
        _ templates: MessageTemplates,
        _ group: String?
    ) throws {
        // Whole seconds, rounded up.
        let lease = (crew.longestAttempt + leaseMargin + .milliseconds(999)).components.seconds
        let start = WorkerStart(setup)
        let random = SystemRandomSource().words()
        let claim = UUIDValue(version7: .wallClock, random: random)
        guard
            let ledger = try start.store({ try DeliveryLedger(setup.store, claim: claim, leaseSeconds: lease) }),
            let producer = try start.producer(),
            try start.findTopics(producer, [setup.topics.notifications, setup.topics.events])
        else { return }
        let consumer = try KafkaConsumer(
            setup.kafka,
            group: group ?? setup.topics.prefix + setup.service,
            topics: [setup.topics.notifications]
        )
        let heartbeat = setup.health.heartbeat(setup.service, within: .seconds(120))
        defer { setup.health.endHeartbeat(setup.service) }
        try NotifierWorker(
            setup,
            consumer: consumer,
            producer: producer,
            ledger: ledger,
            crew: crew,
            desk: desk,
            templates: templates
        ).run(heartbeat: heartbeat)
        producer.close()
    }
}

extension Transport.Limits {
    /// Room for every attempt that can be under way.
    fileprivate static func forAttempts(of configuration: NotifierConfiguration) -> Transport.Limits {
        let concurrency = configuration.channels.values.joined().map(\.atOnce)
        return Transport.Limits(transfers: concurrency.reduce(0, +), connectionsPerHost: concurrency.max() ?? 1)
    }
}
