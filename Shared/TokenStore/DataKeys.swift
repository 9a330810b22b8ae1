import Postgres
import TokenCrypto

/// The data keys, unwrapped, as one worker thread knows them; what was unwrapped once stays in use, whatever becomes of
/// the key that had wrapped it.
final class DataKeys {
    /// How long a look for a newer one is good for.
    private static let interval: Duration = .seconds(2)
    private let keys: KeySource
    private var ciphers: [Int32: AESGCM] = [:]
    private var newestNumber: Int32 = 0
    private var newestWrapping = ""
    private var lookedAt: ContinuousClock.Instant = .now

    init(_ keys: KeySource) {
        self.keys = keys
    }

    subscript(number: Int32) -> AESGCM? { ciphers[number] }

    func isKnown(_ number: Int32) -> Bool { ciphers[number] != nil }

    /// The one that seals new seeds, and its number.
    var newest: (number: Int32, cipher: AESGCM)? { ciphers[newestNumber].map { (newestNumber, $0) } }

    /// Reads and unwraps those that are not known yet; makes the first one where there is none.
    ///
    /// - Throws: `StoreError.keyMissing` where no key of ring `kek` unwraps one of them.
    func load(_ connection: PGConnection) throws {
        var rows = try connection.query(DataKeyQueries.load)
        if rows.rowCount == 0 {
            try add(connection) { try connection.query(DataKeyQueries.load).rowCount == 0 }
            rows = try connection.query(DataKeyQueries.load)
        }
        try take(rows)
    }

    /// Looks for a newer one now and then, as long as the newest is not wrapped by the active key: the scanner makes one
    /// after each rotation. One that cannot be unwrapped yet is nothing to stop for.
    func refreshIfStale(_ connection: PGConnection, now: ContinuousClock.Instant = .now) throws {
        guard now - lookedAt >= Self.interval, newestWrapping != keys.current.active(.kek)?.kid else { return }
        let rows = try connection.query(DataKeyQueries.load)
        do { try take(rows) } catch { lookedAt = now }
    }

    /// Makes a new one under the active key if, with all others kept out, `isWanted`.
    func add(_ connection: PGConnection, if isWanted: () throws -> Bool) throws {
        let isNested = connection.transactionStatus == .inTransaction
        if !isNested { try connection.execute("BEGIN") }
        do {
            let lock = try connection.query(DataKeyQueries.lock)
            withExtendedLifetime(lock) {}
            if try isWanted(), let key = keys.current.active(.kek) {
                _ = try connection.query(
                    DataKeyQueries.insert,
                    [.text(key.kid), .bytea(try wrap(.random(32), with: key))]
                )
            }
            if !isNested { try connection.commit() }
        } catch {
            if !isNested { connection.rollback() }
            throw error
        }
    }

    /// The row's data key.
    ///
    /// - Throws: `StoreError` where no key unwraps it.
    func unwrap(_ wrapped: [UInt8], kid: String) throws(StoreError) -> Secret {
        // Not `current`: another process may have re-wrapped it under a key that this one has not read yet.
        guard let key = keys.key(.kek, kid: kid) else { throw .keyMissing(ring: Ring.kek.rawValue) }
        do {
            if let secret = try keys.keyEncryption.unwrap(wrapped, with: key) { return secret }
        } catch {
            throw .keyUnavailable(reason: error.description)
        }
        throw .keyMissing(ring: Ring.kek.rawValue)
    }

    func wrap(_ secret: Secret, with key: Key) throws(StoreError) -> [UInt8] {
        do {
            return try keys.keyEncryption.wrap(secret, with: key)
        } catch {
            throw .keyUnavailable(reason: error.description)
        }
    }

    private func take(_ rows: PGResult) throws(StoreError) {
        for row in rows.rows {
            let number = rows.int32(row, 0)
            let kid = rows.text(row, 1)
            if ciphers[number] == nil {
                ciphers[number] = AESGCM(key: try unwrap(rows.bytes(row, 2), kid: kid).locked)
            }
            if number >= newestNumber { (newestNumber, newestWrapping) = (number, kid) }
        }
        lookedAt = .now
    }
}
