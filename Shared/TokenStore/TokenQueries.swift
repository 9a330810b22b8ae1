import Postgres
import TokenCore

/// Reading tokens of users whose rows are locked, and adding new ones.
enum TokenQueries {
    static func columns(_ secret: String) -> String {
        """
        t.user_key, t.token_id, t.tenant, t.user_id, t.type_name, t.kind, t.hardware, t.status, t.status_reason,
        t.description, t.channel, t.address, t.pending_address, t.serial, t.manufacturer, t.model,
        \(secret), t.algorithm, t.digits, t.period, t.moving_factor, t.drift,
        t.failures, t.consecutive_failures, t.lock_level, t.locked_until,
        t.created_at, t.activated_at, t.updated_at, t.last_used_at, t.expires_at, t.activate_before, t.version,
        t.reset_failures, t.recovery_digests, t.batch, t.end_of_life
        """
    }

    static let load = Statement(
        name: "token_load",
        sql: """
            SELECT \(columns("s.sealed"))
            FROM token t LEFT JOIN token_secret s USING (token_id)
            WHERE t.user_key = ANY ($1::uuid[]) AND t.status <> 6
            ORDER BY t.token_id
            """
    )

    /// A page of a tenant's tokens, without their secrets.
    static let page = Statement(
        name: "token_page",
        sql: """
            SELECT \(columns("NULL::bytea"))
            FROM token t
            WHERE t.tenant = $1::text AND t.token_id > $2::uuid AND t.status <> 6
                AND ($4::smallint IS NULL OR t.status = $4)
                AND ($5::text IS NULL OR t.type_name = $5)
                AND ($6::text IS NULL OR starts_with(t.serial, $6))
                AND ($7::timestamptz IS NULL OR t.expires_at < $7)
            ORDER BY t.token_id LIMIT $3::int
            """
    )

    static func pageParameters(_ tenant: String, _ request: TenantPageRequest) -> [PGParameter] {
        [
            .text(tenant),
            .uuid(PGUUID(request.after?.value ?? UUIDValue(high: 0, low: 0))),
            .int32(Int32(request.limit)),
            .int16(request.status.map(Codes.status.code)),
            .text(request.tokenType),
            .text(request.serialPrefix),
            .timestamp(microsecondsSinceUnixEpoch: request.expiresBefore?.microseconds),
        ]
    }

    static func decode(_ result: PGResult, row: Int) throws(StoreError) -> (user: UUIDValue?, token: Token) {
        let kind = try Codes.kind.value(result.int16(row, 5))
        var device = Token.Device(
            channel: result.isNull(row, 10) ? nil : try Codes.channel.value(result.int16(row, 10)),
            address: result.optionalText(row, 11),
            serial: result.optionalText(row, 13)
        )
        device.pendingAddress = result.optionalText(row, 12)
        device.manufacturer = result.optionalText(row, 14)
        device.model = result.optionalText(row, 15)
        device.batch = result.optionalText(row, 35)
        device.endOfLife = result.optionalInstant(row, 36)

        var times = Token.Times(createdAt: result.instant(row, 26))
        times.activatedAt = result.optionalInstant(row, 27)
        times.updatedAt = result.instant(row, 28)
        times.lastUsedAt = result.optionalInstant(row, 29)
        times.expiresAt = result.optionalInstant(row, 30)
        times.activateBefore = result.optionalInstant(row, 31)

        var token = Token(
            id: TokenID(UUIDValue(result.uuid(row, 1))),
            owner: UserKey(tenant: result.text(row, 2), userID: result.optionalText(row, 3) ?? ""),
            type: Token.TypeReference(name: result.text(row, 4), kind: kind, isHardware: result.bool(row, 6)),
            status: try Codes.status.value(result.int16(row, 7)),
            device: device,
            oath: try decodeOATH(result, row: row),
            times: times
        )
        if result.isNull(row, 3) { token.userID = nil }
        token.statusReason = result.optionalText(row, 8)
        token.description = result.optionalText(row, 9)
        token.lockout = Lockout(
            failures: Int(result.int32(row, 22)),
            consecutiveFailures: Int(result.int32(row, 23)),
            level: Int(result.int32(row, 24)),
            lockedUntil: result.optionalInstant(row, 25)
        )
        token.lockout.resetFailures = Int(result.int32(row, 33))
        token.version = result.int64(row, 32)
        if !result.isNull(row, 34) {
            token.recovery = RecoveryCodes(
                digits: Int(result.int16(row, 18)),
                unused: try DigestRun.split(result.bytes(row, 34), table: "token")
            )
        }
        return (result.isNull(row, 0) ? nil : UUIDValue(result.uuid(row, 0)), token)
    }

