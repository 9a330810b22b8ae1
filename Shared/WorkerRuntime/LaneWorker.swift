import CommandSigning
import Contract
import Logging
package import Messaging
import Postgres
import Telemetry
import TokenCore
package import TokenStore

/// The one loop of every worker, by the steps of the lane protocol: take what is there, decide and commit it in one
/// transaction, produce it, settle it, move on.
///
/// Runs on one thread of its own; everything in it blocks. Each stage is a function that a test can drive by itself.
package final class LaneWorker {
    let parts: WorkerParts
    let store: TokenStore
    let consumer: KafkaConsumer
    let outbox: Outbox
    let runner: BatchRunner
    let intake: Intake
    var lanes: [TopicPartition: OwnedLane] = [:]
    private var pending: (batch: CommittedBatch, shipment: Outbox.Shipment)?
    /// Assigned, but their rows could not be looked up yet.
    private var newcomers: [AssignedPartition] = []
    private var idleSince: ContinuousClock.Instant?
    private var lastLook: ContinuousClock.Instant = .now

    /// How long nothing has to arrive before the lanes' rows are brought up to date, and how often they are looked at.
    private static let idleDelay: Duration = .seconds(1)
    private static let lookInterval: Duration = .seconds(3)
    /// Of keys and values in a batch, and at most one record more: whoever comes next waits until it is committed.
    private static let batchBytes = 64 * 1_024

    package init(_ parts: WorkerParts, store: TokenStore, consumer: KafkaConsumer, producer: KafkaProducer) {
        self.parts = parts
        self.store = store
        self.consumer = consumer
        outbox = Outbox(
            producer: producer,
            topics: parts.topics,
            envelopes: parts.envelopes,
            service: parts.decisions.service,
            logger: parts.logger,
            faults: parts.faults,
            deadLetters: parts.roles.keys.min().map { parts.topics.dlq(of: $0) },
            shouldStop: {
                // A broker that is away is no reason to be restarted.
                parts.heartbeat?.beat()
                return parts.stop.isRequested
            }
        )
        intake = Intake(
            roles: parts.roles,
            topics: parts.topics,
            replyTopics: parts.replyTopics,
            signatures: parts.signatures,
            partitions: { try producer.partitionCount(of: $0, timeoutMilliseconds: 5_000) }
        )
        let decider = Decider(
            settings: parts.decisions,
            intake: intake,
            signatures: parts.signatures,
            outbox: OutcomeRendering(settings: parts.decisions, topics: parts.topics, envelopes: parts.envelopes),
            cryptography: store.cryptography,
            envelopes: parts.envelopes,
            random: parts.random
        )
        runner = BatchRunner(store: store, decider: decider, intake: intake)
        consumer.onRevoke = { [unowned self] partitions, isLost in release(partitions, isLost: isLost) }
    }

    /// Works until a stop is requested; a fault of the database or the broker is waited out.
    ///
    /// - Throws: only what no waiting mends.
    func run() throws {
        var backoff = Backoff()
        var isFaulty = false
        while !parts.stop.isRequested {
            parts.heartbeat?.beat()
            do {
                if isFaulty { try recover(after: backoff.next()) }
                isFaulty = false
                try turn()
                backoff.reset()
                parts.faults.end()
            } catch let error where parts.faults.isTransient(error) {
                parts.faults.begin(error)
                isFaulty = true
            }
        }
        finish()
    }

    /// One turn of the loop: take, take over what is new, handle, settle.
    func turn() throws {
        let records = try consumer.take(
            max: parts.batchSize,
            maxBytes: Self.batchBytes,
            waitMilliseconds: pending == nil ? 100 : 0
        )
        try noteRebalances()
        try takeOverLanes()
        let ours = try passProbes(records.filter { lanes[$0.topicPartition] != nil })
        if ours.isEmpty { try settle() } else { try handle(ours) }
        try lookAfterLanes(isIdle: ours.isEmpty)
    }

    // MARK: Assignment

    /// Kafka's assignment is a hint: a lane is ours when it was taken over.
    func noteRebalances() throws {
        for rebalance in consumer.drainRebalances() {
            switch rebalance {
            case .revoked(let partitions, _):
                for partition in partitions { drop(partition) }
                newcomers.removeAll { partitions.contains($0.partition) }
            case .assigned(let partitions):
                newcomers += partitions
                parts.onAssignment()
            }
        }
        try admitNewcomers()
    }

    private func admitNewcomers() throws {
        while let assigned = newcomers.last {
            lanes[assigned.partition] = try owned(assigned)
            newcomers.removeLast()
            // A partition that left while it was paused comes back paused.
            try consumer.resume([assigned.partition])
        }
    }

    private func owned(_ assigned: AssignedPartition) throws -> OwnedLane {
        let partition = assigned.partition
        var committed = assigned.committed
        if !assigned.isCommittedKnown {
            committed = try consumer.committed([partition], timeoutMilliseconds: 10_000)[partition]
        }
        var lane = OwnedLane(
            id: try store.lane(topic: partition.topic, partition: partition.partition),
            partition: partition,
            resumeAt: committed.map { max(0, $0 - 1) } ?? KafkaConsumer.beginning
        )
        if let committed, committed > 0 { lane.probe = OwnedLane.Probe(offset: committed - 1) }
        return lane
    }

    /// Called while a rebalance takes partitions away: finish what is under way, say how far we are.
    private func release(_ partitions: [TopicPartition], isLost: Bool) {
        do {
            if !isLost {
                try settle()
                try consumer.commitStored(sync: true)
                try mark(partitions.compactMap { lanes[$0] })
            }
        } catch {
            parts.logger.debug("a lane was given back unsettled", metadata: [LogKey.errorMessage: "\(error)"])
        }
        if let (batch, _) = pending {
            outbox.purge()
            pending = nil
            // Lanes of that batch that stay are taken over, so that its messages are sent again.
            for advance in batch.advances { lanes[advance.partition]?.epoch = nil }
        }
        for partition in partitions { drop(partition) }
    }

    private func drop(_ partition: TopicPartition) {
        lanes[partition] = nil
        parts.metrics.forgetLag(partition)
    }

    // MARK: Takeover

    /// Takes over every lane that has no epoch yet: raise it, send what is owed, in order, then read on.
    func takeOverLanes() throws {
        guard lanes.values.contains(where: { $0.epoch == nil }) else { return }
        try settle()
        for lane in lanes.values.filter({ $0.epoch == nil }).sorted(by: { $0.id < $1.id }) {
            try takeOver(lane)
        }
    }

    private func takeOver(_ lane: OwnedLane) throws {
        let takeover = try store.takeOver(lane.id)
        parts.metrics.takeovers.increment()
        if !takeover.owed.isEmpty {
            parts.logger.notice(
                "sending what the lane owes",
                metadata: [
                    LogKey.topic: "\(lane.partition.topic)", LogKey.partition: "\(lane.partition.partition)",
                    LogKey.count: "\(takeover.owed.count)",
                ]
            )
        }
        let owed = try takeover.owed.flatMap { try WireMessageCodec.decode($0) }
        guard try outbox.settle(outbox.ship(owed)) else { throw StopRequested() }
        var owned = lane
        owned.epoch = takeover.lane.epoch
        owned.acknowledged = takeover.lane.batchSequence
        owned.marked = takeover.lane.answeredThrough
        if let offset = owned.probe?.offset, takeover.lane.nextOffset == offset + 1 {
            owned.probe?.lastRecord = takeover.lane.lastRecord
        }
        lanes[lane.partition] = owned
    }

    /// Looks at the record before the group's offset: one that nobody knows means that the log is another one, which is
    /// then read from its beginning. A known one was answered and is passed over.
    func passProbes(_ records: [KafkaRecord]) throws -> [KafkaRecord] {
        guard lanes.values.contains(where: { $0.probe != nil }) else { return records }
        var rejected: Set<TopicPartition> = []
        var passed: [KafkaRecord] = []
        for record in records where !rejected.contains(record.topicPartition) {
            let partition = record.topicPartition
            guard let lane = lanes[partition], let probe = lane.probe else {
                passed.append(record)
                continue
            }
            if record.offset > probe.offset {
                passed.append(record)
            } else if try isKnown(record, probe) {
                lanes[partition]?.resumeAt = probe.offset + 1
            } else {
                rejected.insert(partition)
                try restart(lane, isProved: probe.lastRecord != nil)
            }
            lanes[partition]?.probe = nil
        }
        return passed
    }

    /// A log that ends before the record to look at is another one, too. Nothing of it comes that would tell, as nothing
    /// stands where this worker reads on.
    private func checkShortLogs() throws {
        for lane in lanes.values where lane.epoch != nil {
            guard let probe = lane.probe else { continue }
            guard probe.isOverdue else {
                lanes[lane.partition]?.probe?.isOverdue = true
                continue
            }
            let log = try consumer.queryWatermarks(lane.partition, timeoutMilliseconds: 5_000)
            let isShort = log.high <= probe.offset
            if isShort { try restart(lane, isProved: false) }
            // Where retention has removed the record there is nothing to look at any more.
            if isShort || log.low > probe.offset { lanes[lane.partition]?.probe = nil }
        }
    }

    private func isKnown(_ record: KafkaRecord, _ probe: OwnedLane.Probe) throws -> Bool {
        guard record.offset == probe.offset else { return false }
        if let last = probe.lastRecord {
            return last == StoreKeys.lastRecord(key: record.key, timestamp: record.timestamp)
        }
        guard let lane = lanes[record.topicPartition] else { return false }
        return try store.isKnown(intake.arrival(record, lane: lane.id).key)
    }

    private func restart(_ lane: OwnedLane, isProved: Bool) throws {
        parts.logger.warning(
            "the topic is not the one that was read before: reading it from its beginning",
            metadata: [
                LogKey.topic: "\(lane.partition.topic)", LogKey.partition: "\(lane.partition.partition)",
            ]
        )
        if isProved, let epoch = lane.epoch { _ = try store.restart(lane.id, epoch: epoch) }
        lanes[lane.partition]?.resumeAt = KafkaConsumer.beginning
        try consumer.seek(lane.partition, to: KafkaConsumer.beginning)
    }

    // MARK: Batches

    /// Commits the records as one batch, or as several where one of them is refused for its data, and sends the answers.
    func handle(_ records: [KafkaRecord]) throws {
        let arrivals = try records.map { record in
            guard let lane = lanes[record.topicPartition] else { preconditionFailure("filtered by turn()") }
            return try intake.arrival(record, lane: lane.id)
        }
        do {
            for batch in arrivals.cutBeforePages { try handle(batch) }
        } catch let owner as ForeignEpoch {
            try giveWay(arrivals, to: owner)
        }
    }

    /// - Throws: `ForeignEpoch` where another worker has a lane; no later part of the records may be handled then.
    private func handle(_ arrivals: [Arrival]) throws {
        let batch: CommittedBatch
        do {
            batch = try commit(arrivals, isPoison: false)
        } catch let error as PostgresError where error.disposition == .data {
            try takeOverAnew(arrivals)
            if arrivals.count > 1 {
                let middle = arrivals.count / 2
                try handle(Array(arrivals[..<middle]))
                return try handle(Array(arrivals[middle...]))
            }
            parts.logger.error("the database refused a record's data", metadata: [LogKey.errorMessage: "\(error)"])
            batch = try commit(arrivals, isPoison: true)
        }
        try settle()
        pending = (batch, try outbox.ship(batch.messages))
    }

    /// Another worker took lanes over. Whether they are still ours is for the next take to tell; then they are taken
    /// over again and read on from where they were settled.
    private func giveWay(_ arrivals: [Arrival], to owner: ForeignEpoch) throws {
        try settle()
        for lane in lanes.values where owner.lanes.contains(lane.id) { lanes[lane.partition]?.epoch = nil }
        let assigned = Set(consumer.assignment)
        for partition in Set(arrivals.map(\.record.topicPartition)) where assigned.contains(partition) {
            if let lane = lanes[partition] { try consumer.seek(partition, to: lane.resumeAt) }
        }
    }

    private func takeOverAnew(_ arrivals: [Arrival]) throws {
        try settle()
        for partition in Set(arrivals.map(\.record.topicPartition)) { lanes[partition]?.epoch = nil }
        try takeOverLanes()
    }

    /// Steps 1-11 in one go.
    private func commit(_ arrivals: [Arrival], isPoison: Bool) throws -> CommittedBatch {
        let start = ContinuousClock.now
        var epochs: [LaneID: Int64] = [:]
        for lane in lanes.values { epochs[lane.id] = lane.epoch }
        let loaded = try runner.load(arrivals, epochs: epochs, isPoison: isPoison)
        let decided = try runner.decide(arrivals, loaded, isPoison: isPoison)
        var acknowledged: [LaneID: Int64] = [:]
        for lane in lanes.values { acknowledged[lane.id] = lane.acknowledged }
        let batch = try runner.commit(decided, acknowledged: acknowledged)
        for advance in batch.advances { lanes[advance.partition]?.marked = acknowledged[advance.lane] ?? 0 }
        parts.metrics.count(batch, size: arrivals.count, took: .now - start)
        tellForbidden(batch)
        return batch
    }

    /// Says why commands were `forbidden`, which their replies don't: one line for each reason, however many there are.
    private func tellForbidden(_ batch: CommittedBatch) {
        var counts: [SignatureFault: Int] = [:]
        for fault in batch.tallies.lazy.compactMap(\.fault) { counts[fault, default: 0] += 1 }
        for (fault, count) in counts {
            parts.metrics.count(fault, count)
            parts.logger.notice(
                "commands were forbidden",
                metadata: [LogKey.reason: "\(fault.rawValue)", LogKey.count: "\(count)"]
            )
        }
    }

    /// Waits for the last batch's acknowledgements; then its lanes are that far, here and in the group's offsets.
    func settle() throws {
        guard let (batch, shipment) = pending else { return }
        guard try outbox.settle(shipment) else { throw StopRequested() }
        pending = nil
        for advance in batch.advances {
            lanes[advance.partition]?.acknowledged = advance.batchSequence
            lanes[advance.partition]?.resumeAt = advance.nextOffset
            if lanes[advance.partition] != nil {
                try consumer.storeOffset(advance.partition, next: advance.nextOffset)
            }
        }
        try consumer.commitStored(sync: false)
        parts.metrics.countAnswered(batch)
    }

    // MARK: Looking after lanes

    /// Brings `answered_through` up to date, and looks whether the lanes are still ours: soon once there is nothing to
    /// do, and now and then while there is, since it may all be on one lane.
    private func lookAfterLanes(isIdle: Bool) throws {
        let now = ContinuousClock.now
        let since = isIdle ? idleSince ?? now : now
        idleSince = isIdle ? since : nil
        let isDue = now - lastLook >= Self.lookInterval
        if isDue || now - since >= Self.idleDelay {
            try mark(lanes.values.filter { $0.epoch != nil && $0.acknowledged > $0.marked })
        }
        if isDue {
            lastLook = now
            try checkEpochs()
            tellLag()
            try checkShortLogs()
        }
    }

    /// By what the last fetches told of the logs' ends: nobody is asked.
    private func tellLag() {
        for lane in lanes.values {
            if lane.epoch == nil {
                parts.metrics.forgetLag(lane.partition)
            } else if let (low, high) = consumer.watermarks(lane.partition) {
                parts.metrics.lag(lane.partition, max(0, high - max(low, lane.resumeAt)))
            }
        }
    }

    /// Writes what is acknowledged; a lane with another owner has to be taken over again, if it is still assigned.
    func mark(_ some: [OwnedLane]) throws {
        let rows = some.compactMap { lane in lane.epoch.map { (id: lane.id, epoch: $0, through: lane.acknowledged) } }
        guard !rows.isEmpty else { return }
        let ours = try store.markAnswered(rows)
        for lane in some {
            if ours.contains(lane.id) {
                lanes[lane.partition]?.marked = lane.acknowledged
            } else {
                lanes[lane.partition]?.epoch = nil
            }
        }
    }

    func checkEpochs() throws {
        guard !lanes.isEmpty else { return }
        let epochs = try store.epochs(lanes.values.map(\.id))
        for lane in lanes.values where lane.epoch != nil && epochs[lane.id] != lane.epoch {
            lanes[lane.partition]?.epoch = nil
        }
    }

    // MARK: Faults and the end

    /// After any error there is one way back: forget what was under way, take the lanes over, read on from where they
    /// were settled.
    ///
    /// - Throws: what keeps the fault alive; then this has to be done again before anything else.
    func recover(after delay: Duration) throws {
        pending = nil
        outbox.purge()
        for partition in lanes.keys { lanes[partition]?.epoch = nil }
        let deadline = ContinuousClock.now + delay
        repeat {
            // What a rebalance brings meanwhile must not be read before its lane is known.
            try consumer.pause(consumer.assignment)
            let left = min(max(deadline - .now, .zero), .milliseconds(100))
            _ = try consumer.take(max: 1, waitMilliseconds: Int(left / .milliseconds(1)))
            parts.heartbeat?.beat()
        } while ContinuousClock.now < deadline && !parts.stop.isRequested
        if store.isBroken { try store.reconnect() }
        // Lanes that came meanwhile belong to those that are set back, or what was taken of them would be lost.
        try noteRebalances()
        let assigned = Set(consumer.assignment)
        for lane in lanes.values where assigned.contains(lane.partition) {
            try consumer.seek(lane.partition, to: lane.resumeAt)
        }
        try consumer.resume(consumer.assignment)
    }

    /// A stop: what is committed is sent and said to be; then the group is left.
    private func finish() {
        do {
            try settle()
            try mark(Array(lanes.values))
            try consumer.commitStored(sync: true)
        } catch {
            parts.logger.notice("stopped with work unsettled", metadata: [LogKey.errorMessage: "\(error)"])
        }
        consumer.onRevoke = nil
        consumer.close()
        store.close()
    }
}

/// A stop came while something could not be settled; the lane's next owner settles it.
struct StopRequested: Error {}
