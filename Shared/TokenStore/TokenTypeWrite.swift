import Contract
import Postgres
import TokenCore

/// Writing back token types that a batch defined or changed; the tenant's row is locked then.
enum TokenTypeWrite {
    static let put = Statement(
        name: "token_type_put",
        sql: """
            INSERT INTO token_type (tenant, name, kind, hardware, names, policy, retired_at)
            SELECT
                u.tenant, u.name, u.kind, u.hardware, u.names, u.policy,
                CASE WHEN u.retired THEN statement_timestamp() END
            FROM unnest(
                $1::text[], $2::text[], $3::smallint[], $4::boolean[], $5::jsonb[], $6::jsonb[], $7::boolean[]
            ) AS u (tenant, name, kind, hardware, names, policy, retired)
            ON CONFLICT (tenant, name) DO UPDATE SET
                kind = excluded.kind, hardware = excluded.hardware, names = excluded.names, policy = excluded.policy,
                retired_at = CASE
                    WHEN excluded.retired_at IS NOT NULL THEN coalesce(token_type.retired_at, excluded.retired_at)
                END
            """
    )

    /// Asks for a look at every token of the types: what time does to them has changed.
    static let askSweep = Statement(
        name: "token_type_ask_sweep",
        sql: """
            UPDATE token_type SET
                sweep_asked_at = statement_timestamp(), sweep_horizon = NULL, sweep_pass = 0, sweep_position = NULL
            FROM unnest($1::text[], $2::text[]) AS u (tenant, name)
            WHERE token_type.tenant = u.tenant AND token_type.name = u.name
            """
    )

    static let raiseVersion = Statement(
        name: "tenant_raise_version",
        sql: "UPDATE tenant SET catalogue_version = catalogue_version + 1 WHERE name = ANY ($1::text[])"
    )

    static func steps(from before: [String: TypeCatalogue], to after: [String: TypeCatalogue]) -> [PipelineStep] {
        var changed: [(tenant: String, type: TokenType, needsSweep: Bool)] = []
        for (tenant, catalogue) in after where before[tenant] != catalogue {
            for type in catalogue.all {
                let old = before[tenant]?[type.name]
                guard type != old else { continue }
                changed.append((tenant, type, old.map(type.endsDifferently) ?? false))
            }
        }
        guard !changed.isEmpty else { return [] }
        var steps = [
            PipelineStep(
                put,
                [
                    .texts(changed.map(\.tenant)),
                    .texts(changed.map(\.type.name)),
                    .int16s(changed.map { Codes.kind.code($0.type.kind) }),
                    .bools(changed.map(\.type.isHardware)),
                    .jsonbs(changed.map { TokenTypeRows.encode(names: $0.type.names) }),
                    .jsonbs(changed.map { TokenTypeRows.encode(policy: $0.type.policy) }),
                    .bools(changed.map(\.type.isRetired)),
                ]
            )
        ]
        let swept = changed.filter(\.needsSweep)
        if !swept.isEmpty {
            steps.append(PipelineStep(askSweep, [.texts(swept.map(\.tenant)), .texts(swept.map(\.type.name))]))
        }
        steps.append(PipelineStep(raiseVersion, [.texts(Set(changed.map(\.tenant)).sorted())]))
        return steps
    }
}

extension TokenType {
    /// Whether time does other things to the type's tokens than before: then the expiry scanner has to look at each.
    fileprivate func endsDifferently(from old: TokenType) -> Bool {
        isRetired != old.isRetired || policy.life.expiryNotices != old.policy.life.expiryNotices
    }
}
