package import Contract
package import TokenCore
package import TokenStore

/// Where a dead letter came from, and why it is one (contract section 1).
package struct DeadLetter: Sendable {
    /// Headers of its own, the last ones of the record.
    static let headerCount = 6

    package let topic: String
    package let partition: Int32
    package let offset: Int64
    package let timestamp: Instant
    /// A closed set; no word of the record itself.
    package let reason: String
    package let service: String

    package init(
        topic: String,
        partition: Int32,
        offset: Int64,
        timestamp: Instant,
        reason: String,
        service: String
    ) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestamp = timestamp
        self.reason = reason
        self.service = service
    }

    /// The record for the dead-letter topic: the value as a JWE of ring `dlq`, the headers as received.
    package func message(
        key: [UInt8]?,
        headers: [WireHeader],
        value: [UInt8]?,
        topics: Topics,
        envelopes: SealedEnvelopes
    ) -> WireMessage {
        let provenance: [(Header, String)] = [
            (.dlqReason, reason), (.dlqService, service), (.dlqTopic, topic), (.dlqPartition, "\(partition)"),
            (.dlqOffset, "\(offset)"), (.dlqTimestamp, timestamp.rfc3339),
        ]
        return WireMessage(
            topic: topics.dlq(of: topic),
            key: key,
            headers: headers + provenance.map { WireHeader($0.0, $0.1) },
            value: envelopes.seal(deadLetter: value ?? [])
        )
    }
}
