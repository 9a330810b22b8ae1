import Contract
import TokenCore
import TokenCrypto
import TokenStore

/// Publishes the heads of the audit chains from time to time, signed (ring `audit`): whoever keeps them can prove later
/// that rows were changed or cut off, also by the owner of the database.
final class CheckpointRunner {
    /// Under which key the events are written: no user's.
    private static let recordKey = RecordKey(tenant: EnvelopeDecoder.defaultTenant, userID: "~audit")

    private let store: TokenStore
    private let keys: KeySource
    private let topics: Topics
    private let source: String
    private let interval: Duration
    private var lastLook: ContinuousClock.Instant?
    private var lastHeads: [AuditHead] = []

    init(_ setup: WorkerSetup, store: TokenStore, every interval: Duration) {
        self.store = store
        self.interval = interval
        keys = setup.keys
        topics = setup.topics
        source = setup.decisions.source
    }

    var isDue: Bool { lastLook.map { .now - $0 >= interval } ?? true }

    /// Commits a checkpoint as the lane's batch; no message is sent here.
    ///
    /// - Returns: nil where there is none to publish: the heads have not moved, another scanner has just done it, or has
    ///   taken the lane over.
    func commit(_ shard: ScanWorker.OwnedShard) throws -> ScanRunner.Committed? {
        lastLook = .now
        let loaded = try store.begin(BatchRequest(lanes: [shard.lane], keys: [], users: []))
        do {
            let heads = try store.auditHeads()
            guard var row = loaded.lanes[shard.lane], row.epoch == shard.epoch, heads != lastHeads,
                row.lastAt.adding(seconds: interval.components.seconds) <= loaded.clock,
                let message = message(heads, at: loaded.clock)
            else {
                store.rollback()
                return nil
            }
            let now = loaded.clock
            row.advance(now: now, acknowledged: shard.acknowledged)
            try store.commit(
                BatchResult(
                    before: loaded.state,
                    after: loaded.state,
                    lanes: [row.id: row],
                    inbox: [
                        InboxRow(
                            key: StoreKeys.checkpoint(at: now),
                            lane: row.id,
                            batchSequence: row.batchSequence,
                            position: 0,
                            fingerprint: [],
                            messages: WireMessageCodec.encode([message])
                        )
                    ],
                    audit: [],
                    instant: now
                )
            )
            lastHeads = heads
            return ScanRunner.Committed(sequence: row.batchSequence, messages: [message])
        } catch {
            store.rollback()
            throw error
        }
    }

    private func message(_ heads: [AuditHead], at now: Instant) -> WireMessage? {
        guard let key = keys.current.active(.audit), let recordKey = Self.recordKey, !heads.isEmpty else { return nil }
        let checkpoint = AuditCheckpoint(time: now, heads: heads.map(AuditCheckpoint.Head.init))
        var data = checkpoint.json
        data.append("jws", .string(JWS.sign(checkpoint.payload, with: key)))
        let cause = MessageCause(recordKey, identity: StoreKeys.checkpoint(at: now), source: source, time: now)
        return EventEnvelope(.auditCheckpoint, index: 1, of: cause, data: data).message(to: topics.events)
    }
}

extension AuditCheckpoint.Head {
    init(_ head: AuditHead) {
        self.init(
            lane: head.lane,
            place: head.place,
            sequence: head.sequence,
            hash: Base64URL.encode(head.hash)
        )
    }
}
