import Postgres
import TokenCore

/// The challenges of users whose rows are locked.
enum ChallengeQueries {
    /// A challenge can be named for a day after its end; then housekeeping takes it.
    static let load = Statement(
        name: "challenge_load",
        sql: """
            SELECT user_key, challenge_id, token_id, purpose, state, created_at, expires_at, digits, current_digest,
                replaced_digests, sends, last_sent_at, notification_id, reference, context_digest, attempts,
                sms_prefix
            FROM challenge WHERE user_key = ANY ($1::uuid[])
            ORDER BY challenge_id
            """
    )

    static func decode(_ result: PGResult, row: Int) throws(StoreError) -> (user: UUIDValue, challenge: Challenge) {
        let current = KeyedDigest(bytes: result.bytes(row, 8))
        var otp = Challenge.IssuedOTP(
            digits: Int(result.int16(row, 7)),
            current: current,
            sentAt: result.instant(row, 11),
            notificationID: NotificationID(UUIDValue(result.uuid(row, 12)))
        )
        otp.replaced = try DigestRun.split(result.bytes(row, 9), table: "challenge")
        otp.sends = Int(result.int16(row, 10))
        var binding: Challenge.Binding?
        if !result.isNull(row, 13), !result.isNull(row, 14) {
            binding = Challenge.Binding(
                reference: result.text(row, 13),
                context: KeyedDigest(bytes: result.bytes(row, 14))
            )
        }
        var challenge = Challenge(
            id: ChallengeID(UUIDValue(result.uuid(row, 1))),
            tokenID: TokenID(UUIDValue(result.uuid(row, 2))),
            purpose: try Codes.purpose.value(result.int16(row, 3)),
            createdAt: result.instant(row, 5),
            expiresAt: result.instant(row, 6),
            otp: otp,
            binding: binding,
            smsPrefix: result.optionalText(row, 16)
        )
        challenge.state = try Codes.challengeState.value(result.int16(row, 4))
        challenge.attempts = Int(result.int16(row, 15))
        return (UUIDValue(result.uuid(row, 0)), challenge)
    }

    static let put = Statement(
        name: "challenge_put",
        sql: """
            INSERT INTO challenge (
                user_key, challenge_id, token_id, purpose, state, created_at, expires_at, digits, current_digest,
                replaced_digests, sends, last_sent_at, notification_id, reference, context_digest, attempts,
                sms_prefix
            )
            SELECT * FROM unnest(
                $1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::smallint[], $6::timestamptz[],
                $7::timestamptz[], $8::smallint[], $9::bytea[], $10::bytea[], $11::smallint[], $12::timestamptz[],
                $13::uuid[], $14::text[], $15::bytea[], $16::smallint[], $17::text[]
            )
            ON CONFLICT (challenge_id) DO UPDATE SET
                state = excluded.state,
                current_digest = excluded.current_digest,
                replaced_digests = excluded.replaced_digests,
                sends = excluded.sends,
                last_sent_at = excluded.last_sent_at,
                notification_id = excluded.notification_id,
                attempts = excluded.attempts
            """
    )

    static func changes(_ challenges: [(user: UUIDValue, challenge: Challenge)]) -> PipelineStep {
        let rows = challenges.map(\.challenge)
        return PipelineStep(
            put,
            [
                .uuids(challenges.map { PGUUID($0.user) }),
                .uuids(rows.map { PGUUID($0.id.value) }),
                .uuids(rows.map { PGUUID($0.tokenID.value) }),
                .int16s(rows.map { Codes.purpose.code($0.purpose) }),
                .int16s(rows.map { Codes.challengeState.code($0.state) }),
                .timestamps(rows.map { $0.createdAt.microseconds }),
                .timestamps(rows.map { $0.expiresAt.microseconds }),
                .int16s(rows.map { Int16($0.otp.digits) }),
                .byteas(rows.map(\.otp.current.bytes)),
                .byteas(rows.map { DigestRun.join($0.otp.replaced) }),
                .int16s(rows.map { Int16($0.otp.sends) }),
                .timestamps(rows.map { $0.otp.lastSentAt.microseconds }),
                .uuids(rows.map { PGUUID($0.otp.notificationID.value) }),
                .texts(rows.map { $0.binding?.reference }),
                .byteas(rows.map { $0.binding?.context.bytes }),
                .int16s(rows.map { Int16($0.attempts) }),
                .texts(rows.map(\.smsPrefix)),
            ]
        )
    }
}
