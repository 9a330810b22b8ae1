import Postgres
package import TokenCore

/// What a batch touches, known before anything is read.
package struct BatchRequest: Sendable {
    package var lanes: Set<LaneID>
    /// Inbox keys of the batch's commands.
    package var keys: [UUIDValue]
    package var users: Set<UserKey>
    /// Tenants whose catalogue version is asked for.
    package var tenants: Set<String>
    /// Devices by serial number.
    package var devices: Set<DeviceKey> = []
    /// Devices by id, where they are in the stock.
    package var stocked: Set<StockedToken> = []
    /// Tenants whose token types the batch may change.
    package var changedTenants: Set<String> = []
    package var reads: Reads
    package var limits: SendingLimits

    package init(
        lanes: Set<LaneID>,
        keys: [UUIDValue],
        users: Set<UserKey>,
        tenants: Set<String> = [],
        reads: Reads = [],
        limits: SendingLimits = SendingLimits()
    ) {
        self.lanes = lanes
        self.keys = keys
        self.users = users
        self.tenants = tenants
        self.reads = reads
        self.limits = limits
    }
}

/// A batch's view of the store, with everything it may change locked.
package struct LoadedBatch: Sendable {
    package var lanes: [LaneID: LaneRow]
    package var known: [UUIDValue: InboxHit]
    package var state: WorkingSet
    /// The database's clock after the locks: the only one by which age is judged.
    package var clock: Instant
    package var catalogueVersions: [String: Int64]
    /// Users outside the batch who hold devices that it names: it has to begin anew with them.
    package var foreignHolders: Set<UserKey> = []
    /// Devices that the batch names are not all locked: it has to begin anew.
    package var missesDevices = false
}

/// Steps 1-6 of a batch (BEGIN, lanes, ids, inbox, users, tokens) as one pipelined round trip.
///
/// The order of locks is the same everywhere: lanes, command ids, tenants, users, destinations, devices, each sorted.
struct BatchLoad {
    private enum Part {
        case plain
        case lanes
        case inbox
        case users
        case tokens
        case challenges
        case contacts
        case sends
        case conversions
        case deliveries
        case devices
        case named
        case clock
        case tenants
    }

    private let request: BatchRequest
    private let userKeys: [UUIDValue: UserKey]
    private var parts: [Part] = []
    private(set) var steps: [PipelineStep] = []
    private var scopes: [UUIDValue: SendLedger.Scope] = [:]

    init(_ request: BatchRequest) {
        self.request = request
        userKeys = Dictionary(uniqueKeysWithValues: request.users.map { (StoreKeys.user($0), $0) })
        add(.plain, PipelineStep(.begin))
        add(.lanes, PipelineStep(LaneQueries.lock, [.int32s(request.lanes.sorted().map(\.rawValue))]))
        addInbox()
        if !request.changedTenants.isEmpty {
            add(.plain, PipelineStep(TenantQueries.lock, [.texts(request.changedTenants.sorted())]))
        }
        if !userKeys.isEmpty { addUsers() }
        if !request.devices.isEmpty || !request.stocked.isEmpty {
            let users = Array(userKeys.keys)
            add(.devices, DeviceQueries.locking(request.devices, request.stocked, users: users))
        }
        if !request.devices.isEmpty { add(.named, DeviceQueries.naming(request.devices)) }
        add(.tenants, PipelineStep(TenantQueries.versions, [.texts(request.tenants.sorted())]))
        add(.clock, PipelineStep(Self.clock))
    }

    private static let deviceLocks: Int64 = 7_310_868_735_421_907_000
    /// Devices share some: an import names a thousand, and the server's room for locks is bounded.
    private static let deviceLockCount: UInt64 = 256

    private static let clock = Statement(name: "clock", sql: "SELECT clock_timestamp()")

    private mutating func add(_ part: Part, _ step: PipelineStep) {
        parts.append(part)
        steps.append(step)
    }

    private mutating func addInbox() {
        guard !request.keys.isEmpty else { return }
        // Who names a device waits here for all others who do, so that none finds it with a holder who came while its
        // row was waited for.
        let names = request.devices.map { Self.deviceLocks + Int64(StoreKeys.device($0).high % Self.deviceLockCount) }
        let locks = Set(request.keys.map { Int64(bitPattern: $0.high) } + names).sorted()
        add(.plain, PipelineStep(InboxQueries.lockIDs, [.int64s(locks)]))
        add(.inbox, PipelineStep(InboxQueries.lookUp, [.uuids(request.keys.map { PGUUID($0) })]))
    }

