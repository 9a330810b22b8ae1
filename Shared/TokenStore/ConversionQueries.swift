import Postgres
import TokenCore

/// What the guard against pumping learns from.
enum ConversionQueries {
    /// Whole buckets of the window, of the tenants and of the prefixes of the users' numbers.
    static let load = Statement(
        name: "conversion_load",
        sql: """
            SELECT c.tenant, c.prefix, sum(c.sent)::bigint, sum(c.verified)::bigint
            FROM unnest($1::text[]) AS asked (tenant)
            CROSS JOIN (
                SELECT '' AS prefix UNION SELECT left(address, 7) FROM user_addresses($2::uuid[]) WHERE address LIKE '+%'
            ) numbers
            JOIN otp_conversion c ON c.tenant = asked.tenant AND c.prefix = numbers.prefix
            WHERE c.bucket >= clock_timestamp() - make_interval(secs => $3::bigint + 2 * $4::bigint)
                AND c.bucket < clock_timestamp() - make_interval(secs => 2 * $4::bigint)
            GROUP BY c.tenant, c.prefix
            """
    )

    static let add = Statement(
        name: "conversion_add",
        sql: """
            INSERT INTO otp_conversion (tenant, prefix, bucket, lane_id, sent, verified)
            SELECT tenant, prefix, bucket, $6::int, sent, verified
            FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::int[], $5::int[])
                AS added (tenant, prefix, bucket, sent, verified)
            ON CONFLICT (tenant, prefix, bucket, lane_id) DO UPDATE
            SET sent = otp_conversion.sent + excluded.sent, verified = otp_conversion.verified + excluded.verified
            """
    )

    static func loading(tenants: Set<String>, userKeys: [UUIDValue], windowSeconds: Int64) -> PipelineStep {
        PipelineStep(
            load,
            [
                .texts(tenants.sorted()), .uuids(userKeys.map { PGUUID($0) }), .int64(windowSeconds),
                .int64(ConversionLedger.bucketSeconds),
            ]
        )
    }

    /// - Parameter lane: one that the batch holds, so that no other batch writes the same rows.
    static func addition(_ added: [ConversionLedger.Cell: Conversion], lane: LaneID) -> PipelineStep {
        let rows = added.map { (cell: $0.key, count: $0.value) }
        return PipelineStep(
            add,
            [
                .texts(rows.map(\.cell.scope.tenant)), .texts(rows.map { $0.cell.scope.prefix ?? "" }),
                .timestamps(rows.map { $0.cell.bucket.microseconds }), .int32s(rows.map { Int32($0.count.sent) }),
                .int32s(rows.map { Int32($0.count.verified) }), .int32(lane.rawValue),
            ]
        )
    }

    static func decode(_ result: PGResult) -> ConversionLedger {
        var past: [ConversionLedger.Scope: Conversion] = [:]
        for row in result.rows {
            let prefix = result.text(row, 1)
            let scope = ConversionLedger.Scope(tenant: result.text(row, 0), prefix: prefix.isEmpty ? nil : prefix)
            past[scope] = Conversion(sent: Int(result.int64(row, 2)), verified: Int(result.int64(row, 3)))
        }
        return ConversionLedger(past)
    }
}
