package import Postgres
import TokenCore
import TokenCrypto

/// Brings what was made under retired keys under the active ones, a small batch at a time: wrapped data keys (ring
/// `kek`) and the digests that tell equal seeds (ring `otp`).
///
/// Can stop between any two steps, and any number may run at once: each batch is a transaction of its own that compares
/// before it sets. Only what a key of this process's file that is *retired* has made is touched, so that a process
/// with an older file takes nothing back.
package final class KeyUpkeep {
    /// What still has to be made anew; counted up to a point.
    package struct Pending: Equatable, Sendable {
        package var dataKeys: Int
        package var seedDigests: Int
        package var isEmpty: Bool { dataKeys == 0 && seedDigests == 0 }
    }

    /// What a step did.
    package enum Step: Equatable, Sendable {
        /// There may be more.
        case moved
        /// Another scanner is at it.
        case busy
        /// A pass over everything has come to its end.
        case finished
    }

    /// Where a pass stands.
    private enum Place: Equatable {
        case start
        /// Digests of these keys, the first one's from the value on.
        case digests([DigestTag], after: [UInt8])
        case undigested(after: PGUUID)
    }

    private static let first = PGUUID(high: 0, low: 0)
    /// After this a twin is looked at again: the other token may be gone.
    private static let twinsLast: Duration = .seconds(3_600)
    private let batch: Int32
    private var place: Place = .start
    private var left = 0
    private var problem: StoreError?
    /// Seeds whose digest another token has already: two tokens with one seed, which stay as they are.
    package private(set) var twins = 0
    private var twinsMetAt: ContinuousClock.Instant = .now

    /// - Parameter batch: rows of one transaction.
    package init(batch: Int = 256) {
        self.batch = Int32(batch)
    }

    /// What is left to do, the twins that the last pass met not counted.
    package func pending(_ store: TokenStore) throws(PostgresError) -> Pending {
        let connection = store.connection
        let dataKeys = try connection.query(DataKeyQueries.countByKey, [.texts(retired(.kek, store))]).int64(0, 0)
        var digests = try connection.query(KeyQueries.countUndigested).int64(0, 0)
        for tag in retiredTags(store) {
            digests += try connection.query(KeyQueries.countDigested, [.bytea(tag.bytes), .bytea(tag.end)]).int64(0, 0)
        }
        if .now - twinsMetAt > Self.twinsLast { twins = 0 }
        return Pending(dataKeys: Int(dataKeys), seedDigests: max(0, Int(digests) - twins))
    }

    /// One batch.
    ///
    /// - Throws: at the end of a pass, why a data key could not be wrapped anew.
    package func step(_ store: TokenStore) throws -> Step {
        let connection = store.connection
        if place == .start {
            guard try rewrap(store) else { return .moved }
            let tags = retiredTags(store)
            place = tags.first.map { .digests(tags, after: $0.bytes) } ?? .undigested(after: Self.first)
            left = 0
        }
        try connection.execute("BEGIN")
        let step: Step
        do {
            guard try connection.query(KeyQueries.tryLock).bool(0, 0) else {
                connection.rollback()
                return .busy
            }
            let rows = try next(connection)
            if try set(digests(of: rows, store), connection) { try connection.commit() }
            step = advance(rows)
        } catch {
            connection.rollback()
            throw error
        }
        if step == .finished, let problem { throw problem }
        return step
    }

    // MARK: Data keys

    /// Makes the new data key, then wraps older ones anew.
    ///
    /// - Returns: whether none is left that can be.
    private func rewrap(_ store: TokenStore) throws -> Bool {
        let (connection, keys) = (store.connection, store.cryptography.dataKeys)
        problem = nil
        func isDue() throws -> Bool {
            let newest = try connection.query(DataKeyQueries.newest)
            return newest.rowCount == 1 && retired(.kek, store).contains(newest.text(0, 0))
        }
        if try isDue() {
            do {
                try keys.add(connection, if: isDue)
                try keys.load(connection)
            } catch let error as StoreError {
                problem = error
            }
        }
        guard let active = store.keys.current.active(.kek) else { return true }
        let rows = try connection.query(DataKeyQueries.wrapped, [.texts(retired(.kek, store)), .int32(batch)])
        for row in rows.rows {
            let kid = rows.text(row, 1)
            let wrapped: [UInt8]
            do {
                wrapped = try keys.wrap(try keys.unwrap(rows.bytes(row, 2), kid: kid), with: active)
            } catch {
                problem = error
                continue
            }
            _ = try connection.query(
                DataKeyQueries.rewrap,
                [.int32(rows.int32(row, 0)), .text(kid), .text(active.kid), .bytea(wrapped)]
            )
        }
        return problem != nil || rows.rowCount < batch
    }

    // MARK: Digests

    private struct Redigested {
        let id: PGUUID
        let sealed: [UInt8]
        let old: [UInt8]
        let made: [UInt8]
    }

    private func next(_ connection: PGConnection) throws(PostgresError) -> PGResult? {
        switch place {
        case .start: nil
        case .digests(let tags, let after):
            try connection.query(KeyQueries.digested, [.bytea(after), .bytea(tags[0].end), .int32(batch)])
        case .undigested(let after):
            try connection.query(KeyQueries.undigested, [.uuid(after), .int32(batch)])
        }
    }

    private func digests(of rows: PGResult?, _ store: TokenStore) throws -> [Redigested] {
        guard let rows else { return [] }
        var found: [Redigested] = []
        for row in rows.rows {
            let (token, tenant) = (TokenID(UUIDValue(rows.uuid(row, 0))), rows.text(row, 1))
            let secret = SealedSecret(bytes: rows.bytes(row, 2), digest: nil)
            if let number = SealedSeed.dataKey(of: secret), !store.cryptography.dataKeys.isKnown(number) {
                try store.cryptography.dataKeys.load(store.connection)
            }
            guard let made = store.cryptography.digest(ofStored: secret, of: token, tenant: tenant) else { continue }
            found.append(
                Redigested(id: rows.uuid(row, 0), sealed: secret.bytes, old: rows.bytes(row, 3), made: made)
            )
        }
        return found
    }

    /// - Returns: false where the transaction is over, since a row had a twin: each row then went by itself.
    private func set(_ rows: [Redigested], _ connection: PGConnection) throws(PostgresError) -> Bool {
        guard !rows.isEmpty else { return true }
        do {
            try write(rows, connection)
            return true
        } catch  where error.sqlState == .uniqueViolation {
            connection.rollback()
        }
        for row in rows {
            do {
                try write([row], connection)
            } catch  where error.sqlState == .uniqueViolation {
                left += 1
            }
        }
        return false
    }

    private func write(_ rows: [Redigested], _ connection: PGConnection) throws(PostgresError) {
        _ = try connection.query(
            KeyQueries.setDigests,
            [
                .uuids(rows.map(\.id)), .byteas(rows.map(\.sealed)), .byteas(rows.map(\.old)),
                .byteas(rows.map(\.made)),
            ]
        )
    }

    private func advance(_ rows: PGResult?) -> Step {
        guard let rows else { return .moved }
        let last = rows.rowCount - 1
        let isWhole = rows.rowCount == Int(batch)
        switch place {
        case .start: break
        case .digests(let tags, _) where isWhole: place = .digests(tags, after: rows.bytes(last, 3))
        case .digests(let tags, _):
            let others = Array(tags.dropFirst())
            place =
                others.first.map { .digests(others, after: $0.bytes) } ?? .undigested(after: Self.first)
        case .undigested where isWhole: place = .undigested(after: rows.uuid(last, 0))
        case .undigested:
            place = .start
            (twins, twinsMetAt) = (left, .now)
            return .finished
        }
        return .moved
    }

    // MARK: Keys

    private func retired(_ ring: Ring, _ store: TokenStore) -> [String] {
        store.keys.current.keys.filter { $0.ring == ring && $0.state == .retired }.map(\.kid)
    }

    private func retiredTags(_ store: TokenStore) -> [DigestTag] {
        let active = store.keys.current.active(.otp).map { DigestTag(kid: $0.kid) }
        return retired(.otp, store).map(DigestTag.init).filter { $0 != active }
    }
}