    private static func decodeOATH(_ result: PGResult, row: Int) throws(StoreError) -> OATHState? {
        guard !result.isNull(row, 17) else { return nil }
        return OATHState(
            secret: SealedSecret(bytes: result.isNull(row, 16) ? [] : result.bytes(row, 16)),
            algorithm: try Codes.algorithm.value(result.int16(row, 17)),
            digits: Int(result.int16(row, 18)),
            period: Int(result.int16(row, 19)),
            movingFactor: result.int64(row, 20),
            drift: Int(result.int32(row, 21))
        )
    }

    static let insert = Statement(
        name: "token_insert",
        sql: """
            INSERT INTO token (
                token_id, tenant, user_key, user_id, type_name, kind, hardware, status, status_reason, description,
                channel, address, pending_address, serial, manufacturer, model,
                algorithm, digits, period, moving_factor, drift,
                failures, consecutive_failures, lock_level, locked_until,
                created_at, activated_at, updated_at, last_used_at, expires_at, activate_before, version,
                reset_failures, recovery_digests, batch, end_of_life, scan_at
            )
            SELECT new.*, CASE WHEN new.ends IS NOT NULL OR new.activate IS NOT NULL THEN new.created END
            FROM unnest(
                $1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::smallint[], $7::boolean[],
                $8::smallint[], $9::text[], $10::text[],
                $11::smallint[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
                $17::smallint[], $18::smallint[], $19::smallint[], $20::bigint[], $21::int[],
                $22::int[], $23::int[], $24::int[], $25::timestamptz[],
                $26::timestamptz[], $27::timestamptz[], $28::timestamptz[], $29::timestamptz[], $30::timestamptz[],
                $31::timestamptz[], $32::bigint[], $33::int[], $34::bytea[], $35::text[], $36::timestamptz[]
            ) AS new (
                c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22,
                c23, c24, c25, created, c27, c28, c29, ends, activate, c32, c33, c34, c35, c36
            )
            """
    )

    static func insertion(_ rows: [Token]) -> PipelineStep {
        var parameters: [PGParameter] = [
            .uuids(rows.map { PGUUID($0.id.value) }),
            .texts(rows.map(\.tenant)),
            .uuids(rows.map { $0.owner.map { PGUUID(StoreKeys.user($0)) } }),
            .texts(rows.map(\.userID)),
            .texts(rows.map(\.type.name)),
            .int16s(rows.map { Codes.kind.code($0.type.kind) }),
            .bools(rows.map(\.type.isHardware)),
            .int16s(rows.map { Codes.status.code($0.status) }),
            .texts(rows.map(\.statusReason)),
            .texts(rows.map(\.description)),
            .int16s(rows.map { $0.device.channel.map(Codes.channel.code) }),
            .texts(rows.map(\.device.address)),
            .texts(rows.map(\.device.pendingAddress)),
            .texts(rows.map(\.device.serial)),
            .texts(rows.map(\.device.manufacturer)),
            .texts(rows.map(\.device.model)),
        ]
        parameters += [
            .int16s(rows.map { $0.oath.map { Codes.algorithm.code($0.algorithm) } }),
            .int16s(rows.map { ($0.oath?.digits ?? $0.recovery?.digits).map { Int16($0) } }),
            .int16s(rows.map { $0.oath.map { Int16($0.period) } }),
            .int64s(rows.map { $0.oath?.movingFactor }),
            .int32s(rows.map { $0.oath.map { Int32($0.drift) } }),
        ]
        parameters += TokenUpdates.lockColumns(rows)
        parameters += [
            .timestamps(rows.map { $0.times.createdAt.microseconds }),
            .timestamps(rows.map { $0.times.activatedAt?.microseconds }),
            .timestamps(rows.map { $0.times.updatedAt.microseconds }),
            .timestamps(rows.map { $0.times.lastUsedAt?.microseconds }),
            .timestamps(rows.map { $0.times.expiresAt?.microseconds }),
            .timestamps(rows.map { $0.times.activateBefore?.microseconds }),
            .int64s(rows.map(\.version)),
            .int32s(rows.map { Int32($0.lockout.resetFailures) }),
            .byteas(rows.map { $0.recovery.map { DigestRun.join($0.unused) } }),
            .texts(rows.map(\.device.batch)),
            .timestamps(rows.map { $0.device.endOfLife?.microseconds }),
        ]
        return PipelineStep(insert, parameters)
    }
}

extension Token {
    /// The user who holds it.
    var owner: UserKey? { userID.map { UserKey(tenant: tenant, userID: $0) } }
}
