package import Postgres
package import TokenCore
package import TokenCrypto

/// What in the database still needs keys that are retired.
package struct KeyNeeds {
    /// One kind of thing that a key is needed for.
    package struct Need: Equatable, Sendable {
        /// What is counted, in the plural.
        package let kind: String
        /// nil: not counted in time.
        package let count: Int?
        /// When the last of them is removed; nil where no time removes them.
        package let until: Instant?
    }

    private let connection: PGConnection
    /// Seconds for which a command's answer is kept at most, from its decision on.
    private let inboxSeconds: Int64
    /// How long one count may take.
    private static let patience = "60s"

    /// - Parameter horizonSeconds: `INBOX_RETENTION`.
    package init(_ connection: PGConnection, horizonSeconds: Int64) {
        self.connection = connection
        // Housekeeping adds a day, and a day's partition goes as a whole.
        inboxSeconds = horizonSeconds + 2 * 86_400
    }

    /// What needs this key: empty where nothing does. Nil for rings whose keys no row of the database needs, but
    /// perhaps messages.
    package func needs(of key: Key) throws(PostgresError) -> [Need]? {
        switch key.ring {
        case .kek: try dataKeys(key)
        case .otp: try digests(DigestTag(kid: key.kid))
        case .notification, .provisioning, .submission, .dlq, .audit: nil
        }
    }

    private func dataKeys(_ key: Key) throws(PostgresError) -> [Need] {
        let count = try connection.query(DataKeyQueries.countByKey, [.texts([key.kid])]).int64(0, 0)
        return Self.some(Need(kind: "data keys", count: Int(count), until: nil))
    }

    private func digests(_ tag: DigestTag) throws(PostgresError) -> [Need] {
        var needs: [Need] = []
        let seeds = try connection.query(KeyQueries.countDigested, [.bytea(tag.bytes), .bytea(tag.end)]).int64(0, 0)
        needs += Self.some(Need(kind: "seed digests", count: Int(seeds), until: nil))
        needs += try count("recovery tokens", Self.recovery, tag, keptFor: nil)
        needs += try count("challenges", Self.challenges, tag, keptFor: 86_400)
        needs += try count("commands", Self.commands, tag, keptFor: inboxSeconds)
        return needs
    }

    private static func some(_ need: Need) -> [Need] {
        need.count == 0 ? [] : [need]
    }

    /// Reads a whole table, and gives up where that takes too long.
    private func count(
        _ kind: String,
        _ statement: Statement,
        _ tag: DigestTag,
        keptFor seconds: Int64?
    ) throws(PostgresError) -> [Need] {
        try connection.execute("BEGIN READ ONLY; SET LOCAL statement_timeout = '\(Self.patience)'")
        defer { connection.rollback() }
        do {
            let result = try connection.query(statement, [.bytea(tag.bytes)])
            let last = result.optionalTimestamp(0, 1).map(Instant.init(microseconds:))
            let until = seconds.flatMap { seconds in last?.adding(seconds: seconds) }
            return Self.some(Need(kind: kind, count: Int(result.int64(0, 0)), until: until))
        } catch  where error.sqlState == .queryCanceled {
            return [Need(kind: kind, count: nil, until: nil)]
        }
    }

    // A tag among random bytes is no evidence, but an error on the safe side.

    static let recovery = Statement(
        name: "key_needs_recovery",
        sql: """
            SELECT count(*), NULL::timestamptz FROM token
            WHERE status <> 6 AND recovery_digests IS NOT NULL AND position($1::bytea IN recovery_digests) > 0
            """
    )

    static let challenges = Statement(
        name: "key_needs_challenges",
        sql: """
            SELECT count(*), max(expires_at) FROM challenge
            WHERE position($1::bytea IN current_digest || replaced_digests || coalesce(context_digest, '')) > 0
            """
    )

    static let commands = Statement(
        name: "key_needs_commands",
        sql:
            "SELECT count(*), max(received_at) FROM inbox WHERE substring(fingerprint FOR \(DigestTag.length)) = $1::bytea"
    )
}
