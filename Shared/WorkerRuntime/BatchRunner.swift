import Contract
import Messaging
import Postgres
import TokenCore
import TokenStore

/// A batch that is committed, with the messages that now have to be sent.
struct CommittedBatch: Sendable {
    /// Of each lane: its batch number, and where to read on once all is acknowledged.
    struct Advance: Sendable {
        let lane: LaneID
        let partition: TopicPartition
        let batchSequence: Int64
        let nextOffset: Int64
    }

    let advances: [Advance]
    let messages: [WireMessage]
    let tallies: [CommandTally]
    let deadLetters: [String]
    let silent: Int
    let decidedAt: Instant
}

/// A lane has another owner: nothing of the batch was done.
struct ForeignEpoch: Error {
    let lanes: Set<LaneID>
}

/// One batch as one transaction: load, decide, commit. No message is sent here.
final class BatchRunner {
    private let store: TokenStore
    private let decider: Decider
    private let intake: Intake

    init(store: TokenStore, decider: Decider, intake: Intake) {
        self.store = store
        self.decider = decider
        self.intake = intake
    }

    /// Steps 1-6: everything that the arrivals touch, locked and loaded.
    ///
    /// - Parameter isPoison: load nothing by the record's data, which the database refused.
    /// - Throws: `ForeignEpoch` where a lane is not ours any more; the transaction is over then, as after any error.
    func load(_ arrivals: [Arrival], epochs: [LaneID: Int64], isPoison: Bool = false) throws -> LoadedBatch {
        var request = BatchRequest(lanes: [], keys: [], users: [], limits: decider.settings.limits)
        for arrival in arrivals { request.add(arrival, isPoison: isPoison) }
        var loaded = try store.begin(request)
        // Whose device it is has to be read, and users are locked before devices: begin anew with them.
        while loaded.missesDevices || !loaded.foreignHolders.isEmpty {
            store.rollback()
            request.users.formUnion(loaded.foreignHolders)
            loaded = try store.begin(request)
        }
        let foreign = request.lanes.filter { loaded.lanes[$0] == nil || loaded.lanes[$0]?.epoch != epochs[$0] }
        guard foreign.isEmpty else {
            store.rollback()
            throw ForeignEpoch(lanes: foreign)
        }
        return loaded
    }

    /// Steps 7-9: one decision for each arrival, in order.
    func decide(_ arrivals: [Arrival], _ loaded: LoadedBatch, isPoison: Bool = false) throws -> DecidedBatch {
        do {
            let before = isPoison ? loaded.state : try state(arrivals, loaded)
            var view = Decider.View(
                state: before,
                lanes: loaded.lanes,
                known: try known(arrivals, loaded),
                pages: isPoison ? [:] : try pages(arrivals),
                now: loaded.lanes.values.reduce(loaded.clock) { max($0, $1.lastAt) }
            )
            var decisions: [Decision] = []
            decisions.reserveCapacity(arrivals.count)
            for arrival in arrivals {
                decisions.append(
                    isPoison ? try decider.poison(arrival, &view) : try decider.decide(arrival, &view)
                )
            }
            return DecidedBatch(
                arrivals: arrivals,
                loaded: loaded,
                before: before,
                decisions: decisions,
                view: view
            )
        } catch {
            store.rollback()
            throw error
        }
    }

    /// Steps 10-11: writes what changed, the inbox rows and the lanes, and commits.
    ///
    /// - Parameter acknowledged: of each lane the highest batch that is acknowledged at this moment.
    func commit(_ batch: DecidedBatch, acknowledged: [LaneID: Int64]) throws -> CommittedBatch {
        let now = batch.view.now
        var lanes = batch.loaded.lanes
        for id in lanes.keys { lanes[id]?.advance(now: now, acknowledged: acknowledged[id] ?? 0) }
        var partitions: [LaneID: TopicPartition] = [:]
        var last: [LaneID: KafkaRecord] = [:]
        var inbox: [InboxRow] = []
        var audit: [(lane: LaneID, entry: AuditEntry)] = []
        for (index, (arrival, decision)) in zip(batch.arrivals, batch.decisions).enumerated() {
            let record = arrival.record
            partitions[arrival.lane] = record.topicPartition
            last[arrival.lane] = record
            guard case .decided(let decided) = decision else { continue }
            inbox.append(
                InboxRow(
                    key: decided.key ?? arrival.key,
                    lane: arrival.lane,
                    batchSequence: lanes[arrival.lane]?.batchSequence ?? 0,
                    position: Int32(index),
                    fingerprint: decided.fingerprint,
                    messages: WireMessageCodec.encode(decided.messages)
                )
            )
            if let entry = decided.audit { audit.append((arrival.lane, entry)) }
        }
        // A lane's records come in their order.
        for (id, record) in last { lanes[id]?.pass(record) }
        try store.commit(
            BatchResult(
                before: batch.before,
                after: batch.view.state,
                lanes: lanes,
                inbox: inbox,
                audit: audit,
                instant: now
            )
        )
        return batch.committed(lanes, partitions)
    }