    private mutating func addUsers() {
        let sorted = userKeys.keys.sorted()
        let keys = PGParameter.uuids(sorted.map { PGUUID($0) })
        add(.users, PipelineStep(UserQueries.lockAndLoad, [keys]))
        add(.tokens, PipelineStep(TokenQueries.load, [keys]))
        add(.challenges, PipelineStep(ChallengeQueries.load, [keys]))
        if request.reads.contains(.contact) { add(.contacts, PipelineStep(ContactQueries.load, [keys])) }
        if request.reads.contains(.deliveries) { add(.deliveries, PipelineStep(DeliveryQueries.load, [keys])) }
        if request.reads.contains(.sends) {
            let loading = SendQueries.loading(
                users: Array(request.users),
                userKeys: sorted,
                limits: request.limits
            )
            scopes = loading.scopes
            add(.plain, loading.steps[0])
            add(.sends, loading.steps[1])
            if request.limits.pumping.mode != .off {
                let seconds = request.limits.pumping.windowSeconds
                let tenants = Set(request.users.map(\.tenant))
                add(
                    .conversions,
                    ConversionQueries.loading(tenants: tenants, userKeys: sorted, windowSeconds: seconds)
                )
            }
        }
    }

    func decode(_ results: [PGResult]) throws(StoreError) -> LoadedBatch {
        var batch = LoadedBatch(
            lanes: [:],
            known: [:],
            state: WorkingSet(),
            clock: Instant(microseconds: 0),
            catalogueVersions: [:]
        )
        var devices: PGResult?
        for (part, result) in zip(parts, results) {
            if part == .devices { devices = result }
            switch part {
            case .plain: break
            case .clock: batch.clock = result.instant(0, 0)
            case .named: if let devices { note(result, in: &batch, locked: devices) }
            default: try decode(part, result, into: &batch)
            }
        }
        return batch
    }

    /// A user whose row came to be between the lock and the tokens is none yet: nobody holds that row.
    private func lockedUser(_ key: UUIDValue, _ batch: LoadedBatch) -> UserKey? {
        userKeys[key].flatMap { batch.state.users[$0]?.lockout == nil ? nil : $0 }
    }

    /// A device that a user holds is in that user's record already; one of the stock comes into the stock's.
    private func add(_ token: Token, to batch: inout LoadedBatch) {
        let key = token.device.serial.map { DeviceKey(tenant: token.tenant, serial: $0) }
        let isNamed = key.map(request.devices.contains) ?? false
        guard let owner = token.owner else {
            guard isNamed || request.stocked.contains(StockedToken(tenant: token.tenant, id: token.id)) else { return }
            let stock = UserKey.stock(of: token.tenant)
            batch.state[stock].tokens.append(token)
            if let key { batch.state.devices[key] = stock }
            return
        }
        guard isNamed, let key else { return }
        batch.state.devices[key] = owner
        if batch.state.users[owner]?.lockout == nil { batch.foreignHolders.insert(owner) }
    }

    /// A device that is not locked has a holder who is not either, or came into the stock a moment ago.
    private func note(_ named: PGResult, in batch: inout LoadedBatch, locked: PGResult) {
        let locked = Set(locked.rows.map { locked.uuid($0, 1) })
        for row in named.rows where !locked.contains(named.uuid(row, 0)) {
            batch.missesDevices = true
            guard let user = named.optionalText(row, 2) else { continue }
            batch.foreignHolders.insert(UserKey(tenant: named.text(row, 1), userID: user))
        }
    }

    private func decode(_ part: Part, _ result: PGResult, into batch: inout LoadedBatch) throws(StoreError) {
        for row in result.rows {
            switch part {
            case .lanes:
                let lane = LaneQueries.decode(result, row: row)
                batch.lanes[lane.id] = lane
            case .inbox:
                let (key, hit) = InboxQueries.decode(result, row: row)
                batch.known[key] = hit
            case .users:
                let (key, lockout) = UserQueries.decode(result, row: row)
                if let user = userKeys[key] { batch.state[user].lockout = lockout }
            case .tokens:
                let (key, token) = try TokenQueries.decode(result, row: row)
                if let key, let user = lockedUser(key, batch) { batch.state[user].tokens.append(token) }
            case .challenges:
                let (key, challenge) = try ChallengeQueries.decode(result, row: row)
                if let user = lockedUser(key, batch) { batch.state[user].challenges.append(challenge) }
            case .contacts:
                let (key, entry) = ContactQueries.decode(result, row: row)
                if let user = userKeys[key] { batch.state[user].contact = entry }
            case .deliveries:
                let (notification, state) = try DeliveryQueries.decode(result, row: row)
                batch.state.deliveries[notification] = state
            case .devices:
                add(try TokenQueries.decode(result, row: row).token, to: &batch)
            case .tenants:
                batch.catalogueVersions[result.text(row, 0)] = result.int64(row, 1)
            case .sends:
                batch.state.sends = SendQueries.decode(result, scopes: scopes)
                return
            case .conversions:
                batch.state.conversions = ConversionQueries.decode(result)
                return
            case .plain, .clock, .named:
                break
            }
        }
    }
}
