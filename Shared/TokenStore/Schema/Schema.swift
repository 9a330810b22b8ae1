package import Postgres

/// The token schema's migrations, in order. An applied one is never changed.
package enum Schema {
    package static let migrations: [Migration] = [
        Migration(number: 1, name: "token_schema", sql: text(PackageResources._01_token_schema_sql)),
        Migration(number: 2, name: "stock_and_types", sql: text(PackageResources._02_stock_and_types_sql)),
        Migration(number: 3, name: "audit", sql: text(PackageResources._03_audit_sql)),
        Migration(number: 4, name: "delivery_receipts", sql: text(PackageResources._04_delivery_receipts_sql)),
    ]

    package static let migrator = Migrator(migrations: migrations)

    private static func text(_ resource: [UInt8]) -> String {
        String(decoding: resource, as: UTF8.self)
    }
}
