import Postgres
import TokenCore

/// Tenants and their token types.
enum TenantQueries {
    static let versions = Statement(
        name: "tenant_versions",
        sql: "SELECT name, catalogue_version FROM tenant WHERE name = ANY ($1::text[])"
    )

    static let lock = Statement(
        name: "tenant_lock",
        sql: "SELECT FROM tenant WHERE name = ANY ($1::text[]) ORDER BY name FOR NO KEY UPDATE"
    )

    static let types = Statement(
        name: "tenant_types",
        sql: """
            SELECT t.catalogue_version, y.name, y.kind, y.hardware, y.names, y.policy, y.retired_at IS NOT NULL
            FROM tenant t JOIN token_type y ON y.tenant = t.name
            WHERE t.name = $1::text
            """
    )

    static let list = Statement(name: "tenant_list", sql: "SELECT name, created_at FROM tenant ORDER BY name")

    static let add = Statement(
        name: "tenant_add",
        sql: "INSERT INTO tenant (name) VALUES ($1::text) ON CONFLICT DO NOTHING"
    )

    static let addTypes = Statement(
        name: "tenant_add_types",
        sql: """
            INSERT INTO token_type (tenant, name, kind, hardware, names)
            SELECT $1::text, u.* FROM unnest($2::text[], $3::smallint[], $4::boolean[], $5::jsonb[]) AS u
            ON CONFLICT DO NOTHING
            """
    )
}
