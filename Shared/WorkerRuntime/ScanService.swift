import Contract
import Messaging
import ServiceLifecycle
import Telemetry
import TokenStore

/// The expiry scanner's loop as a service.
package struct ScanService: Service {
    private let setup: WorkerSetup
    private let interval: Duration
    private let scan: any TokenScan

    package init(_ setup: WorkerSetup, every interval: Duration, scan: any TokenScan) {
        self.setup = setup
        self.interval = interval
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
        let heartbeat = setup.health.heartbeat(setup.service, within: interval + .seconds(120))
        defer { setup.health.endHeartbeat(setup.service) }
        try ScanWorker(setup, store: store, producer: producer, scan: scan, heartbeat: heartbeat).run(every: interval)
        producer.close()
    }
}
