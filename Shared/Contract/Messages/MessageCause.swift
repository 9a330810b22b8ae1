package import TokenCore

/// What all messages have in common that follow from one command, or from a record that could not be decoded.
package struct MessageCause: Sendable, Equatable {
    /// The command's key in the inbox, a digest of tenant, source and id; ids of messages derive from it.
    package let identity: UUIDValue
    /// Who writes, such as `/usertokens/verifier`.
    package let source: String
    /// When it was decided.
    package let time: Instant
    /// The command's key as received.
    package let key: [UInt8]?
    /// The key's, or what could be read.
    package let tenant: String?
    /// The command's, with its id as `causationid`.
    package let correlation: Correlation
    /// Who asked, as asserted or signed.
    package let authID: String?
    let replyType: String
    let kafkaCorrelationID: [UInt8]?

    /// - Parameters:
    ///   - asker: who asked, as asserted or as signed.
    ///   - identity: the command's key in the inbox.
    ///   - source: who writes.
    ///   - time: when it was decided.
    package init(_ command: CommandEnvelope, asker: String?, identity: UUIDValue, source: String, time: Instant) {
        self.identity = identity
        self.source = source
        self.time = time
        key = command.key
        tenant = command.tenant
        correlation = command.correlation.caused(by: command.id)
        authID = asker
        replyType = command.commandType.reply
        kafkaCorrelationID = command.kafkaCorrelationID
    }

    /// Nil for a record that is not to be answered (`Undecodable.isAnswerable`).
    package init?(_ record: Undecodable, identity: UUIDValue, source: String, time: Instant) {
        guard record.isAnswerable else { return nil }
        self.identity = identity
        self.source = source
        self.time = time
        key = record.key
        tenant = record.tenant
        correlation = record.correlation.caused(by: record.id)
        authID = nil
        replyType = record.replyType
        kafkaCorrelationID = record.reply.kafkaCorrelationID
    }

    /// What follows from no command: a record of the directory, a scan, a delivery. Nobody is answered.
    package init(
        _ key: RecordKey,
        identity: UUIDValue,
        source: String,
        time: Instant,
        correlation: Correlation = Correlation(),
        authID: String? = nil
    ) {
        self.identity = identity
        self.source = source
        self.time = time
        self.key = key.bytes
        tenant = key.tenant
        self.correlation = correlation
        self.authID = authID
        replyType = CommandType.malformedReply
        kafkaCorrelationID = nil
    }

    func attributes(id: String, type: String, key other: RecordKey? = nil) -> OutgoingAttributes {
        OutgoingAttributes(
            id: id,
            source: source,
            type: type,
            time: time,
            key: other?.bytes ?? key,
            tenant: other?.tenant ?? tenant,
            correlation: correlation
        )
    }
}
