import Postgres

@testable import TokenStore

/// What each executable sends, statement by statement: what its role has to be allowed, and no more.
extension DatabaseRole {
    var statements: [Statement] {
        switch self {
        case .enrollment: Self.batches + Self.commands + Self.enrolment
        case .verifier: Self.batches + Self.commands + Self.verification
        case .notifier: [Self.schema] + Self.delivery
        case .expiryScanner: Self.batches + Self.scan + Self.keyUpkeep + Self.housekeeping
        case .operator: Self.operation
        case .auditor: Self.audit
        }
    }

    /// Statements of the schema's owner, and those that touch no table.
    static let others =
        [
            AuditQueries.retire, AuditQueries.fetch, AuditQueries.closeCursor, InboxQueries.lockIDs,
            DataKeyQueries.lock,
            KeyQueries.tryLock, ScanQueries.tryLock, ScanQueries.unlock, ScanQueries.isHolderSilent,
        ].map(\.name) + ["clock", "grant_lock", "grant_place", "grant_objects", "grant_powers", "grant_lacking"]

    /// The migrator's look at what was applied.
    private static let schema = Statement(name: "schema", sql: "SELECT number, checksum, needs FROM schema_migration")

    private static let batches = [
        schema, DataKeyQueries.load, DataKeyQueries.insert, LaneQueries.ensure, LaneQueries.find,
        LaneQueries.raiseEpoch,
        LaneQueries.lock, LaneQueries.advance, LaneQueries.markAnswered, InboxQueries.owed, InboxQueries.insert,
        AuditTrail.insert, TenantQueries.versions, TenantQueries.types, UserQueries.lockAndLoad, TokenQueries.load,
        TokenUpdates.position, TokenUpdates.details, ChallengeQueries.load, ChallengeQueries.put, ContactQueries.load,
    ]

    private static let commands = [
        LaneQueries.epochs, LaneQueries.restart, InboxQueries.lookUp, InboxQueries.isKnown, UserQueries.update,
    ]

    private static let enrolment = [
        TenantQueries.lock, TokenTypeWrite.put, TokenTypeWrite.askSweep, TokenTypeWrite.raiseVersion,
        UserQueries.insert, ContactQueries.put, ContactQueries.remove, TokenQueries.insert, TokenQueries.page,
        TokenUpdates.entomb, TokenUpdates.putSecret, TokenUpdates.dropSecret, DeviceQueries.lockAndLoad,
        DeviceQueries.named,
        DeviceQueries.holders,
    ]

    private static let verification = [
        SendQueries.lockDestinations, SendQueries.load, SendQueries.insert, ConversionQueries.load,
        ConversionQueries.add, DeliveryQueries.load,
    ]

    private static let delivery = [
        DeliveryClaims.claim, DeliveryClaims.look, DeliveryClaims.record, DeliveryClaims.ends, DeliveryClaims.release,
        DeliveryReceipts.insert, DeliveryReceipts.lock, DeliveryReceipts.note, DeliveryReceipts.apply,
        DeliveryReceipts.look,
    ]

    private static let scan = [
        DeviceQueries.lockAndLoad, ScanQueries.busyShards, ScanQueries.dueUsers, ScanQueries.dueDevices,
        ScanQueries.marks, ScanQueries.addMarks, ScanQueries.reschedule, ScanQueries.postpone,
        ScanQueries.postponeDevice, SweepQueries.note, SweepQueries.claim, SweepQueries.touch, SweepQueries.move,
        SweepQueries.end, AuditQueries.heads,
    ]

    private static let keyUpkeep = [
        DataKeyQueries.wrapped, DataKeyQueries.rewrap, DataKeyQueries.newest, DataKeyQueries.countByKey,
        KeyQueries.digested, KeyQueries.undigested, KeyQueries.setDigests, KeyQueries.countDigested,
        KeyQueries.countUndigested,
    ]

    private static let housekeeping = [
        Housekeeping.partitionsAhead, Housekeeping.auditPartitionsAhead, Housekeeping.retire, Housekeeping.challenges,
        Housekeeping.deliveries, Housekeeping.sends, Housekeeping.receipts, Housekeeping.conversions,
        Housekeeping.notices,
    ]

    private static let operation = [
        TenantQueries.list, TenantQueries.add, TenantQueries.addTypes, DataKeyQueries.countByKey,
        KeyQueries.countDigested, KeyNeeds.recovery, KeyNeeds.challenges, KeyNeeds.commands,
    ]

    private static let audit = [
        AuditQueries.heads, AuditQueries.anchors, AuditQueries.lanes, AuditQueries.laneCursor,
        AuditQueries.exportCursor,
    ]
}
