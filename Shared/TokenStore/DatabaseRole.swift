/// Who connects to the database: each has a role that may do its own work and nothing else.
///
/// None may change the schema, or an audit row; that is the schema's owner's, who alone migrates and retires.
package enum DatabaseRole: String, CaseIterable, Sendable {
    case enrollment
    case verifier
    case notifier
    case expiryScanner = "expiry-scanner"
    /// `tokenctl tenant`, and `tokenctl keys status` and `remove`.
    case `operator`
    /// `tokenctl audit verify` and `export`.
    case auditor

    /// Those that stand for an executable that runs.
    package static let services: [DatabaseRole] = [.enrollment, .verifier, .notifier, .expiryScanner]

    /// What its statements need, column by column.
    package var privileges: Privileges {
        switch self {
        case .enrollment: .schema + .batches + .commands + .enrolment
        case .verifier: .schema + .batches + .commands + .verification
        case .notifier: .schema + .delivery
        case .expiryScanner: .schema + .batches + .scan + .keyUpkeep + .housekeeping
        case .operator: .operation
        case .auditor: .audit
        }
    }
}

extension Privileges {
    /// Whether the schema is this program's.
    fileprivate static let schema = Privileges(tables: [
        "schema_migration": .init(select: "number checksum needs")
    ])

    /// What every batch loads, locks and writes. A lock is a right to change some column.
    fileprivate static let batches = Privileges(tables: [
        "lane": .init(
            select: """
                lane_id topic partition epoch batch_seq answered_through unanswered_since next_offset last_record last_at \
                audit_seq audit_hash
                """,
            insert: "topic partition",
            update: """
                epoch batch_seq answered_through unanswered_since next_offset last_record last_at audit_seq audit_hash
                """
        ),
        "inbox": .init(
            select: "lane_id batch_seq position received_at messages",
            insert: "key lane_id batch_seq position received_at fingerprint messages"
        ),
        "audit_log": .init(
            insert: "lane_id seq at tenant user_id command command_key outcome token_ids auth_id reason hash"
        ),
        "tenant": .init(select: "name catalogue_version"),
        "token_type": .init(select: "tenant name kind hardware names policy retired_at"),
        "user_state": .init(select: "user_key failures consecutive_failures lock_level locked_until"),
        "user_contact": .init(select: "user_key phone email locale display_name revision"),
        "token": .init(
            select: """
                token_id tenant user_key user_id type_name kind hardware status status_reason description channel address \
                pending_address serial manufacturer model algorithm digits period moving_factor drift recovery_digests \
                failures reset_failures consecutive_failures lock_level locked_until created_at activated_at updated_at \
                last_used_at expires_at activate_before version batch end_of_life
                """,
            update: """
                user_key user_id status status_reason description address pending_address moving_factor drift \
                recovery_digests failures reset_failures consecutive_failures lock_level locked_until activated_at \
                updated_at last_used_at expires_at activate_before scan_at version
                """
        ),
        "data_key": .init(select: "data_key_id wrapping_kid wrapped", insert: "wrapping_kid wrapped"),
        "token_secret": .init(select: "token_id sealed"),
        // One statement makes challenges and changes them.
        "challenge": .init(
            select: """
                challenge_id token_id user_key purpose state created_at expires_at digits current_digest \
                replaced_digests sends last_sent_at notification_id reference context_digest attempts sms_prefix
                """,
            insert: """
                challenge_id token_id user_key purpose state created_at expires_at digits current_digest \
                replaced_digests sends last_sent_at notification_id reference context_digest attempts sms_prefix
                """,
            update: "state current_digest replaced_digests sends last_sent_at notification_id attempts"
        ),
    ])

    /// Commands are recognised when they come again, and count against a user.
    fileprivate static let commands = Privileges(tables: [
        "inbox": .init(select: "key fingerprint"),
        "user_state": .init(update: "failures consecutive_failures lock_level locked_until"),
    ])

