import Postgres
import TokenCore

/// Owning a lane, and moving it on.
enum LaneQueries {
    private static let columns = """
        lane_id, epoch, batch_seq, answered_through, unanswered_since, next_offset, last_record, last_at, audit_seq,
        audit_hash
        """

    static let ensure = Statement(
        name: "lane_ensure",
        sql: "INSERT INTO lane (topic, partition) VALUES ($1::text, $2::int) ON CONFLICT DO NOTHING"
    )

    static let find = Statement(
        name: "lane_find",
        sql: "SELECT lane_id FROM lane WHERE topic = $1::text AND partition = $2::int"
    )

    static let raiseEpoch = Statement(
        name: "lane_raise_epoch",
        sql: "UPDATE lane SET epoch = epoch + 1 WHERE lane_id = $1::int RETURNING \(columns)"
    )

    static let lock = Statement(
        name: "lane_lock",
        sql: "SELECT \(columns) FROM lane WHERE lane_id = ANY ($1::int[]) ORDER BY lane_id FOR UPDATE"
    )

    static let epochs = Statement(
        name: "lane_epochs",
        sql: "SELECT lane_id, epoch FROM lane WHERE lane_id = ANY ($1::int[])"
    )

    static let advance = Statement(
        name: "lane_advance",
        sql: """
            UPDATE lane SET
                batch_seq = u.batch_seq, answered_through = u.answered_through,
                unanswered_since = u.unanswered_since, next_offset = u.next_offset, last_record = u.last_record,
                last_at = u.last_at, audit_seq = u.audit_seq, audit_hash = u.audit_hash
            FROM unnest(
                $1::int[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::uuid[],
                $7::timestamptz[], $8::bigint[], $9::bytea[]
            ) AS u (
                lane_id, batch_seq, answered_through, unanswered_since, next_offset, last_record, last_at, audit_seq,
                audit_hash
            )
            WHERE lane.lane_id = u.lane_id
            """
    )

    /// Lanes of a foreign epoch are left alone and missing in the answer.
    static let markAnswered = Statement(
        name: "lane_mark_answered",
        sql: """
            UPDATE lane SET answered_through = greatest(answered_through, u.acknowledged)
            FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS u (lane_id, epoch, acknowledged)
            WHERE lane.lane_id = u.lane_id AND lane.epoch = u.epoch
            RETURNING lane.lane_id
            """
    )

    /// The log was re-created: what lies below `next_offset` is new.
    static let restart = Statement(
        name: "lane_restart",
        sql: """
            UPDATE lane SET next_offset = 0, last_record = NULL
            WHERE lane_id = $1::int AND epoch = $2::bigint RETURNING lane_id
            """
    )

    static func decode(_ result: PGResult, row: Int) -> LaneRow {
        LaneRow(
            id: LaneID(rawValue: result.int32(row, 0)),
            epoch: result.int64(row, 1),
            batchSequence: result.int64(row, 2),
            answeredThrough: result.int64(row, 3),
            unansweredSince: result.optionalInstant(row, 4),
            nextOffset: result.int64(row, 5),
            lastRecord: result.optionalUUID(row, 6).map { UUIDValue($0) },
            lastAt: result.instant(row, 7),
            auditSequence: result.int64(row, 8),
            auditHash: result.bytes(row, 9)
        )
    }

    static func advancing(_ lanes: [LaneRow]) -> PipelineStep {
        PipelineStep(
            advance,
            [
                .int32s(lanes.map(\.id.rawValue)),
                .int64s(lanes.map(\.batchSequence)),
                .int64s(lanes.map(\.answeredThrough)),
                .timestamps(lanes.map { $0.unansweredSince?.microseconds }),
                .int64s(lanes.map(\.nextOffset)),
                .uuids(lanes.map { $0.lastRecord.map { PGUUID($0) } }),
                .timestamps(lanes.map(\.lastAt.microseconds)),
                .int64s(lanes.map(\.auditSequence)),
                .byteas(lanes.map(\.auditHash)),
            ]
        )
    }
}
