import Postgres
package import TokenCore

/// A device of a tenant's stock, by its id.
package struct StockedToken: Hashable, Sendable {
    package let tenant: String
    package let id: TokenID

    package init(tenant: String, id: TokenID) {
        self.tenant = tenant
        self.id = id
    }
}

/// Devices that commands name by serial number, and devices of the stock by id; none of another tenant or in a user's
/// hands that was only guessed at.
///
/// What a user holds is changed by whoever has the user's lock, so a device of a user who is not locked must not be
/// waited for, nor held: only ``named`` tells of it.
enum DeviceQueries {
    static let lockAndLoad = Statement(
        name: "device_lock",
        sql: """
            SELECT \(TokenQueries.columns("s.sealed"))
            FROM token t LEFT JOIN token_secret s USING (token_id)
            WHERE t.token_id IN (
                SELECT d.token_id FROM token d
                JOIN unnest($1::text[], $2::text[]) AS n (tenant, serial) ON d.tenant = n.tenant AND d.serial = n.serial
                UNION ALL
                SELECT d.token_id FROM token d
                JOIN unnest($3::uuid[], $4::text[]) AS n (token_id, tenant) USING (token_id, tenant)
                WHERE d.user_key IS NULL
            ) AND t.status <> 6 AND (t.user_key IS NULL OR t.user_key = ANY ($5::uuid[]))
            ORDER BY t.token_id FOR UPDATE OF t
            """
    )

    /// The devices that are named by serial number, and who holds each: read after the locks, and without one.
    static let named = Statement(
        name: "device_named",
        sql: """
            SELECT t.token_id, t.tenant, t.user_id FROM token t
            JOIN unnest($1::text[], $2::text[]) AS n (tenant, serial) ON t.tenant = n.tenant AND t.serial = n.serial
            WHERE t.status <> 6
            """
    )

    /// - Parameter users: keys of the users that are locked.
    static func locking(
        _ devices: Set<DeviceKey>,
        _ stocked: Set<StockedToken>,
        users: [UUIDValue]
    ) -> PipelineStep {
        let devices = Array(devices)
        let stocked = Array(stocked)
        return PipelineStep(
            lockAndLoad,
            [
                .texts(devices.map(\.tenant)),
                .texts(devices.map(\.serial)),
                .uuids(stocked.map { PGUUID($0.id.value) }),
                .texts(stocked.map(\.tenant)),
                .uuids(users.map { PGUUID($0) }),
            ]
        )
    }

    static func naming(_ devices: Set<DeviceKey>) -> PipelineStep {
        let devices = Array(devices)
        return PipelineStep(named, [.texts(devices.map(\.tenant)), .texts(devices.map(\.serial))])
    }

    static let holders = Statement(
        name: "seed_holders",
        sql: "SELECT seed_digest, token_id FROM token_secret WHERE seed_digest = ANY ($1::bytea[])"
    )
}
