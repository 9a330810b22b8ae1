import Postgres
package import TokenCore
import TokenCrypto

/// Who did what to which token, and how it ended; no secret, no OTP, no contact data.
package struct AuditEntry: Equatable, Sendable {
    package let at: Instant
    package let tenant: String
    package let userID: String?
    package let command: String
    package let commandKey: UUIDValue
    /// `ok` or the rejection's code.
    package let outcome: String
    package let tokens: [TokenID]
    package let authID: String?
    package let reason: String?

    package init(
        at: Instant,
        tenant: String,
        userID: String?,
        command: String,
        commandKey: UUIDValue,
        outcome: String,
        tokens: [TokenID],
        authID: String?,
        reason: String?
    ) {
        self.at = at
        self.tenant = tenant
        self.userID = userID
        self.command = command
        self.commandKey = commandKey
        self.outcome = outcome
        self.tokens = tokens
        self.authID = authID
        self.reason = reason
    }
}

/// The hash chain of one lane's audit rows: SHA-256 over the last hash and the row's fields, each with its length,
/// so that no two rows have the same form.
enum AuditTrail {
    static func hash(of entry: AuditEntry, sequence: Int64, after previous: [UInt8]) -> [UInt8] {
        var form: [UInt8] = []
        form.reserveCapacity(256)
        form.append(contentsOf: previous)
        func append(_ bytes: some Collection<UInt8>) {
            withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { form.append(contentsOf: $0) }
            form.append(contentsOf: bytes)
        }
        func append(_ number: Int64) {
            withUnsafeBytes(of: number.bigEndian) { form.append(contentsOf: $0) }
        }
        func append(optional text: String?) {
            form.append(text == nil ? 0 : 1)
            append((text ?? "").utf8)
        }
        append(sequence)
        append(entry.at.microseconds)
        append(entry.tenant.utf8)
        append(optional: entry.userID)
        append(entry.command.utf8)
        append(entry.commandKey.bytes)
        append(entry.outcome.utf8)
        append(entry.tokens.flatMap(\.value.bytes))
        append(optional: entry.authID)
        append(optional: entry.reason)
        return Digest.sha256(form)
    }

    static let insert = Statement(
        name: "audit_insert",
        sql: """
            INSERT INTO audit_log
                (lane_id, seq, at, tenant, user_id, command, command_key, outcome, token_ids, auth_id, reason, hash)
            SELECT
                u.lane_id, u.seq, u.at, u.tenant, u.user_id, u.command, u.command_key, u.outcome,
                u.token_ids::uuid[], u.auth_id, u.reason, u.hash
            FROM unnest(
                $1::int[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::uuid[],
                $8::text[], $9::text[], $10::text[], $11::text[], $12::bytea[]
            ) AS u (
                lane_id, seq, at, tenant, user_id, command, command_key, outcome, token_ids, auth_id, reason, hash
            )
            """
    )

    /// Appends the entries to their lanes' chains and moves the heads.
    static func insertion(_ entries: [(lane: LaneID, entry: AuditEntry)], heads: inout [LaneID: LaneRow])
        -> PipelineStep
    {
        var sequences: [Int64] = []
        var hashes: [[UInt8]] = []
        for (lane, entry) in entries {
            guard var head = heads[lane] else { continue }
            head.auditSequence += 1
            head.auditHash = hash(of: entry, sequence: head.auditSequence, after: head.auditHash)
            heads[lane] = head
            sequences.append(head.auditSequence)
            hashes.append(head.auditHash)
        }
        let rows = entries.map(\.entry)
        return PipelineStep(
            insert,
            [
                .int32s(entries.map(\.lane.rawValue)),
                .int64s(sequences),
                .timestamps(rows.map(\.at.microseconds)),
                .texts(rows.map(\.tenant)),
                .texts(rows.map(\.userID)),
                .texts(rows.map(\.command)),
                .uuids(rows.map { PGUUID($0.commandKey) }),
                .texts(rows.map(\.outcome)),
                .texts(rows.map { "{" + $0.tokens.map(\.description).joined(separator: ",") + "}" }),
                .texts(rows.map(\.authID)),
                .texts(rows.map(\.reason)),
                .byteas(hashes),
            ]
        )
    }
}
