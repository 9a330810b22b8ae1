import Contract
import Messaging
import ServiceLifecycle
package import Settings
import Telemetry
import TokenStore

/// The expiry scanner's loop as a service.
package struct ScanService: Service {
    private let setup: WorkerSetup
    private let settings: ScannerSettings
    private let scan: any TokenScan

    package init(_ setup: WorkerSetup, _ settings: ScannerSettings, scan: any TokenScan) {
        self.setup = setup
        self.settings = settings
        self.scan = scan
    }

    package func run() async throws {
        let stop = setup.stop
        try await withGracefulShutdownHandler {
            try await DedicatedThread.run(setup.service) { try work() }
        } onGracefulShutdown: {
            stop.request()
        }
    }

    private func work() throws {
        let start = WorkerStart(setup)
        guard let store = try start.store({ try TokenStore(setup.store, keys: setup.keys) }),
            let producer = try start.producer(),
            try start.findTopics(producer, [setup.topics.events, setup.topics.notifications])
        else { return }
        // A scanner joins no group.
        setup.health.meet(.group)
        let heartbeat = setup.health.heartbeat(setup.service, within: settings.scanInterval + .seconds(120))
        defer { setup.health.endHeartbeat(setup.service) }
        let worker = ScanWorker(
            setup,
            store: store,
            producer: producer,
            scan: scan,
            checkpointInterval: settings.checkpointInterval,
            heartbeat: heartbeat
        )
        try worker.run(every: settings.scanInterval)
        producer.close()
    }
}
