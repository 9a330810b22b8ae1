import Contract
import Logging
import Messaging
import Telemetry
import TokenCore
import TokenStore

/// The expiry scanner's loop: its shards are lanes, taken over and answered for like a topic's partitions, so that any
/// number of scanners share the work and none tells anything twice.
final class ScanWorker {
    private let setup: WorkerSetup
    private let store: TokenStore
    private let outbox: Outbox
    private let rendering: OutcomeRendering
    private let envelopes: SealedEnvelopes
    private let scan: any UserScan
    private let random = SystemRandomSource()
    private static let batchSize = 256

    init(_ setup: WorkerSetup, store: TokenStore, producer: KafkaProducer, scan: any UserScan) {
        self.setup = setup
        self.store = store
        self.scan = scan
        envelopes = setup.envelopes()
        rendering = OutcomeRendering(settings: setup.decisions, topics: setup.topics, envelopes: envelopes)
        outbox = Outbox(
            producer: producer,
            topics: setup.topics,
            envelopes: envelopes,
            service: setup.service,
            logger: setup.logger,
            shouldStop: { setup.stop.isRequested }
        )
    }

    /// Looks every `interval`, until a stop is requested; a fault is waited out.
    func run(every interval: Duration, heartbeat: Heartbeat) throws {
        let housekeeping = Housekeeping(horizonSeconds: setup.decisions.horizon)
        var backoff = Backoff()
        while !setup.stop.isRequested {
            heartbeat.beat()
            do {
                try pass()
                try keepHouse(housekeeping)
                backoff.reset()
                setup.faults.end()
                setup.stop.wait(atMost: interval)
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

    /// One look at every shard that has something to do, in random order so that scanners meet rarely.
    func pass() throws {
        let busy = try store.busyShards().shuffled()
        setup.metrics.gauge(.expiryDue).set(busy.count)
        for shard in busy {
            guard !setup.stop.isRequested else { return }
            guard try store.tryLock(shard: shard) else { continue }
            do {
                try work(shard: shard)
            } catch {
                // Where the connection is lost, the session's lock went with it.
                if !store.isBroken { try store.unlock(shard: shard) }
                throw error
            }
            try store.unlock(shard: shard)
        }
    }

    /// Takes the shard's lane over, sends what it owes, and handles what is due until nothing is.
    func work(shard: Int32) throws {
        let lane = try store.lane(topic: TokenStore.scanTopic, partition: shard)
        let takeover = try store.takeOver(lane)
        let owed = try takeover.owed.flatMap { try WireMessageCodec.decode($0) }
        guard try outbox.settle(outbox.ship(owed)) else { throw StopRequested() }
        var acknowledged = takeover.lane.batchSequence
        while !setup.stop.isRequested {
            let users = try store.dueUsers(shard: shard, limit: Self.batchSize)
            if users.isEmpty { break }
            guard
                let batch = try commit(users, lane: lane, epoch: takeover.lane.epoch, acknowledged: acknowledged)
            else { return }
            guard try outbox.settle(outbox.ship(batch.messages)) else { throw StopRequested() }
            acknowledged = batch.sequence
        }
        _ = try store.markAnswered([(lane, takeover.lane.epoch, acknowledged)])
    }

    /// One batch as one transaction.
    ///
    /// - Returns: nil where another scanner has taken the shard over.
    func commit(
        _ users: Set<UserKey>,
        lane: LaneID,
        epoch: Int64,
        acknowledged: Int64
    ) throws -> (messages: [WireMessage], sequence: Int64)? {
        let request = BatchRequest(
            lanes: [lane],
            keys: [],
            users: users,
            tenants: Set(users.map(\.tenant)),
            reads: .contact,
            limits: setup.decisions.limits
        )
        let loaded = try store.begin(request)
        guard var row = loaded.lanes[lane], row.epoch == epoch else {
            store.rollback()
            return nil
        }
        do {
            let now = max(loaded.clock, row.lastAt)
            row.advance(now: now, acknowledged: acknowledged)
            var scanned = try decide(loaded, now: now)
            scanned.lanes = [lane: row]
            scanned.inbox = scanned.messages.enumerated().map { index, entry in
                InboxRow(
                    key: entry.key,
                    lane: lane,
                    batchSequence: row.batchSequence,
                    position: Int32(index),
                    fingerprint: [],
                    messages: WireMessageCodec.encode(entry.messages)
                )
            }
            try store.commit(scanned.result(before: loaded.state, lane: lane, now: now))
            scanned.count(setup.metrics)
            return (scanned.messages.flatMap(\.messages), row.batchSequence)
        } catch {
            store.rollback()
            throw error
        }
    }

    private func decide(_ loaded: LoadedBatch, now: Instant) throws -> Scanned {
        var scanned = Scanned(state: loaded.state)
        let tokens = loaded.state.users.values.flatMap { $0.tokens.map(\.id) }
        let marks = try store.expiryMarks(of: tokens)
        for user in loaded.state.users.keys.sorted(by: { StoreKeys.user($0) < StoreKeys.user($1) }) {
            guard let version = loaded.catalogueVersions[user.tenant],
                let key = RecordKey(tenant: user.tenant, userID: user.userID)
            else { continue }
            let catalogue = try store.catalogue(tenant: user.tenant, version: version)
            let context = DecisionContext(
                now: now,
                user: user,
                catalogue: catalogue,
                asker: Asker(id: nil),
                cryptography: store.cryptography,
                envelopes: envelopes,
                random: random,
                limits: setup.decisions.limits
            )
            var record = loaded.state[user]
            var told: [TokenID: Set<Int>] = [:]
            for mark in marks where record[mark.token]?.times.expiresAt == mark.expiresAt {
                told[mark.token, default: []].insert(mark.days)
            }
            let outcome = scan.decide(&record, told: told, context)
            scanned.state[user] = record
            scanned.add(outcome, of: record, context)
            let identity = StoreKeys.scan(of: user, at: now)
            let messages = rendering.directoryMessages(
                Outcome(.ok([:]), events: outcome.events, notifications: outcome.notifications),
                key,
                identity,
                at: now
            )
            if !messages.isEmpty { scanned.messages.append((identity, user, messages)) }
        }
        return scanned
    }

    private var lastHousekeeping: ContinuousClock.Instant?
    private static let housekeepingInterval: Duration = .seconds(60)

    private func keepHouse(_ housekeeping: Housekeeping) throws {
        if let last = lastHousekeeping, .now - last < Self.housekeepingInterval { return }
        lastHousekeeping = .now
        guard let report = try housekeeping.run(store), report.keptPartitions > 0 else { return }
        setup.logger.error(
            "inbox partitions past their time still hold answers that are owed",
            metadata: [LogKey.count: "\(report.keptPartitions)"]
        )
    }
}

/// What a batch of the scanner came to.
private struct Scanned {
    var state: WorkingSet
    var messages: [(key: UUIDValue, user: UserKey, messages: [WireMessage])] = []
    var lanes: [LaneID: LaneRow] = [:]
    var inbox: [InboxRow] = []
    private var marks: [ExpiryMark] = []
    private var scans: [(token: TokenID, next: Instant?)] = []
    private var obsoleted: [(user: UserKey, token: Token)] = []

    init(state: WorkingSet) {
        self.state = state
    }

    mutating func add(_ outcome: ScanOutcome, of record: UserRecord, _ context: DecisionContext) {
        for mark in outcome.marks {
            guard let end = record[mark.token]?.times.expiresAt else { continue }
            marks.append(ExpiryMark(token: mark.token, days: mark.days, expiresAt: end))
        }
        for token in record.tokens {
            scans.append((token.id, token.nextScan(after: context.now, policy: context.catalogue.policy(of: token))))
        }
        let ended = outcome.events.filter { $0.type == .tokenObsoleted }.compactMap { event in
            event.data["token"]?.objectValue?["tokenId"]?.stringValue.flatMap { TokenID($0) }
        }
        obsoleted += ended.compactMap { id in record[id].map { (record.key, $0) } }
    }

    func result(before: WorkingSet, lane: LaneID, now: Instant) -> BatchResult {
        var result = BatchResult(
            before: before,
            after: state,
            lanes: lanes,
            inbox: inbox,
            audit: obsoleted.map { user, token in
                let entry = AuditEntry(
                    at: now,
                    tenant: user.tenant,
                    userID: user.userID,
                    command: "expiry",
                    commandKey: StoreKeys.scan(of: user, at: now),
                    outcome: "ok",
                    tokens: [token.id],
                    authID: nil,
                    reason: token.statusReason
                )
                return (lane, entry)
            },
            instant: now
        )
        result.marks = marks
        result.scans = scans
        return result
    }

    func count(_ metrics: MetricRegistry) {
        for (_, token) in obsoleted {
            metrics.counter(.expired, token.statusReason ?? MetricRegistry.other).increment()
        }
    }
}
