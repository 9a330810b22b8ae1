import Postgres
import TokenCore

/// When OTP messages went out: what the sending limits count.
enum SendQueries {
    /// Taken after the users' rows, in the order of the hashes: two users who share a number wait for each other.
    static let lockDestinations = Statement(
        name: "send_lock",
        sql: """
            SELECT count(*) FROM (
                SELECT pg_advisory_xact_lock(scope.hash) FROM (
                    SELECT hashtextextended(lower(address), 7) AS hash FROM user_addresses($1::uuid[])
                    UNION
                    SELECT hashtextextended(name, 11) FROM unnest($2::text[]) AS name
                    ORDER BY 1
                ) scope
            ) locked
            """
    )

    /// The newest `$3` sends of each scope: of the given keys, of the users' addresses and, where `$4`, of the
    /// numbers' prefixes.
    static let load = Statement(
        name: "send_load",
        sql: """
            WITH scope AS (
                SELECT scope_key, NULL::text AS kind, NULL::text AS value FROM unnest($1::uuid[]) AS scope_key
                UNION ALL
                SELECT otp_scope_key('destination', lower(address)), 'destination', lower(address)
                FROM user_addresses($2::uuid[])
                UNION
                SELECT otp_scope_key('prefix', left(address, 7)), 'prefix', left(address, 7)
                FROM user_addresses($2::uuid[]) WHERE $4::boolean AND address LIKE '+%'
            )
            SELECT scope.scope_key, scope.kind, scope.value, recent.sent_at
            FROM scope CROSS JOIN LATERAL (
                SELECT sent_at FROM otp_send WHERE otp_send.scope_key = scope.scope_key
                ORDER BY sent_at DESC LIMIT $3::int
            ) recent
            ORDER BY scope.scope_key, recent.sent_at DESC
            """
    )

    static let insert = Statement(
        name: "send_insert",
        sql: "INSERT INTO otp_send (scope_key, sent_at) SELECT * FROM unnest($1::uuid[], $2::timestamptz[])"
    )

    static func insertion(_ added: [SendLedger.Scope: [Instant]]) -> PipelineStep {
        let rows = added.flatMap { scope, instants in instants.map { (StoreKeys.scope(scope), $0) } }
        return PipelineStep(
            insert,
            [.uuids(rows.map { PGUUID($0.0) }), .timestamps(rows.map { $0.1.microseconds })]
        )
    }

    static func loading(
        users: [UserKey],
        userKeys: [UUIDValue],
        limits: SendingLimits
    ) -> (steps: [PipelineStep], scopes: [UUIDValue: SendLedger.Scope]) {
        var scopes: [UUIDValue: SendLedger.Scope] = [:]
        for user in users {
            scopes[StoreKeys.scope(.user(user))] = .user(user)
            if !limits.tenant.isEmpty { scopes[StoreKeys.scope(.tenant(user.tenant))] = .tenant(user.tenant) }
        }
        let keys = PGParameter.uuids(userKeys.map { PGUUID($0) })
        let tenants = limits.tenant.isEmpty ? [] : Set(users.map(\.tenant)).sorted()
        let most = (limits.user + limits.destination + limits.prefix + limits.tenant).map(\.count).max() ?? 0
        return (
            [
                PipelineStep(lockDestinations, [keys, .texts(tenants)]),
                PipelineStep(
                    load,
                    [
                        .uuids(scopes.keys.sorted().map { PGUUID($0) }), keys, .int32(Int32(most)),
                        .bool(!limits.prefix.isEmpty),
                    ]
                ),
            ],
            scopes
        )
    }

    static func decode(_ result: PGResult, scopes: [UUIDValue: SendLedger.Scope]) -> SendLedger {
        var sent: [SendLedger.Scope: [Instant]] = [:]
        for row in 0..<result.rowCount {
            let scope: SendLedger.Scope?
            switch result.optionalText(row, 1) {
            case "destination": scope = .destination(result.text(row, 2))
            case "prefix": scope = .prefix(result.text(row, 2))
            default: scope = scopes[UUIDValue(result.uuid(row, 0))]
            }
            if let scope { sent[scope, default: []].append(result.instant(row, 3)) }
        }
        return SendLedger(sent)
    }
}
