import Postgres
import TokenCore

/// How far messages got.
enum DeliveryQueries {
    static let load = Statement(
        name: "delivery_load",
        sql: """
            SELECT d.notification_id, d.state
            FROM challenge c JOIN delivery d USING (notification_id)
            WHERE c.user_key = ANY ($1::uuid[])
            """
    )

    static func decode(
        _ result: PGResult,
        row: Int
    ) throws(StoreError) -> (notification: NotificationID, state: DeliveryState) {
        (NotificationID(UUIDValue(result.uuid(row, 0))), try Codes.delivery.value(result.int16(row, 1)))
    }
}