    fileprivate static let enrolment = Privileges(tables: [
        "tenant": .init(update: "catalogue_version"),
        "token_type": .init(
            insert: "tenant name kind hardware names policy retired_at",
            update: """
                kind hardware names policy retired_at sweep_asked_at sweep_horizon sweep_pass sweep_position
                """
        ),
        "user_state": .init(
            insert: "user_key tenant user_id failures consecutive_failures lock_level locked_until"
        ),
        "user_contact": .init(
            insert: "user_key phone email locale display_name revision",
            update: "phone email locale display_name revision",
            delete: true
        ),
        "token": .init(
            insert: """
                token_id tenant user_key user_id type_name kind hardware status status_reason description channel address \
                pending_address serial manufacturer model algorithm digits period moving_factor drift recovery_digests \
                failures reset_failures consecutive_failures lock_level locked_until created_at activated_at updated_at \
                last_used_at expires_at activate_before scan_at version batch end_of_life
                """,
            update: "serial"
        ),
        "token_secret": .init(
            select: "seed_digest",
            insert: "token_id sealed seed_digest",
            update: "sealed seed_digest",
            delete: true
        ),
    ])

    fileprivate static let verification = Privileges(
        tables: [
            "delivery": .init(select: "notification_id state"),
            "otp_send": .init(select: "scope_key sent_at", insert: "scope_key sent_at"),
            "otp_conversion": .init(
                select: "tenant prefix bucket lane_id sent verified",
                insert: "tenant prefix bucket lane_id sent verified",
                update: "sent verified"
            ),
        ],
        functions: ["otp_scope_key(text, text)", "user_addresses(uuid[])"]
    )

    /// Of a challenge, whether the message still carries its current value.
    fileprivate static let delivery = Privileges(tables: [
        "challenge": .init(select: "challenge_id state notification_id expires_at"),
        "delivery": .init(
            select: "notification_id state code claimed_at claim finished_at receipt_at",
            insert: "notification_id tenant state code claimed_at claim finished_at",
            update: "state code claimed_at claim finished_at receipt_at"
        ),
        "delivery_receipt": .init(
            select: "provider message_id notification_id state subject sent_at",
            insert: "provider message_id notification_id state subject sent_at",
            update: "notification_id state subject sent_at"
        ),
    ])

    fileprivate static let scan = Privileges(tables: [
        // To lock the row; nothing reads this column.
        "user_state": .init(update: "user_id"),
        "token": .init(select: "scan_at"),
        "expiry_notice": .init(select: "token_id days expires_at", insert: "token_id days expires_at"),
        "token_type": .init(
            select: "ctid sweep_asked_at sweep_horizon sweep_pass sweep_position",
            update: "sweep_asked_at sweep_horizon sweep_pass sweep_position"
        ),
    ])

    fileprivate static let keyUpkeep = Privileges(tables: [
        "data_key": .init(update: "wrapping_kid wrapped"),
        "token_secret": .init(select: "seed_digest", update: "seed_digest"),
    ])

    /// Rows are locked before they are removed; whoever may remove a row can do no worse by changing it.
    fileprivate static let housekeeping = Privileges(
        tables: [
            "challenge": .init(delete: true),
            "delivery": .init(select: "notification_id claimed_at", update: "claimed_at", delete: true),
            "delivery_receipt": .init(select: "ctid sent_at", update: "sent_at", delete: true),
            "otp_send": .init(select: "ctid sent_at", update: "sent_at", delete: true),
            "otp_conversion": .init(select: "ctid bucket", update: "bucket", delete: true),
            "expiry_notice": .init(select: "ctid", update: "expires_at", delete: true),
        ],
        functions: [
            "inbox_partitions_ahead(date)", "inbox_partitions_retire(timestamptz)", "audit_partitions_ahead(date)",
        ]
    )

    fileprivate static let operation = Privileges(tables: [
        "tenant": .init(select: "name created_at", insert: "name"),
        "token_type": .init(insert: "tenant name kind hardware names"),
        "data_key": .init(select: "wrapping_kid"),
        "token_secret": .init(select: "seed_digest"),
        "token": .init(select: "status recovery_digests"),
        "challenge": .init(select: "expires_at current_digest replaced_digests context_digest"),
        "inbox": .init(select: "received_at fingerprint"),
    ])

    fileprivate static let audit = Privileges(tables: [
        "audit_log": .init(
            select: "lane_id seq at tenant user_id command command_key outcome token_ids auth_id reason hash"
        ),
        "audit_anchor": .init(select: "lane_id seq hash"),
        "lane": .init(select: "lane_id topic partition audit_seq audit_hash"),
    ])
}
