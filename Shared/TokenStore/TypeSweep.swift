package import Postgres
import TokenCore

/// How the look at the tokens of changed types went on.
package enum SweepStep: Equatable, Sendable {
    /// No type has to be looked at now.
    case idle
    /// Some tokens on.
    case moved
    /// A batch holds the next token: it is tried again.
    case held
}

/// After a change of a token type every token of it is due for the scanner: a walk over them in small steps, each a
/// transaction that waits for nobody, so that no batch waits for long.
///
/// A batch that began with the type as it was may still commit a token, or put off one, behind the walk. So the change's
/// horizon is noted, which all such batches lie below, and only a pass that begins when none of them runs any more is
/// the last one. Scanners share the work type by type; one that dies leaves its place.
extension TokenStore {
    /// Tokens of one step.
    static let sweepLimit: Int32 = 500

    /// One step over the type that has waited longest.
    package func sweepTypes(limit: Int32 = sweepLimit) throws(PostgresError) -> SweepStep {
        do throws(PostgresError) {
            let claim = try connection.pipeline([
                PipelineStep(.begin), PipelineStep(SweepQueries.note), PipelineStep(SweepQueries.claim),
            ])[2]
            guard claim.rowCount == 1 else {
                _ = try connection.pipeline([PipelineStep(.commit)])
                return .idle
            }
            let type = [PGParameter.text(claim.text(0, 0)), .text(claim.text(0, 1))]
            let page = try connection.query(
                SweepQueries.touch,
                type + [.uuid(claim.uuid(0, 4)), .int32(limit), .bool(claim.bool(0, 2))]
            )
            let pass = claim.int16(0, 3)
            let free = page.rows.prefix { page.bool($0, 1) }
            var steps: [PipelineStep] = []
            if free.count == page.rowCount, page.rowCount < limit {
                steps.append(PipelineStep(SweepQueries.end, type + [.int16(pass)]))
            } else if let last = free.last {
                steps.append(PipelineStep(SweepQueries.move, type + [.int16(pass), .uuid(page.uuid(last, 0))]))
            }
            _ = try connection.pipeline(steps + [PipelineStep(.commit)])
            return steps.isEmpty ? .held : .moved
        } catch {
            connection.rollback()
            throw error
        }
    }
}

/// The statements of a sweep over a type's tokens.
enum SweepQueries {
    /// Notes the changes that nobody has noted. They are committed, so whoever began with a type as it was has a lower
    /// transaction id than this: batches get theirs with the lock on their lanes, before they read types. A horizon
    /// that lies ahead is another server's, of which this database is a copy.
    static let note = Statement(
        name: "sweep_note",
        sql: """
            UPDATE token_type SET sweep_horizon = pg_current_xact_id()
            WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM token_type
                WHERE sweep_asked_at IS NOT NULL
                    AND (sweep_horizon IS NULL OR sweep_horizon >= pg_snapshot_xmax(pg_current_snapshot()))
                FOR NO KEY UPDATE SKIP LOCKED
            ))
            """
    )

    private static let isPastHorizon = "pg_snapshot_xmin(pg_current_snapshot()) >= sweep_horizon"

    /// Takes the type that has waited longest and that no other scanner has: whether it is retired, which pass it is
    /// at, and where.
    static let claim = Statement(
        name: "sweep_claim",
        sql: """
            SELECT
                tenant, name, retired_at IS NOT NULL,
                (CASE
                    WHEN sweep_position IS NOT NULL THEN sweep_pass
                    WHEN \(isPastHorizon) THEN 2
                    ELSE 1
                END)::smallint,
                coalesce(sweep_position, '00000000-0000-0000-0000-000000000000')
            FROM token_type
            WHERE sweep_asked_at IS NOT NULL AND sweep_horizon IS NOT NULL
                AND (sweep_position IS NOT NULL OR sweep_pass = 0 OR \(isPastHorizon))
            ORDER BY sweep_asked_at LIMIT 1
            FOR NO KEY UPDATE SKIP LOCKED
            """
    )

    /// Makes due what of the next tokens is free, and tells of each whether it was. Notices of an end concern only what
    /// has one.
    static let touch = Statement(
        name: "sweep_touch",
        sql: """
            WITH page AS MATERIALIZED (
                SELECT token_id FROM token
                WHERE tenant = $1::text AND type_name = $2::text AND token_id > $3::uuid AND status IN (0, 1, 2, 5)
                ORDER BY token_id LIMIT $4::int
            ), free AS MATERIALIZED (
                SELECT t.token_id FROM page JOIN token t USING (token_id)
                WHERE t.status IN (0, 1, 2, 5)
                FOR NO KEY UPDATE OF t SKIP LOCKED
            ), touched AS (
                UPDATE token SET scan_at = statement_timestamp() FROM free
                WHERE token.token_id = free.token_id AND ($5::boolean OR token.expires_at IS NOT NULL)
                    AND (token.scan_at IS NULL OR token.scan_at > statement_timestamp())
            )
            SELECT token_id, token_id IN (SELECT token_id FROM free) FROM page ORDER BY token_id
            """
    )

    static let move = Statement(
        name: "sweep_move",
        sql: """
            UPDATE token_type SET sweep_pass = $3::smallint, sweep_position = $4::uuid
            WHERE tenant = $1::text AND name = $2::text
            """
    )

    /// After the last pass nothing is owed any more.
    static let end = Statement(
        name: "sweep_end",
        sql: """
            UPDATE token_type SET
                sweep_asked_at = CASE WHEN $3::smallint < 2 THEN sweep_asked_at END,
                sweep_horizon = CASE WHEN $3::smallint < 2 THEN sweep_horizon END,
                sweep_pass = CASE WHEN $3::smallint < 2 THEN $3::smallint ELSE 0 END,
                sweep_position = NULL
            WHERE tenant = $1::text AND name = $2::text
            """
    )
}
