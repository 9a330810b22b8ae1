import Contract
import Logging
import Messaging
import Postgres
import Telemetry
import TokenCore
import TokenStore

/// The expiry scanner's loop: its shards are lanes, taken over and answered for like a topic's partitions, so that any
/// number of scanners share the work and none tells anything twice.
///
/// Runs on one thread of its own; everything in it blocks. Each stage is a function that a test can drive by itself.
final class ScanWorker {
    /// A shard that was taken over: what the worker knows of its lane's row.
    struct OwnedShard {
        let number: Int32
        let lane: LaneID
        let epoch: Int64
        /// The highest batch that is acknowledged whole, with all before it.
        var acknowledged: Int64
    }

    private let setup: WorkerSetup
    private let store: TokenStore
    private let outbox: Outbox
    private let runner: ScanRunner
    private let checkpoints: CheckpointRunner
    private let keys: KeyRunner
    private let heartbeat: Heartbeat?
    private let patience: Int64
    private let takeovers: Counter
    private let dueTokens: Gauge
    private let housekeeping: Housekeeping
    private var lastHousekeeping: ContinuousClock.Instant?
    private static let batchSize = 256
    private static let housekeepingInterval: Duration = .seconds(60)
    /// Steps of a sweep between two looks at what is due.
    private static let sweepSteps = 20
    /// How soon a token is tried again that a batch holds.
    private static let heldInterval: Duration = .milliseconds(100)

    /// - Parameter patience: seconds after which a shard's silent holder is passed by.
    init(
        _ setup: WorkerSetup,
        store: TokenStore,
        producer: KafkaProducer,
        scan: any TokenScan,
        checkpointInterval: Duration = .seconds(600),
        heartbeat: Heartbeat? = nil,
        patience: Int64 = 60
    ) {
        self.setup = setup
        self.store = store
        self.heartbeat = heartbeat
        self.patience = patience
        let envelopes = setup.envelopes()
        let stop = setup.stop
        outbox = Outbox(
            producer: producer,
            topics: setup.topics,
            envelopes: envelopes,
            service: setup.service,
            logger: setup.logger,
            faults: setup.faults,
            shouldStop: {
                heartbeat?.beat()
                return stop.isRequested
            }
        )
        runner = ScanRunner(
            store: store,
            scan: scan,
            settings: setup.decisions,
            rendering: OutcomeRendering(settings: setup.decisions, topics: setup.topics, envelopes: envelopes),
            envelopes: envelopes,
            metrics: setup.metrics
        )
        checkpoints = CheckpointRunner(setup, store: store, every: checkpointInterval)
        keys = KeyRunner(setup, store: store, heartbeat: heartbeat)
        takeovers = setup.metrics.counter(.takeovers)
        dueTokens = setup.metrics.gauge(.expiryDue)
        housekeeping = Housekeeping(
            horizonSeconds: setup.decisions.horizon,
            longestLimitSeconds: setup.decisions.limits.longestWindow
        )
    }

    /// Looks every `interval`, until a stop is requested; a fault is waited out.
    ///
    /// - Throws: only what no waiting mends.
    func run(every interval: Duration) throws {
        var backoff = Backoff()
        while !setup.stop.isRequested {
            heartbeat?.beat()
            do {
                let isHeld = try pass()
                try publishCheckpoint()
                try keepHouse()
                let isUnderWay = try keys.run()
                backoff.reset()
                setup.faults.end()
                setup.stop.wait(atMost: isHeld || isUnderWay ? min(interval, Self.heldInterval) : interval)
            } catch let error where setup.faults.isTransient(error) {
                setup.faults.begin(error)
                outbox.purge()
                setup.stop.wait(atMost: backoff.next())
                if store.isBroken {
                    do { try store.reconnect() } catch { setup.faults.begin(error) }
                }
            }
        }
        store.close()
    }

    /// Makes due the tokens of types that changed, and looks at what is due, until there is nothing to do.
    ///
    /// - Returns: whether a sweep stands before a token that a batch holds.
    @discardableResult
    func pass() throws -> Bool {
        while !setup.stop.isRequested {
            let sweep = try sweepTypes()
            try look()
            if sweep != .moved { return sweep == .held }
        }
        return false
    }

    /// Some steps of a sweep: what they make due is looked at before the next ones.
    private func sweepTypes() throws -> SweepStep {
        for _ in 0..<Self.sweepSteps {
            heartbeat?.beat()
            let step = try store.sweepTypes()
            if step != .moved { return step }
        }
        return .moved
    }

