import Logging
import Telemetry
import TokenStore

/// Makes anew, in the background, what retired keys have made; says in a metric how much is left.
final class KeyRunner {
    /// How soon a rotation is noticed.
    private static let interval: Duration = .seconds(5)
    /// Batches between two looks at what is due.
    private static let steps = 20

    private let store: TokenStore
    private let stop: StopSignal
    private let logger: Logger
    private let heartbeat: Heartbeat?
    private let dataKeys: Gauge
    private let seedDigests: Gauge
    private let upkeep: KeyUpkeep
    private var lastLook: ContinuousClock.Instant?
    private var isUnderWay = false
    private var lastProblem = ""

    init(_ setup: WorkerSetup, store: TokenStore, heartbeat: Heartbeat?, upkeep: KeyUpkeep = KeyUpkeep()) {
        self.store = store
        self.heartbeat = heartbeat
        self.upkeep = upkeep
        stop = setup.stop
        logger = setup.logger
        dataKeys = setup.metrics.gauge(.keysPending, "data_key")
        seedDigests = setup.metrics.gauge(.keysPending, "seed_digest")
    }

    /// Some batches, where there is something to do; a key that cannot be used holds nothing else up.
    ///
    /// - Returns: whether there is more to do at once.
    func run() throws -> Bool {
        guard isUnderWay || lastLook.map({ .now - $0 >= Self.interval }) ?? true else { return false }
        isUnderWay = false
        if try measure() {
            do {
                isUnderWay = try work()
                lastProblem = ""
            } catch let error as StoreError {
                tell("\(error)")
            }
            _ = try measure()
        }
        lastLook = .now
        return isUnderWay
    }

    private func measure() throws -> Bool {
        let pending = try upkeep.pending(store)
        dataKeys.set(pending.dataKeys)
        seedDigests.set(pending.seedDigests)
        return !pending.isEmpty
    }

    /// Once, however often it is tried again.
    private func tell(_ problem: String) {
        guard problem != lastProblem else { return }
        lastProblem = problem
        logger.error("what retired keys made can't be made anew", metadata: [LogKey.errorMessage: "\(problem)"])
    }

    private func work() throws -> Bool {
        for _ in 0..<Self.steps where !stop.isRequested {
            heartbeat?.beat()
            switch try upkeep.step(store) {
            case .moved: continue
            case .busy: return false
            case .finished:
                if upkeep.twins > 0 {
                    logger.notice(
                        "tokens with the seed of another one keep their digests",
                        metadata: [LogKey.count: "\(upkeep.twins)"]
                    )
                }
                return false
            }
        }
        return true
    }
}
