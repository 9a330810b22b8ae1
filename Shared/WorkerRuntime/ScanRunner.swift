import Contract
import Telemetry
import TokenCore
import TokenStore

/// One batch of the scanner as one transaction: load, decide, commit. No message is sent here.
final class ScanRunner {
    /// A batch that is committed, with the messages that now have to be sent.
    struct Committed {
        let sequence: Int64
        let messages: [WireMessage]
    }

    private let store: TokenStore
    private let scan: any TokenScan
    private let settings: DecisionSettings
    private let rendering: OutcomeRendering
    private let envelopes: SealedEnvelopes
    private let metrics: MetricRegistry
    private let random = SystemRandomSource()

    init(
        store: TokenStore,
        scan: any TokenScan,
        settings: DecisionSettings,
        rendering: OutcomeRendering,
        envelopes: SealedEnvelopes,
        metrics: MetricRegistry
    ) {
        self.store = store
        self.scan = scan
        self.settings = settings
        self.rendering = rendering
        self.envelopes = envelopes
        self.metrics = metrics
    }

    /// - Returns: nil where another scanner has taken the shard over: nothing was done.
    /// - Throws: after a roll-back; the outcome of a commit may be in doubt, which a takeover finds out.
    func commit(_ due: DueTokens, _ shard: ScanWorker.OwnedShard) throws -> Committed? {
        let loaded = try store.begin(BatchRequest(due, lane: shard.lane, limits: settings.limits))
        guard var row = loaded.lanes[shard.lane], row.epoch == shard.epoch else {
            store.rollback()
            return nil
        }
        do {
            let now = max(loaded.clock, row.lastAt)
            row.advance(now: now, acknowledged: shard.acknowledged)
            let findings = try decide(due, loaded, now: now)
            try store.commit(findings.result(loaded, row, now: now))
            for reason in findings.reasons { metrics.counter(.expired, reason).increment() }
            return Committed(sequence: row.batchSequence, messages: findings.rows.flatMap(\.messages))
        } catch {
            store.rollback()
            throw error
        }
    }

    private func decide(_ due: DueTokens, _ loaded: LoadedBatch, now: Instant) throws -> ScanFindings {
        var findings = ScanFindings(state: loaded.state)
        let tokens = loaded.state.users.values.flatMap { $0.tokens.map(\.id) }
        let marks = Dictionary(grouping: try store.expiryMarks(of: tokens), by: \.token)
        for holder in due.holders.sorted(by: { StoreKeys.user($0) < StoreKeys.user($1) }) {
            guard let version = loaded.catalogueVersions[holder.tenant],
                let key = RecordKey(tenant: holder.tenant, userID: holder.userID)
            else { throw StoreError.damagedRow(table: "token") }
            let context = DecisionContext(
                now: now,
                user: holder,
                catalogue: try store.catalogue(tenant: holder.tenant, version: version),
                asker: Asker(id: nil),
                cryptography: store.cryptography,
                envelopes: envelopes,
                random: random,
                limits: settings.limits
            )
            let record = loaded.state[holder]
            // Whoever has tokens has the row that is locked for them; the stock's devices are locked themselves.
            guard record.lockout != nil || holder.isTenantWide else { throw StoreError.damagedRow(table: "user_state") }
            let outcome = scan.decide(&findings.state, told: told(marks, of: record), context)
            let identity = StoreKeys.scan(of: record, at: now)
            let messages = rendering.directoryMessages(
                Outcome(.ok([:]), events: outcome.events, notifications: outcome.notifications),
                key,
                identity,
                at: now
            )
            findings.add(outcome, identity, messages, context)
        }
        return findings
    }

    /// Of each token, the marks told for its present end.
    private func told(_ marks: [TokenID: [ExpiryMark]], of record: UserRecord) -> [TokenID: Set<Int>] {
        var told: [TokenID: Set<Int>] = [:]
        for token in record.tokens {
            let present = (marks[token.id] ?? []).filter { $0.expiresAt == token.times.expiresAt }
            if !present.isEmpty { told[token.id] = Set(present.map(\.days)) }
        }
        return told
    }
}

/// What the looks of one batch came to.
private struct ScanFindings {
    var state: WorkingSet
    private(set) var rows: [(key: UUIDValue, messages: [WireMessage])] = []
    /// Why tokens ended, one by one.
    private(set) var reasons: [String] = []
    private var audit: [AuditEntry] = []
    private var marks: [ExpiryMark] = []
    private var scans: [(token: TokenID, next: Instant?)] = []

    private static let auditedCommand = "expiry"

    init(state: WorkingSet) {
        self.state = state
    }

    mutating func add(
        _ outcome: ScanOutcome,
        _ identity: UUIDValue,
        _ messages: [WireMessage],
        _ context: DecisionContext
    ) {
        let record = state[context.user]
        if !messages.isEmpty { rows.append((identity, messages)) }
        for mark in outcome.marks {
            guard let end = record[mark.token]?.times.expiresAt else { continue }
            marks.append(ExpiryMark(token: mark.token, days: mark.days, expiresAt: end))
        }
        // What went back into the stock is not here: there it is looked at anew.
        for token in record.tokens {
            scans.append((token.id, token.nextScan(after: context.now, policy: context.catalogue.policy(of: token))))
        }
        for (token, reason) in outcome.ended {
            reasons.append(reason.rawValue)
            audit.append(
                AuditEntry(
                    at: context.now,
                    tenant: record.key.tenant,
                    userID: record.key.userID,
                    command: Self.auditedCommand,
                    commandKey: identity,
                    outcome: "ok",
                    tokens: [token],
                    authID: nil,
                    reason: reason.rawValue
                )
            )
        }
    }

    func result(_ loaded: LoadedBatch, _ lane: LaneRow, now: Instant) -> BatchResult {
        var result = BatchResult(
            before: loaded.state,
            after: state,
            lanes: [lane.id: lane],
            inbox: rows.enumerated().map { index, row in
                InboxRow(
                    key: row.key,
                    lane: lane.id,
                    batchSequence: lane.batchSequence,
                    position: Int32(index),
                    fingerprint: [],
                    messages: WireMessageCodec.encode(row.messages)
                )
            },
            audit: audit.map { (lane.id, $0) },
            instant: now
        )
        result.marks = marks
        result.scans = scans
        return result
    }
}

extension DueTokens {
    /// Whose records they stand in.
    fileprivate var holders: Set<UserKey> {
        switch self {
        case .users(let users): users
        case .devices: Set(tenants.map(UserKey.stock(of:)))
        }
    }
}

extension BatchRequest {
    fileprivate init(_ due: DueTokens, lane: LaneID, limits: SendingLimits) {
        self.init(
            lanes: [lane],
            keys: [],
            users: [],
            tenants: due.tenants,
            reads: .contact,
            limits: limits
        )
        switch due {
        case .users(let users): self.users = users
        case .devices(let devices): stocked = devices
        }
    }
}

extension StoreKeys {
    /// Identity of what a scan found in a record.
    fileprivate static func scan(of record: UserRecord, at now: Instant) -> UUIDValue {
        guard record.key.isTenantWide, let first = record.tokens.map(\.id).min() else {
            return scan(of: record.key, at: now)
        }
        return scan(ofStock: record.key.tenant, first: first, at: now)
    }
}