    /// One look at every shard that has something to do, in random order so that scanners meet rarely.
    private func look() throws {
        let busy = try store.busyShards()
        dueTokens.set(busy.reduce(0) { $0 + $1.due })
        for (number, _) in busy.shuffled() {
            guard !setup.stop.isRequested else { return }
            let isLocked = try store.tryLock(shard: number)
            // Another scanner is at it, unless that one stands still: then the epoch decides.
            guard try isLocked || store.isHolderSilent(shard: number, seconds: patience) else { continue }
            do {
                try work(shard: number)
            } catch {
                // Where the connection is lost, the session's lock went with it.
                if isLocked, !store.isBroken { try store.unlock(shard: number) }
                throw error
            }
            if isLocked { try store.unlock(shard: number) }
        }
    }

    /// Takes the shard over and handles what is due until nothing is.
    func work(shard number: Int32) throws {
        var shard = try takeOver(shard: number)
        while !setup.stop.isRequested {
            heartbeat?.beat()
            let due = try store.due(shard: number, limit: Self.batchSize)
            if due.isEmpty { break }
            guard try handle(due, &shard) else { return }
        }
        try mark(shard)
    }

    /// Raises the lane's epoch and sends what it owes, in order.
    func takeOver(shard number: Int32) throws -> OwnedShard {
        let lane = try store.lane(topic: TokenStore.scanTopic, partition: number)
        let takeover = try store.takeOver(lane)
        takeovers.increment()
        if !takeover.owed.isEmpty {
            setup.logger.notice(
                "sending what the lane owes",
                metadata: [
                    LogKey.topic: "\(TokenStore.scanTopic)", LogKey.partition: "\(number)",
                    LogKey.count: "\(takeover.owed.count)",
                ]
            )
        }
        let owed = try takeover.owed.flatMap { try WireMessageCodec.decode($0) }
        try send(owed)
        return OwnedShard(
            number: number,
            lane: lane,
            epoch: takeover.lane.epoch,
            acknowledged: takeover.lane.batchSequence
        )
    }

    /// Commits what is due as one batch, or each by itself where the rows of one of them can't be handled, and sends
    /// what follows.
    ///
    /// - Returns: false where another scanner has taken the shard over.
    func handle(_ due: DueTokens, _ shard: inout OwnedShard) throws -> Bool {
        do {
            return try handleWhole(due, &shard)
        } catch let error where isOfData(error) {
            // What was sent needs no sending again.
            try mark(shard)
            shard = try takeOver(shard: shard.number)
            let parts = due.parts
            guard parts.count == 1 else {
                for part in parts { guard try handle(part, &shard) else { return false } }
                return true
            }
            setup.logger.error(
                "rows of a user or device can't be handled: looking again in an hour",
                metadata: [
                    LogKey.tenant: "\(due.tenants.sorted().joined(separator: ","))", LogKey.errorMessage: "\(error)",
                ]
            )
            try store.postpone(due)
            return true
        }
    }

    private func handleWhole(_ due: DueTokens, _ shard: inout OwnedShard) throws -> Bool {
        guard let batch = try runner.commit(due, shard) else { return false }
        try send(batch.messages)
        shard.acknowledged = batch.sequence
        return true
    }

    private func isOfData(_ error: any Error) -> Bool {
        switch error {
        case let error as PostgresError: error.disposition == .data
        case StoreError.unknownCode, StoreError.damagedRow: true
        default: false
        }
    }

    private func send(_ messages: [WireMessage]) throws {
        guard try outbox.settle(outbox.ship(messages)) else { throw StopRequested() }
    }

    /// Says what is acknowledged, so that nobody sends it again.
    func mark(_ shard: OwnedShard) throws {
        _ = try store.markAnswered([(shard.lane, shard.epoch, shard.acknowledged)])
    }

    /// Publishes the heads of the audit chains where it is time, unless another scanner is at it.
    func publishCheckpoint() throws {
        guard checkpoints.isDue, try store.tryLock(shard: TokenStore.checkpointShard) else { return }
        do {
            var shard = try takeOver(shard: TokenStore.checkpointShard)
            if let batch = try checkpoints.commit(shard) {
                try send(batch.messages)
                shard.acknowledged = batch.sequence
            }
            try mark(shard)
        } catch {
            if !store.isBroken { try store.unlock(shard: TokenStore.checkpointShard) }
            throw error
        }
        try store.unlock(shard: TokenStore.checkpointShard)
    }

    private func keepHouse() throws {
        if let last = lastHousekeeping, .now - last < Self.housekeepingInterval { return }
        guard let report = try housekeeping.run(store) else { return }
        lastHousekeeping = report.isUnfinished ? nil : .now
        guard report.keptPartitions > 0 else { return }
        setup.logger.error(
            "inbox partitions past their time still hold answers that are owed",
            metadata: [LogKey.count: "\(report.keptPartitions)"]
        )
    }
}

extension SendingLimits {
    /// Seconds for which a message that was sent can matter.
    fileprivate var longestWindow: Int64 {
        (user + destination + prefix + tenant).map(\.seconds).max() ?? 0
    }
}
