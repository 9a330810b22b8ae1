package import Postgres
package import TokenCore

extension TokenStore {
    /// The topic name under which the scanner's shards are lanes; no Kafka topic begins so.
    package static let scanTopic = "~expiry"
    /// Shards of the scanner's work, by the first bits of a user's key.
    package static let scanShards: Int32 = 16

    private static let scanLock: Int64 = 7_310_868_735_421_906_000

    /// Shards with something due or something owed.
    package func busyShards() throws(PostgresError) -> [Int32] {
        let result = try connection.query(ScanQueries.busyShards, [.text(Self.scanTopic)])
        return result.rows.map { result.int32($0, 0) }
    }

    /// The session's lock on a shard: the hint that another scanner is at it; the lane's epoch is the fence.
    package func tryLock(shard: Int32) throws(PostgresError) -> Bool {
        try connection.query(ScanQueries.tryLock, [.int64(Self.scanLock + Int64(shard))]).bool(0, 0)
    }

    package func unlock(shard: Int32) throws(PostgresError) {
        _ = try connection.query(ScanQueries.unlock, [.int64(Self.scanLock + Int64(shard))])
    }

    /// Users of the shard with a token whose time has come.
    package func dueUsers(shard: Int32, limit: Int) throws(PostgresError) -> Set<UserKey> {
        let result = try connection.query(ScanQueries.dueUsers, [.int32(shard), .int32(Int32(limit))])
        return Set(result.rows.map { UserKey(tenant: result.text($0, 0), userID: result.text($0, 1)) })
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
