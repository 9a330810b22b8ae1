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

/// Devices that commands name by serial number, and devices of the stock by id; each row is locked,
/// and none of another tenant or in a user's hands that was only guessed at.
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
            ) AND t.status <> 6
            ORDER BY t.token_id FOR UPDATE OF t
            """
    )

    static func locking(_ devices: Set<DeviceKey>, _ stocked: Set<StockedToken>) -> PipelineStep {
        let devices = Array(devices)
        let stocked = Array(stocked)
        return PipelineStep(
            lockAndLoad,
            [
                .texts(devices.map(\.tenant)),
                .texts(devices.map(\.serial)),
                .uuids(stocked.map { PGUUID($0.id.value) }),
                .texts(stocked.map(\.tenant)),
            ]
        )
    }

    static let holders = Statement(
        name: "seed_holders",
        sql: "SELECT seed_digest, token_id FROM token_secret WHERE seed_digest = ANY ($1::bytea[])"
    )
}
