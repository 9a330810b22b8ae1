import Contract
import TestSupport
import Testing
import TokenCore
import TokenStore

@testable import WorkerRuntime

/// A worker's batch that stands open: it holds its locks and has decided by what it read; the test says when it is
/// written, or whether at all.
final class OpenBatch {
    private let store: TokenStore
    private let loaded: LoadedBatch
    private let lane: LaneRow
    private let before: WorkingSet
    private(set) var after: WorkingSet

    /// - Parameters:
    ///   - lane: batches that are open at the same time need lanes of their own.
    ///   - user: of the command's key; nil: a `~` key.
    init(
        _ world: ScanWorld,
        lane number: Int32 = 0,
        user: UserKey? = nil,
        serials: [String] = [],
        changesTypes: Bool = false,
        _ decide: (inout WorkingSet, DecisionContext) throws -> Void
    ) throws {
        store = try TokenStore(world.setup.store, keys: world.setup.keys)
        let lane = try store.lane(topic: "open", partition: number)
        var request = BatchRequest(
            lanes: [lane],
            keys: [],
            users: user.map { [$0] } ?? [],
            tenants: ["default"],
            reads: .contact
        )
        request.devices = Set(serials.map { DeviceKey(tenant: "default", serial: $0) })
        if changesTypes { request.changedTenants = ["default"] }
        loaded = try store.begin(request)
        self.lane = try #require(loaded.lanes[lane])
        let version = try #require(loaded.catalogueVersions["default"])
        let catalogue = try store.catalogue(tenant: "default", version: version)
        var state = loaded.state
        state.catalogues["default"] = catalogue
        before = state
        let context = DecisionContext(
            now: loaded.clock,
            user: user ?? .stock(of: "default"),
            catalogue: catalogue,
            asker: TokenCore.Asker(id: nil),
            cryptography: store.cryptography,
            envelopes: ClearEnvelopes(),
            random: SystemRandomSource(),
            limits: world.setup.decisions.limits
        )
        do {
            try decide(&state, context)
        } catch {
            store.rollback()
            store.close()
            throw error
        }
        after = state
    }

    func commit() throws {
        defer { store.close() }
        try store.commit(
            BatchResult(
                before: before,
                after: after,
                lanes: [lane.id: lane],
                inbox: [],
                audit: [],
                instant: lane.lastAt
            )
        )
    }

    /// The worker is gone; what it had open is rolled back.
    func die() { store.close() }
}

extension ScanWorld {
    /// Defines, edits or retires token types.
    func changeTypes(_ change: (inout TypeCatalogue) throws -> Void) throws {
        try OpenBatch(self, changesTypes: true) { state, context in
            var catalogue = context.catalogue
            try change(&catalogue)
            state.catalogues["default"] = catalogue
        }.commit()
    }

    /// A batch that has enrolled an SMS token of a type and is not written yet.
    func enrolling(_ name: String, type: String, lane: Int32) throws -> (batch: OpenBatch, token: TokenID) {
        var token: TokenID?
        let batch = try OpenBatch(self, lane: lane, user: Self.user(name)) { state, context in
            let request = EnrollmentRequest(tokenType: type, phone: "+41791234567")
            token = try state.enroll(request, context).result.get().token.id
        }
        return (batch, try #require(token))
    }

    /// Devices of a delivery, in the stock.
    ///
    /// - Parameter endingIn: seconds from now; nil: they never end.
    func stock(_ serials: [String], type: String = "totp-hardware", endingIn seconds: Int64? = nil) throws {
        try OpenBatch(self, serials: serials) { state, context in
            let entries = serials.map { serial in
                let seed = (0..<20).map { _ in UInt8.random(in: 0...255) }
                var entry = ImportEntry(serial: serial, secret: Base32.encode(seed))
                entry.expiresAt = seconds.map { context.now.adding(seconds: $0) }
                return entry
            }
            let type = try #require(context.catalogue[type])
            let result = try state.importDevices(entries, of: type, context)
            #expect(result.imported == serials.count, "\(result.skipped)")
        }.commit()
    }

    /// Gives a device to a user, PENDING until the first OTP.
    @discardableResult
    func assign(_ serial: String, to name: String, type: String = "totp-hardware") throws -> TokenID {
        var token: TokenID?
        try OpenBatch(self, user: Self.user(name), serials: [serial]) { state, context in
            var request = EnrollmentRequest(tokenType: type)
            request.hardware = HardwareProof(serial: serial)
            request.activate = .onFirstOTP
            token = try state.enroll(request, context).result.get().token.id
        }.commit()
        return try #require(token)
    }
}
