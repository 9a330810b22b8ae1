/// The record headers that the contract knows (sections 1, 2 and 9), by their names on the wire.
///
/// `ce_` headers are attributes of CloudEvents 1.0 in the binary mode of its Kafka binding.
package enum Header: Int, Sendable, CaseIterable {
    case specVersion, id, source, type, subject, time
    case tenant, replyTo, expiryTime, correlationID, causationID, traceParent, traceState, authType, authID
    case contentType, authorization
    case kafkaReplyTopic, kafkaReplyPartition, kafkaCorrelationID
    case dlqReason, dlqService, dlqTopic, dlqPartition, dlqOffset, dlqTimestamp

    /// The name on the wire.
    package var name: String {
        switch self {
        case .specVersion: "ce_specversion"
        case .id: "ce_id"
        case .source: "ce_source"
        case .type: "ce_type"
        case .subject: "ce_subject"
        case .time: "ce_time"
        case .tenant: "ce_tenant"
        case .replyTo: "ce_replyto"
        case .expiryTime: "ce_expirytime"
        case .correlationID: "ce_correlationid"
        case .causationID: "ce_causationid"
        case .traceParent: "ce_traceparent"
        case .traceState: "ce_tracestate"
        case .authType: "ce_authtype"
        case .authID: "ce_authid"
        case .contentType: "content-type"
        case .authorization: "authorization"
        case .kafkaReplyTopic: "kafka_replyTopic"
        case .kafkaReplyPartition: "kafka_replyPartition"
        case .kafkaCorrelationID: "kafka_correlationId"
        case .dlqReason: "dlq_reason"
        case .dlqService: "dlq_service"
        case .dlqTopic: "dlq_topic"
        case .dlqPartition: "dlq_partition"
        case .dlqOffset: "dlq_offset"
        case .dlqTimestamp: "dlq_timestamp"
        }
    }

    /// How names of CloudEvents attributes begin in headers.
    package static let attributePrefix = "ce_"
    /// How names of the headers begin that a dead letter has beside those received.
    package static let deadLetterPrefix = "dlq_"

    /// What `details.field` says of this header: its name, and `replyto` as the contract spells it.
    package var field: String { self == .replyTo ? "replyto" : name }

    /// The attribute's name in CloudEvents; nil for a header that is no attribute.
    package var attribute: String? {
        name.hasPrefix(Self.attributePrefix) ? String(name.dropFirst(Self.attributePrefix.count)) : nil
    }

    /// Finds a header by its name in any case (section 12). `replyto` without prefix is read as `ce_replyto`.
    package init?(named name: String) {
        guard let header = Self.byName[name.asciiLowercased] else { return nil }
        self = header
    }

    /// Finds a header by the name of its attribute, as structured mode spells it.
    package init?(attribute: String) {
        guard let header = Self.byAttribute[attribute] else { return nil }
        self = header
    }

    private static let byName: [String: Header] = {
        var headers = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name.asciiLowercased, $0) })
        headers["replyto"] = .replyTo
        return headers
    }()

    private static let byAttribute: [String: Header] = Dictionary(
        uniqueKeysWithValues: allCases.compactMap { header in header.attribute.map { ($0, header) } }
    )
}

extension String {
    /// A to Z made small and nothing else: no letter beyond ASCII turns into one of ASCII.
    var asciiLowercased: String {
        let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
        guard utf8.contains(where: { capitals.contains($0) }) else { return self }
        return String(decoding: utf8.map { capitals.contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
