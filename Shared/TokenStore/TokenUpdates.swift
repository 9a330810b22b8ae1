import Postgres
import TokenCore

/// Writing back tokens that changed: a narrow statement for what verification moves, a second for all else.
enum TokenUpdates {
    static let position = Statement(
        name: "token_position",
        sql: """
            UPDATE token SET
                status = u.status, moving_factor = u.moving_factor, drift = u.drift,
                failures = u.failures, consecutive_failures = u.consecutive_failures,
                lock_level = u.lock_level, locked_until = u.locked_until,
                last_used_at = u.last_used_at, version = u.version,
                reset_failures = u.reset_failures, recovery_digests = u.recovery_digests
            FROM unnest(
                $1::uuid[], $2::smallint[], $3::bigint[], $4::int[], $5::int[], $6::int[], $7::int[],
                $8::timestamptz[], $9::timestamptz[], $10::bigint[], $11::int[], $12::bytea[]
            ) AS u (
                token_id, status, moving_factor, drift, failures, consecutive_failures, lock_level, locked_until,
                last_used_at, version, reset_failures, recovery_digests
            )
            WHERE token.token_id = u.token_id
            """
    )

    static let details = Statement(
        name: "token_details",
        sql: """
            UPDATE token SET
                user_key = u.user_key, user_id = u.user_id,
                status_reason = u.status_reason, description = u.description, address = u.address,
                pending_address = u.pending_address, activated_at = u.activated_at, updated_at = u.updated_at,
                expires_at = u.expires_at, activate_before = u.activate_before,
                scan_at = CASE
                    WHEN u.expires_at IS NOT NULL OR u.activate_before IS NOT NULL THEN u.updated_at
                END
            FROM unnest(
                $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[]
            ) AS u (
                token_id, user_key, user_id, status_reason, description, address, pending_address,
                activated_at, updated_at, expires_at, activate_before
            )
            WHERE token.token_id = u.token_id
            """
    )

    /// A DELETED row is a tombstone: nothing of a person and no secret remains.
    static let entomb = Statement(
        name: "token_entomb",
        sql: """
            UPDATE token SET
                description = NULL, address = NULL, pending_address = NULL, serial = NULL, status_reason = NULL,
                recovery_digests = NULL
            WHERE token_id = ANY ($1::uuid[])
            """
    )

    static let putSecret = Statement(
        name: "token_secret_put",
        sql: """
            INSERT INTO token_secret (token_id, sealed, seed_digest)
            SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::bytea[])
            ON CONFLICT (token_id) DO UPDATE SET sealed = excluded.sealed, seed_digest = excluded.seed_digest
            """
    )

    static let dropSecret = Statement(
        name: "token_secret_drop",
        sql: "DELETE FROM token_secret WHERE token_id = ANY ($1::uuid[])"
    )

    static func positions(_ tokens: [Token]) -> PipelineStep {
        PipelineStep(
            position,
            [
                .uuids(tokens.map { PGUUID($0.id.value) }),
                .int16s(tokens.map { Codes.status.code($0.status) }),
                .int64s(tokens.map { $0.oath?.movingFactor }),
                .int32s(tokens.map { $0.oath.map { Int32($0.drift) } }),
            ] + lockColumns(tokens) + [
                .timestamps(tokens.map { $0.times.lastUsedAt?.microseconds }),
                .int64s(tokens.map(\.version)),
                .int32s(tokens.map { Int32($0.lockout.resetFailures) }),
                .byteas(tokens.map { $0.recovery.map { DigestRun.join($0.unused) } }),
            ]
        )
    }

    static func detailChanges(_ tokens: [Token]) -> PipelineStep {
        PipelineStep(
            details,
            [
                .uuids(tokens.map { PGUUID($0.id.value) }),
                .uuids(tokens.map { $0.owner.map { PGUUID(StoreKeys.user($0)) } }),
                .texts(tokens.map(\.userID)),
                .texts(tokens.map(\.statusReason)),
                .texts(tokens.map(\.description)),
                .texts(tokens.map(\.device.address)),
                .texts(tokens.map(\.device.pendingAddress)),
                .timestamps(tokens.map { $0.times.activatedAt?.microseconds }),
                .timestamps(tokens.map { $0.times.updatedAt.microseconds }),
                .timestamps(tokens.map { $0.times.expiresAt?.microseconds }),
                .timestamps(tokens.map { $0.times.activateBefore?.microseconds }),
            ]
        )
    }

    static func secrets(_ tokens: [(id: TokenID, secret: SealedSecret)]) -> PipelineStep {
        PipelineStep(
            putSecret,
            [
                .uuids(tokens.map { PGUUID($0.id.value) }),
                .byteas(tokens.map(\.secret.bytes)),
                .byteas(tokens.map(\.secret.digest?.bytes)),
            ]
        )
    }

    static func removals(_ ids: [TokenID]) -> [PipelineStep] {
        let keys = PGParameter.uuids(ids.map { PGUUID($0.value) })
        return [PipelineStep(entomb, [keys]), PipelineStep(dropSecret, [keys])]
    }

    static func lockColumns(_ tokens: [Token]) -> [PGParameter] {
        [
            .int32s(tokens.map { Int32($0.lockout.failures) }),
            .int32s(tokens.map { Int32($0.lockout.consecutiveFailures) }),
            .int32s(tokens.map { Int32($0.lockout.level) }),
            .timestamps(tokens.map { $0.lockout.lockedUntil?.microseconds }),
        ]
    }
}
