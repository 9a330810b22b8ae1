package import Postgres
package import TokenCore

/// Tenants, as `tokenctl tenant` manages them.
package enum Tenants {
    /// Adds a tenant with the built-in token types; one that is there keeps what it has and gets what it lacks.
    ///
    /// - Returns: whether the tenant is new.
    @discardableResult
    package static func add(_ name: String, _ connection: PGConnection) throws(PostgresError) -> Bool {
        let types = TokenType.builtIn
        let results = try connection.pipeline([
            PipelineStep(.begin),
            PipelineStep(TenantQueries.add, [.text(name)]),
            PipelineStep(
                TenantQueries.addTypes,
                [
                    .text(name),
                    .texts(types.map(\.name)),
                    .int16s(types.map { Codes.kind.code($0.kind) }),
                    .bools(types.map(\.isHardware)),
                    .jsonbs(types.map { TokenTypeRows.encode(names: $0.names) }),
                ]
            ),
            PipelineStep(.commit),
        ])
        return results[1].affectedRows == 1
    }

    package static func list(_ connection: PGConnection) throws(PostgresError) -> [(name: String, createdAt: Instant)] {
        let result = try connection.query(TenantQueries.list)
        return result.rows.map { (result.text($0, 0), result.instant($0, 1)) }
    }
}
