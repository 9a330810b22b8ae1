import Postgres
import TokenCore

/// The statements of the delivery ledger. State 0 is `queued`: claimed, not finished.
enum DeliveryClaims {
    /// How it ended for the notifier, whatever a receipt said later: what is told of it stays the same.
    private static let firstEnd = """
        CASE WHEN d.receipt_at IS NULL THEN d.state ELSE 1::smallint END, CASE WHEN d.receipt_at IS NULL THEN d.code END,
        d.finished_at
        """

    static let claim = Statement(
        name: "delivery_claim",
        sql: """
            INSERT INTO delivery (notification_id, tenant, state, claimed_at, claim)
            SELECT id, tenant, 0, clock_timestamp(), $3::uuid FROM unnest($1::uuid[], $2::text[]) AS asked (id, tenant)
            ON CONFLICT (notification_id) DO UPDATE SET claim = excluded.claim, claimed_at = excluded.claimed_at
            WHERE delivery.state = 0
                AND (delivery.claim = excluded.claim
                    OR delivery.claimed_at < clock_timestamp() - make_interval(secs => $4::bigint))
            """
    )

    static let look = Statement(
        name: "delivery_look",
        sql: """
            SELECT asked.id, \(firstEnd), d.claim = $3::uuid,
                d.claimed_at + make_interval(secs => $4::bigint),
                CASE WHEN asked.challenge_id IS NOT NULL THEN
                    coalesce(c.state = 0 AND c.notification_id = asked.id AND c.expires_at > clock_timestamp(), false)
                END,
                clock_timestamp()
            FROM unnest($1::uuid[], $2::uuid[]) AS asked (id, challenge_id)
            JOIN delivery d ON d.notification_id = asked.id
            LEFT JOIN challenge c ON c.challenge_id = asked.challenge_id
            """
    )

    /// An end is written once, by whoever holds the claim; but what a provider has accepted is accepted, whoever holds it,
    /// and even where the row was lost.
    static let record = Statement(
        name: "delivery_record",
        sql: """
            INSERT INTO delivery (notification_id, tenant, state, code, claimed_at, claim, finished_at)
            SELECT id, tenant, state, code, clock_timestamp(), $5::uuid, clock_timestamp()
            FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::text[]) AS ended (id, tenant, state, code)
            ON CONFLICT (notification_id) DO UPDATE
            SET state = excluded.state, code = excluded.code, finished_at = excluded.finished_at
            WHERE delivery.state = 0 AND (delivery.claim = excluded.claim OR excluded.state = 1)
            """
    )

    static let ends = Statement(
        name: "delivery_ends",
        sql: """
            SELECT notification_id, \(firstEnd) FROM delivery d
            WHERE notification_id = ANY ($1::uuid[]) AND state <> 0
            """
    )

    static let release = Statement(
        name: "delivery_release",
        sql: """
            UPDATE delivery SET claimed_at = '1970-01-01Z'
            WHERE notification_id = ANY ($1::uuid[]) AND claim = $2::uuid AND state = 0
            """
    )

    static func decode(_ result: PGResult) throws(StoreError) -> [NotificationID: DeliveryStanding] {
        var standings: [NotificationID: DeliveryStanding] = [:]
        for row in result.rows {
            let claim: DeliveryStanding.Claim =
                if result.int16(row, 1) != 0 {
                    .finished(try self.result(result, row, from: 1))
                } else {
                    result.bool(row, 4) ? .ours : .anothers(until: result.instant(row, 5))
                }
            standings[NotificationID(UUIDValue(result.uuid(row, 0)))] = DeliveryStanding(
                claim: claim,
                isCurrent: result.optionalBool(row, 6),
                now: result.instant(row, 7)
            )
        }
        return standings
    }

    static func decode(ends rows: PGResult) throws(StoreError) -> [NotificationID: DeliveryResult] {
        var results: [NotificationID: DeliveryResult] = [:]
        for row in rows.rows {
            results[NotificationID(UUIDValue(rows.uuid(row, 0)))] = try result(rows, row, from: 1)
        }
        return results
    }

    private static func result(_ result: PGResult, _ row: Int, from column: Int) throws(StoreError) -> DeliveryResult {
        DeliveryResult(
            state: try Codes.delivery.value(result.int16(row, column)),
            code: result.optionalText(row, column + 1),
            finishedAt: result.instant(row, column + 2)
        )
    }
}
