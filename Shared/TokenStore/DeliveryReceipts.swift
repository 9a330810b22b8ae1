import Postgres
package import TokenCore

/// A message as its provider names it, so that a receipt finds the notification.
package struct SentMessage: Equatable, Sendable {
    package let provider: String
    /// One for each part.
    package let messageIDs: [String]
    /// What the event of a receipt has to say; the notifier's own bytes.
    package let subject: [UInt8]

    package init(provider: String, messageIDs: [String], subject: [UInt8]) {
        self.provider = provider
        self.messageIDs = messageIDs
        self.subject = subject
    }
}

/// A provider's word on a message, or a part of one, that it took.
package struct DeliveryReceipt: Hashable, Sendable {
    package let provider: String
    package let messageID: String
    /// Else it failed.
    package let isDelivered: Bool

    package init(provider: String, messageID: String, isDelivered: Bool) {
        self.provider = provider
        self.messageID = messageID
        self.isDelivered = isDelivered
    }
}

/// How a notification stands after a receipt.
package struct ReceiptStanding: Equatable, Sendable {
    package let notification: NotificationID
    /// Nil: parts of it are still on their way. A repeated receipt finds the same end again.
    package let end: DeliveryResult?
    /// As `SentMessage` had it.
    package let subject: [UInt8]
}

/// The statements of receipts.
enum DeliveryReceipts {
    /// An id that a provider gives again means the newer message.
    static let insert = Statement(
        name: "receipt_expect",
        sql: """
            INSERT INTO delivery_receipt (provider, message_id, notification_id, state, subject, sent_at)
            SELECT DISTINCT ON (provider, message_id) provider, message_id, id, 1, subject, clock_timestamp()
            FROM unnest($1::text[], $2::text[], $3::uuid[], $4::bytea[]) AS sent (provider, message_id, id, subject)
            ON CONFLICT (provider, message_id) DO UPDATE SET notification_id = excluded.notification_id,
                state = excluded.state, subject = excluded.subject, sent_at = excluded.sent_at
            """
    )

    /// Two parts of one message that are told at once wait for each other here.
    static let lock = Statement(
        name: "receipt_lock",
        sql: """
            SELECT notification_id FROM delivery WHERE notification_id IN (
                SELECT r.notification_id FROM delivery_receipt r
                JOIN unnest($1::text[], $2::text[]) AS told (provider, message_id) USING (provider, message_id)
            )
            ORDER BY notification_id FOR UPDATE
            """
    )

    static let note = Statement(
        name: "receipt_note",
        sql: """
            UPDATE delivery_receipt r SET state = told.state
            FROM unnest($1::text[], $2::text[], $3::smallint[]) AS told (provider, message_id, state)
            WHERE r.provider = told.provider AND r.message_id = told.message_id AND r.state = 1
            """
    )

    /// Delivered when all parts are, failed when one is; once.
    static let apply = Statement(
        name: "receipt_apply",
        sql: """
            UPDATE delivery d SET state = parts.state, receipt_at = clock_timestamp(),
                code = CASE parts.state WHEN 3 THEN 'rejected_by_provider' END
            FROM (
                SELECT notification_id, CASE WHEN bool_or(state = 3) THEN 3 WHEN bool_and(state = 2) THEN 2 END AS state
                FROM delivery_receipt WHERE notification_id IN (
                    SELECT r.notification_id FROM delivery_receipt r
                    JOIN unnest($1::text[], $2::text[]) AS told (provider, message_id) USING (provider, message_id)
                )
                GROUP BY notification_id
            ) parts
            WHERE d.notification_id = parts.notification_id AND d.state = 1 AND parts.state IS NOT NULL
            """
    )

    static let look = Statement(
        name: "receipt_look",
        sql: """
            SELECT r.provider, r.message_id, r.notification_id, d.state, d.code, d.receipt_at, r.subject
            FROM delivery_receipt r
            JOIN unnest($1::text[], $2::text[]) AS told (provider, message_id) USING (provider, message_id)
            JOIN delivery d USING (notification_id)
            WHERE d.state <> 0
            """
    )

    static func expecting(_ sent: [(NotificationID, SentMessage)]) -> PipelineStep {
        let rows = sent.flatMap { id, message in message.messageIDs.map { (id, message, $0) } }
        return PipelineStep(
            insert,
            [
                .texts(rows.map(\.1.provider)), .texts(rows.map(\.2)), .uuids(rows.map { PGUUID($0.0.value) }),
                .byteas(rows.map(\.1.subject)),
            ]
        )
    }

    static func applying(_ receipts: [DeliveryReceipt]) -> [PipelineStep] {
        let providers = PGParameter.texts(receipts.map(\.provider))
        let ids = PGParameter.texts(receipts.map(\.messageID))
        let states = receipts.map { Codes.delivery.code($0.isDelivered ? .delivered : .failed) }
        return [
            PipelineStep(lock, [providers, ids]), PipelineStep(note, [providers, ids, .int16s(states)]),
            PipelineStep(apply, [providers, ids]), PipelineStep(look, [providers, ids]),
        ]
    }

    static func decode(_ result: PGResult) throws(StoreError) -> [Name: ReceiptStanding] {
        var standings: [Name: ReceiptStanding] = [:]
        for row in result.rows {
            let state = try Codes.delivery.value(result.int16(row, 3))
            let end = result.optionalInstant(row, 5).map {
                DeliveryResult(state: state, code: result.optionalText(row, 4), finishedAt: $0)
            }
            standings[Name(provider: result.text(row, 0), messageID: result.text(row, 1))] = ReceiptStanding(
                notification: NotificationID(UUIDValue(result.uuid(row, 2))),
                end: end,
                subject: result.bytes(row, 6)
            )
        }
        return standings
    }

    struct Name: Hashable {
        let provider: String
        let messageID: String
    }
}
