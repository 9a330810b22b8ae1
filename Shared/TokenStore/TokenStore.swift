package import Postgres
package import TokenCore
package import TokenCrypto

/// The token schema as one worker thread uses it: lanes, batches of two round trips, the catalogue.
///
/// Not thread-safe: one connection, one thread. After any error the caller takes its lanes over anew; a broken
/// connection is replaced by ``reconnect()``.
package final class TokenStore {
    private let settings: StoreSettings
    let keys: KeySource
    private(set) var connection: PGConnection
    private var catalogues: [String: (version: Int64, catalogue: TypeCatalogue)] = [:]
    package let cryptography: StoreCryptography

    /// - Throws: `PostgresError` while the database is away; `StoreError` where schema or keys don't fit.
    package init(_ settings: StoreSettings, keys: KeySource) throws {
        self.settings = settings
        self.keys = keys
        connection = try settings.connect()
        cryptography = StoreCryptography(keys: keys)
        try cryptography.dataKeys.load(connection)
    }

    package var isBroken: Bool { connection.isBroken }

    /// A new connection in place of the old one. What the old one had under way is rolled back by the server.
    package func reconnect() throws {
        connection.close()
        connection = try settings.connect()
        try cryptography.dataKeys.load(connection)
    }

    package func close() {
        connection.close()
    }

    // MARK: Lanes

    /// The lane of a partition; its row is made where it is new.
    package func lane(topic: String, partition: Int32) throws(PostgresError) -> LaneID {
        let place = [PGParameter.text(topic), .int32(partition)]
        let results = try connection.pipeline([
            PipelineStep(LaneQueries.ensure, place),
            PipelineStep(LaneQueries.find, place),
        ])
        return LaneID(rawValue: results[1].int32(0, 0))
    }

    /// Raises the lane's epoch and reads what it owes. Waits for a batch that holds the lane.
    package func takeOver(_ lane: LaneID) throws -> Takeover {
        let parameter = [PGParameter.int32(lane.rawValue)]
        do {
            let results = try connection.pipeline([
                PipelineStep(.begin),
                PipelineStep(LaneQueries.raiseEpoch, parameter),
                PipelineStep(InboxQueries.owed, parameter),
                PipelineStep(.commit),
            ])
            guard results[1].rowCount == 1 else { throw StoreError.damagedRow(table: "lane") }
            return Takeover(
                lane: LaneQueries.decode(results[1], row: 0),
                owed: results[2].rows.map { results[2].bytes($0, 0) }
            )
        } catch {
            connection.rollback()
            throw error
        }
    }

    /// Forgets the lane's offset: its log was re-created.
    ///
    /// - Returns: false under a foreign epoch.
    package func restart(_ lane: LaneID, epoch: Int64) throws(PostgresError) -> Bool {
        try connection.query(LaneQueries.restart, [.int32(lane.rawValue), .int64(epoch)]).rowCount == 1
    }

    /// Records what was acknowledged; never lowers it.
    ///
    /// - Returns: the lanes that still have the caller's epoch.
    package func markAnswered(_ lanes: [(id: LaneID, epoch: Int64, through: Int64)]) throws(PostgresError) -> Set<
        LaneID
    > {
        let sorted = lanes.sorted { $0.id < $1.id }
        let result = try connection.query(
            LaneQueries.markAnswered,
            [
                .int32s(sorted.map(\.id.rawValue)), .int64s(sorted.map(\.epoch)), .int64s(sorted.map(\.through)),
            ]
        )
        return Set(result.rows.map { LaneID(rawValue: result.int32($0, 0)) })
    }

    /// The lanes' epochs as they stand; takes no lock.
    package func epochs(_ lanes: [LaneID]) throws(PostgresError) -> [LaneID: Int64] {
        let result = try connection.query(LaneQueries.epochs, [.int32s(lanes.map(\.rawValue))])
        return Dictionary(
            result.rows.map { (LaneID(rawValue: result.int32($0, 0)), result.int64($0, 1)) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Whether the inbox has the key, in any partition.
    package func isKnown(_ key: UUIDValue) throws(PostgresError) -> Bool {
        try connection.query(InboxQueries.isKnown, [.uuid(PGUUID(key))]).bool(0, 0)
    }

    /// What the inbox, in any partition, knows of the keys.
    package func inbox(_ keys: [UUIDValue]) throws(PostgresError) -> [UUIDValue: InboxHit] {
        let result = try connection.query(InboxQueries.lookUp, [.uuids(keys.map { PGUUID($0) })])
        return Dictionary(result.rows.map { InboxQueries.decode(result, row: $0) }) { first, _ in first }
    }

    // MARK: Batches

    /// Begins a batch: BEGIN, locks, inbox, users, tokens in one round trip. On any error the transaction is over.
    package func begin(_ request: BatchRequest) throws -> LoadedBatch {
        let load = BatchLoad(request)
        do {
            let batch = try load.decode(connection.pipeline(load.steps))
            let dataKeys = cryptography.dataKeys
            if cryptography.knowsDataKeys(of: batch.state) {
                try dataKeys.refreshIfStale(connection)
            } else {
                try dataKeys.load(connection)
            }
            return batch
        } catch {
            connection.rollback()
            throw error
        }
    }

    /// Writes what changed and commits, in one round trip. On any error the transaction is over; its outcome is
    /// in doubt where the connection was lost.
    package func commit(_ result: BatchResult) throws(PostgresError) {
        do {
            _ = try connection.pipeline(BatchWrite(result).steps)
        } catch {
            connection.rollback()
            throw error
        }
    }

    /// Who holds the seeds behind these digests.
    package func seedHolders(_ digests: [KeyedDigest]) throws(PostgresError) -> SeedLedger {
        let result = try connection.query(DeviceQueries.holders, [.byteas(digests.map(\.bytes))])
        let holders = result.rows.map { row in
            (KeyedDigest(bytes: result.bytes(row, 0)), TokenID(UUIDValue(result.uuid(row, 1))))
        }
        return SeedLedger(Dictionary(holders) { first, _ in first })
    }

    package func rollback() {
        connection.rollback()
    }

    // MARK: Catalogue

    /// The tenant's token types; read anew only where `version` is not the one that is known.
    package func catalogue(tenant: String, version: Int64) throws -> TypeCatalogue {
        if let known = catalogues[tenant], known.version == version { return known.catalogue }
        let result = try connection.query(TenantQueries.types, [.text(tenant)])
        let catalogue = try TokenTypeRows.decode(result)
        catalogues[tenant] = (version, catalogue)
        return catalogue
    }

    /// A page of a tenant's tokens, in the order of their ids.
    package func tokens(tenant: String, _ request: TenantPageRequest) throws -> [Token] {
        let result = try connection.query(TokenQueries.page, TokenQueries.pageParameters(tenant, request))
        return try result.rows.map { try TokenQueries.decode(result, row: $0).token }
    }
}
