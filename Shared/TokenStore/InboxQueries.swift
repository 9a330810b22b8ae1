import Postgres
package import TokenCore

/// A command that was decided, with the messages that it gave rise to: the bytes that go on the wire.
package struct InboxRow: Equatable, Sendable {
    package let key: UUIDValue
    package let lane: LaneID
    package let batchSequence: Int64
    package let position: Int32
    /// Keyed digest of the command's content, which recognises `id_reused`.
    package let fingerprint: [UInt8]
    package let messages: [UInt8]

    package init(
        key: UUIDValue,
        lane: LaneID,
        batchSequence: Int64,
        position: Int32,
        fingerprint: [UInt8],
        messages: [UInt8]
    ) {
        self.key = key
        self.lane = lane
        self.batchSequence = batchSequence
        self.position = position
        self.fingerprint = fingerprint
        self.messages = messages
    }
}

/// What the inbox knows of a command that comes again.
package struct InboxHit: Equatable, Sendable {
    package let fingerprint: [UInt8]
    package let messages: [UInt8]

    package init(fingerprint: [UInt8], messages: [UInt8]) {
        self.fingerprint = fingerprint
        self.messages = messages
    }
}

enum InboxQueries {
    /// Two copies of one command on two lanes wait for each other here, in the order of the sorted array.
    static let lockIDs = Statement(
        name: "inbox_lock_ids",
        sql: """
            SELECT count(*) FROM (SELECT pg_advisory_xact_lock(id) FROM unnest($1::bigint[]) AS id) locked
            """
    )

    static let lookUp = Statement(
        name: "inbox_look_up",
        sql: "SELECT key, fingerprint, messages FROM inbox WHERE key = ANY ($1::uuid[])"
    )

    static func decode(_ result: PGResult, row: Int) -> (key: UUIDValue, hit: InboxHit) {
        (
            UUIDValue(result.uuid(row, 0)),
            InboxHit(fingerprint: result.bytes(row, 1), messages: result.bytes(row, 2))
        )
    }

    static let isKnown = Statement(
        name: "inbox_is_known",
        sql: "SELECT EXISTS (SELECT FROM inbox WHERE key = $1::uuid)"
    )

    /// What is committed and not yet acknowledged, in the order in which it has to be sent.
    static let owed = Statement(
        name: "inbox_owed",
        sql: """
            SELECT i.messages FROM lane l JOIN inbox i
                ON i.lane_id = l.lane_id AND i.batch_seq > l.answered_through AND i.received_at >= l.unanswered_since
            WHERE l.lane_id = $1::int
            ORDER BY i.batch_seq, i.position
            """
    )

    static let insert = Statement(
        name: "inbox_insert",
        sql: """
            INSERT INTO inbox (key, lane_id, batch_seq, position, fingerprint, messages, received_at)
            SELECT u.*, $7::timestamptz
            FROM unnest($1::uuid[], $2::int[], $3::bigint[], $4::int[], $5::bytea[], $6::bytea[]) AS u
            """
    )

    static func insertion(_ rows: [InboxRow], at instant: Instant) -> PipelineStep {
        PipelineStep(
            insert,
            [
                .uuids(rows.map { PGUUID($0.key) }),
                .int32s(rows.map(\.lane.rawValue)),
                .int64s(rows.map(\.batchSequence)),
                .int32s(rows.map(\.position)),
                .byteas(rows.map(\.fingerprint)),
                .byteas(rows.map(\.messages)),
                .timestamp(microsecondsSinceUnixEpoch: instant.microseconds),
            ]
        )
    }
}