    private func known(_ arrivals: [Arrival], _ loaded: LoadedBatch) throws -> [UUIDValue: InboxHit] {
        let keys = decider.reuseKeys(arrivals, known: loaded.known)
        guard !keys.isEmpty else { return loaded.known }
        return loaded.known.merging(try store.inbox(keys)) { first, _ in first }
    }

    /// What was loaded, with the token types and the holders of seeds that the commands bring.
    private func state(_ arrivals: [Arrival], _ loaded: LoadedBatch) throws -> WorkingSet {
        var state = loaded.state
        for (tenant, version) in loaded.catalogueVersions {
            state.catalogues[tenant] = try store.catalogue(tenant: tenant, version: version)
        }
        let digests = arrivals.flatMap { arrival in
            (arrival.needs?.seeds ?? []).flatMap { decider.digests(of: $0, tenant: arrival.tenant ?? "", loaded.clock) }
        }
        if !digests.isEmpty { state.seeds = try store.seedHolders(digests) }
        return state
    }

    private func pages(_ arrivals: [Arrival]) throws -> [UUIDValue: [Token]] {
        var pages: [UUIDValue: [Token]] = [:]
        for arrival in arrivals {
            guard let tenant = arrival.tenant, let request = arrival.needs?.page else { continue }
            pages[arrival.key] = try store.tokens(tenant: tenant, request)
        }
        return pages
    }
}

extension BatchRequest {
    /// - Parameter isPoison: nothing by the record's data, which the database refused.
    fileprivate mutating func add(_ arrival: Arrival, isPoison: Bool) {
        lanes.insert(arrival.lane)
        keys.append(arrival.key)
        if isPoison { return }
        if let user = arrival.user { users.insert(user) }
        guard let tenant = arrival.tenant else { return }
        tenants.insert(tenant)
        reads.formUnion(arrival.reads)
        guard let needs = arrival.needs else { return }
        users.formUnion(needs.users)
        devices.formUnion(needs.serials.map { DeviceKey(tenant: tenant, serial: $0) })
        stocked.formUnion(needs.stocked.map { StockedToken(tenant: tenant, id: $0) })
        if needs.changesTypes { changedTenants.insert(tenant) }
    }
}

/// A batch whose decisions are made and not yet written.
struct DecidedBatch {
    let arrivals: [Arrival]
    let loaded: LoadedBatch
    /// The state that the decisions began with.
    let before: WorkingSet
    let decisions: [Decision]
    let view: Decider.View

    fileprivate func committed(_ lanes: [LaneID: LaneRow], _ partitions: [LaneID: TopicPartition]) -> CommittedBatch {
        var tallies: [CommandTally] = []
        var deadLetters: [String] = []
        var silent = 0
        for decision in decisions {
            switch decision {
            case .decided(let decided):
                if let tally = decided.tally { tallies.append(tally) }
                if let reason = decided.deadLetter { deadLetters.append(reason) }
            case .silent: silent += 1
            case .repeated: break
            }
        }
        var next: [LaneID: Int64] = [:]
        for arrival in arrivals { next[arrival.lane] = arrival.record.offset + 1 }
        return CommittedBatch(
            advances: partitions.map { lane, partition in
                CommittedBatch.Advance(
                    lane: lane,
                    partition: partition,
                    batchSequence: lanes[lane]?.batchSequence ?? 0,
                    nextOffset: next[lane] ?? 0
                )
            },
            messages: decisions.flatMap(\.messages),
            tallies: tallies,
            deadLetters: deadLetters,
            silent: silent,
            decidedAt: view.now
        )
    }
}

extension LaneRow {
    /// The row as a new batch leaves it, but for its records.
    mutating func advance(now: Instant, acknowledged: Int64) {
        let answered = max(answeredThrough, acknowledged)
        if answered >= batchSequence { unansweredSince = now }
        answeredThrough = answered
        batchSequence += 1
        lastAt = now
    }

    /// Remembers the record that the lane has come to.
    fileprivate mutating func pass(_ record: KafkaRecord) {
        guard record.offset + 1 > nextOffset else { return }
        nextOffset = record.offset + 1
        lastRecord = StoreKeys.lastRecord(key: record.key, timestamp: record.timestamp)
    }
}
