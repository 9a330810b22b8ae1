import Contract
import Messaging
import ServiceLifecycle
import Telemetry
import TokenCore
import TokenStore
import Transport
import WorkerRuntime

/// The notifier's loop as a service: waits for database, broker and topics, then delivers until it is told to stop.
struct NotifierService: Service {
    private let setup: WorkerSetup
    private let plan: DeliveryPlan
    /// Beyond the longest attempt: time to record its end.
    static let leaseMargin: Duration = .seconds(5)

    init(_ setup: WorkerSetup, plan: DeliveryPlan) {
        self.setup = setup
        self.plan = plan
    }

    func run() async throws {
        let transport = Transport(.forAttempts)
        let setup = setup
        let plan = plan
        try await withGracefulShutdownHandler {
            try await DedicatedThread.run(setup.service) { try Self.work(setup, plan, transport) }
        } onGracefulShutdown: {
            setup.stop.request()
        }
        await transport.shutdown()
    }

    /// Works on the calling thread until a stop is requested.
    static func work(_ setup: WorkerSetup, _ plan: DeliveryPlan, _ transport: Transport, group: String? = nil) throws {
        let chain = ProviderChain(plan.configuration, transport: transport, metrics: setup.metrics)
        // Whole seconds, rounded up.
        let lease = (chain.longestAttempt + leaseMargin + .milliseconds(999)).components.seconds
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
            chain: chain,
            templates: plan.templates
        ).run(heartbeat: heartbeat)
        producer.close()
    }
}

extension Transport.Limits {
    /// Room for every attempt that can be under way.
    fileprivate static let forAttempts = Transport.Limits(
        transfers: ProviderChain.attemptsPerChannel * Channel.allCases.count,
        connectionsPerHost: ProviderChain.attemptsPerChannel
    )
}
