package import Postgres
package import TokenCore

/// What of a shard is due.
package enum DueTokens: Equatable, Sendable {
    /// Users with a token whose time has come.
    case users(Set<UserKey>)
    /// Devices of the stock whose time has come.
    case devices(Set<StockedToken>)

    package var isEmpty: Bool {
        switch self {
        case .users(let users): users.isEmpty
        case .devices(let devices): devices.isEmpty
        }
    }

    package var tenants: Set<String> {
        switch self {
        case .users(let users): Set(users.map(\.tenant))
        case .devices(let devices): Set(devices.map(\.tenant))
        }
    }

    /// Each by itself.
    package var parts: [DueTokens] {
        switch self {
        case .users(let users): users.map { .users([$0]) }
        case .devices(let devices): devices.map { .devices([$0]) }
        }
    }
}

extension TokenStore {
    /// The topic name under which the scanner's shards are lanes; no Kafka topic begins so.
    package static let scanTopic = "~expiry"
    /// The shard of the devices that no user holds; those below it are the users', by the first bits of their keys.
    package static let stockShard: Int32 = 16

    /// The shard whose lane answers for the audit trail's checkpoints.
    package static let checkpointShard: Int32 = 17

    private static let scanLock: Int64 = 7_310_868_735_421_906_000

    /// Shards with something due or something owed, and how many tokens are due in each, counted up to 4,096.
    package func busyShards() throws(PostgresError) -> [(shard: Int32, due: Int)] {
        let result = try connection.query(ScanQueries.busyShards, [.text(Self.scanTopic)])
        return result.rows.map { (result.int32($0, 0), Int(result.int32($0, 1))) }
    }

    /// Takes the shard for the connection, which is a hint to other scanners; the lane's epoch is the fence.
    ///
    /// - Returns: false where another session has it.
    package func tryLock(shard: Int32) throws(PostgresError) -> Bool {
        try connection.query(ScanQueries.tryLock, [.int64(Self.scanLock + Int64(shard))]).bool(0, 0)
    }

    package func unlock(shard: Int32) throws(PostgresError) {
        _ = try connection.query(ScanQueries.unlock, [.int64(Self.scanLock + Int64(shard))])
    }

    /// Whether the session that has the shard has said nothing for so long: it stands still, though its connection lives.
    package func isHolderSilent(shard: Int32, seconds: Int64) throws(PostgresError) -> Bool {
        try connection.query(ScanQueries.isHolderSilent, [.int64(Self.scanLock + Int64(shard)), .int64(seconds)])
            .bool(0, 0)
    }

    /// What of the shard is due, that which waited longest first.
    package func due(shard: Int32, limit: Int) throws(PostgresError) -> DueTokens {
        guard shard == Self.stockShard else {
            let result = try connection.query(ScanQueries.dueUsers, [.int32(shard), .int32(Int32(limit))])
            return .users(Set(result.rows.map { UserKey(tenant: result.text($0, 0), userID: result.text($0, 1)) }))
        }
        let result = try connection.query(ScanQueries.dueDevices, [.int32(Int32(limit))])
        return .devices(
            Set(
                result.rows.map {
                    StockedToken(tenant: result.text($0, 0), id: TokenID(UUIDValue(result.uuid($0, 1))))
                }
            )
        )
    }

    /// Puts off for an hour what is due but whose rows can't be handled, so that it holds nothing else up.
    package func postpone(_ due: DueTokens) throws(PostgresError) {
        switch due {
        case .users(let users): for user in users { try postpone(user) }
        case .devices(let devices):
            for device in devices {
                _ = try connection.query(ScanQueries.postponeDevice, [.uuid(PGUUID(device.id.value))])
            }
        }
    }

    private func postpone(_ user: UserKey) throws(PostgresError) {
        let key = PGUUID(StoreKeys.user(user))
        do {
            _ = try connection.pipeline([
                PipelineStep(.begin),
                PipelineStep(UserQueries.lockAndLoad, [.uuids([key])]),
                PipelineStep(ScanQueries.postpone, [.uuid(key)]),
                PipelineStep(.commit),
            ])
        } catch {
            connection.rollback()
            throw error
        }
    }

    /// The notices that were given for these tokens.
    package func expiryMarks(of tokens: [TokenID]) throws(PostgresError) -> Set<ExpiryMark> {
        let result = try connection.query(ScanQueries.marks, [.uuids(tokens.map { PGUUID($0.value) })])
        return Set(
            result.rows.map {
                ExpiryMark(
                    token: TokenID(UUIDValue(result.uuid($0, 0))),
                    days: Int(result.int32($0, 1)),
                    expiresAt: result.instant($0, 2)
                )
            }
        )
    }
}
