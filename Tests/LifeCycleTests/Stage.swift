import Contract
import TestSupport
import TokenCore
import WorkerRuntime

@testable import ExpiryScanner

/// The store as a value, and commands from their data to their outcome as the runtime takes them: each sees what the
/// store would load for it, and nothing else.
struct Stage {
    /// Everything that there is; the stock's devices stand under the stock's key.
    private(set) var state = WorkingSet()
    var now = Instant(seconds: 1_800_000_000)
    var types: [TokenType]
    /// All commands are decisions of one batch: over one working set that nothing is read into again.
    let isOneBatch: Bool
    let limits: SendingLimits
    private var commands: UInt64 = 0

    init(types: [TokenType] = TokenType.builtIn, isOneBatch: Bool = false, limits: SendingLimits = .none) {
        self.types = types
        self.isOneBatch = isOneBatch
        self.limits = limits
    }

    static let tenant = "acme"
    static let stock = UserKey.stock(of: tenant)
    /// Where an operator's commands on the stock come.
    static let operators = UserKey(tenant: tenant, userID: "~operators")

    static func user(_ name: String) -> UserKey { UserKey(tenant: tenant, userID: name) }

    /// Tokens that are not DELETED, in the order of enrolment, with the record that each stands in.
    var tokens: [(token: Token, holder: UserKey)] {
        state.users.values.flatMap { record in record.tokens.map { ($0, record.key) } }
            .sorted { $0.0.id < $1.0.id }
    }

    func record(_ key: UserKey) -> UserRecord { state[key] }

    func context(on key: UserKey, asker: TokenCore.Asker = TokenCore.Asker(id: "operator")) -> DecisionContext {
        DecisionContext(
            now: now,
            user: key,
            catalogue: TypeCatalogue(types),
            asker: asker,
            cryptography: ClearCryptography(),
            envelopes: ClearEnvelopes(),
            // New for each command: ids and OTPs differ from command to command.
            random: SeededSource(seed: commands &* 1_000_003 &+ 17),
            limits: limits
        )
    }

    /// The checks of the runtime from the data on, then the decision.
    mutating func send<Handler: CommandHandler>(
        _ handler: Handler,
        _ data: JSONObject,
        on key: UserKey
    ) -> Outcome {
        let command: Handler.Command
        let needs: Needs
        do throws(FieldError) {
            command = try Handler.Command(FieldReader(data))
        } catch {
            return .rejected(.malformed(field: error.pointer))
        }
        guard Handler.keys.contains(key.isTenantWide ? .tenantWide : .user) else {
            return .rejected(.malformed(field: "key"))
        }
        do throws(Rejection) {
            needs = try handler.needs(command, on: key)
        } catch {
            return .rejected(error)
        }
        return decide(needs, Handler.reads, on: key) { view, context in handler.decide(command, &view, context) }
    }

    /// A record of the directory, or its tombstone.
    mutating func send(_ handler: some DirectoryHandler, _ data: JSONObject?, on key: UserKey) throws -> Outcome {
        let record = try data.map { try DirectoryRecord(FieldReader($0)) }
        return decide(Needs(), .contact, on: key) { view, context in handler.decide(record, &view, context) }
    }

    /// The scanner's look at a user's tokens, or at all devices of the stock.
    mutating func scan(_ holder: UserKey, told: [TokenID: Set<Int>]) -> (Outcome, ScanDecision) {
        var needs = Needs()
        if holder == Self.stock { needs.stocked = Set(state[holder].tokens.map(\.id)) }
        var decision: ScanDecision?
        let outcome = decide(needs, .contact, on: holder) { view, context in
            let made = ScanDecision(&view, told: told, context)
            decision = made
            return Outcome(.ok([:]), events: made.events, notifications: made.notifications)
        }
        guard let decision else { preconditionFailure("a decision is made at once") }
        return (outcome, decision)
    }

    private mutating func decide(
        _ needs: Needs,
        _ reads: Reads,
        on key: UserKey,
        _ body: (inout WorkingSet, DecisionContext) -> Outcome
    ) -> Outcome {
        commands += 1
        let loaded = isOneBatch ? state : load(needs, reads, on: key)
        var view = loaded
        view.tenantPage = needs.page.map(rows) ?? []
        let outcome = body(&view, context(on: key))
        if let catalogue = view.catalogues[Self.tenant] { types = catalogue.all }
        view.catalogues = [:]
        if isOneBatch {
            state = view
            state.tenantPage = []
        } else {
            save(view, loaded, reads)
        }
        return outcome
    }
}

extension SendingLimits {
    static let none = SendingLimits(user: [], destination: [])
}

// MARK: The store

extension Stage {
    private func rows(_ page: TenantPageRequest) -> [Token] {
        Array(tokens.map(\.token).prefix(page.limit))
    }

    private func holder(ofSerial serial: String) -> (Token, UserKey)? {
        for record in state.users.values {
            if let token = record.tokens.first(where: { $0.device.serial == serial }) { return (token, record.key) }
        }
        return nil
    }

    /// What the store loads: the key's user, the users and devices that the command names and who holds those, and who
    /// has the seeds that it brings.
    private func load(_ needs: Needs, _ reads: Reads, on key: UserKey) -> WorkingSet {
        var view = WorkingSet()
        var users = needs.users
        if !key.isTenantWide { users.insert(key) }
        var stocked: [Token] = []
        for serial in needs.serials.sorted() {
            guard let (token, holder) = holder(ofSerial: serial) else { continue }
            view.devices[DeviceKey(tenant: Self.tenant, serial: serial)] = holder
            if holder.isTenantWide { stocked.append(token) } else { users.insert(holder) }
        }
        for id in needs.stocked.sorted() {
            guard let token = state.users[Self.stock]?[id], !stocked.contains(where: { $0.id == id }) else { continue }
            stocked.append(token)
            if let serial = token.device.serial {
                view.devices[DeviceKey(tenant: Self.tenant, serial: serial)] = Self.stock
            }
        }
        if !stocked.isEmpty { view[Self.stock].tokens = stocked }
        for user in users {
            guard var record = state.users[user] else { continue }
            if !reads.contains(.contact) { record.contact = nil }
            view.users[user] = record
        }
        if reads.contains(.sends) { view.sends = SendLedger(state.sends.sent) }
        for seed in needs.seeds {
            guard let bytes = Base32.decode(seed.text) else { continue }
            let digests = ClearCryptography().digests(ofSeed: bytes, tenant: Self.tenant)
            if let owner = tokens.first(where: { $0.token.oath?.secret.bytes == bytes }) {
                view.seeds.take(digests, for: owner.token.id)
            }
        }
        return view
    }

    /// Writes back what a decision changed: a token that no record of the view has any more is DELETED.
    private mutating func save(_ view: WorkingSet, _ loaded: WorkingSet, _ reads: Reads) {
        for record in loaded.users.values {
            for token in record.tokens { state.users[record.key]?[token.id] = nil }
        }
        for (key, record) in view.users {
            for token in record.tokens { state[key][token.id] = token }
            state[key].tokens.sort { $0.id < $1.id }
            guard !key.isTenantWide else { continue }
            state[key].lockout = record.lockout
            state[key].challenges = record.challenges
            if reads.contains(.contact) { state[key].contact = record.contact }
        }
        if reads.contains(.sends) { state.sends = SendLedger(view.sends.sent) }
    }
}
