package import TokenCore

/// The attributes that all messages of ours have (section 2), written in binary mode.
package struct OutgoingAttributes: Sendable, Equatable {
    /// The same again whenever the message is written again.
    package var id: String
    /// Who writes, such as `/usertokens/verifier`.
    package var source: String
    /// In full, such as `usertokens.token.enrolled.v1`.
    package var type: String
    /// When what the message tells happened.
    package var time: Instant
    /// The record's key, and `subject` where it is UTF-8; nil where a malformed command had none.
    package var key: [UInt8]?
    /// Nil where a malformed command named none that could be read.
    package var tenant: String?
    /// `causationid` names the command or event that caused the message.
    package var correlation: Correlation

    package init(
        id: String,
        source: String,
        type: String,
        time: Instant,
        key: [UInt8]?,
        tenant: String?,
        correlation: Correlation
    ) {
        self.id = id
        self.source = source
        self.type = type
        self.time = time
        self.key = key
        self.tenant = tenant
        self.correlation = correlation
    }

    /// A record with these attributes and JSON data.
    func message(to topic: String, partition: Int32?, extra: [WireHeader], data: JSONObject) -> WireMessage {
        WireMessage(topic: topic, partition: partition, key: key, headers: headers(extra), value: data.serialized())
    }

    private func headers(_ extra: [WireHeader]) -> [WireHeader] {
        var headers: [WireHeader] = []
        headers.reserveCapacity(16)
        headers.append(Self.specVersion)
        headers.append(WireHeader(.id, id))
        headers.append(WireHeader(.source, source))
        headers.append(WireHeader(.type, type))
        headers.append(WireHeader(.time, time.rfc3339))
        if let key, let subject = String(validating: key, as: UTF8.self), !subject.isEmpty {
            headers.append(WireHeader(Header.subject.name, key))
        }
        headers.append(Self.contentType)
        func append(_ header: Header, _ value: String?) {
            if let value { headers.append(WireHeader(header, value)) }
        }
        append(.tenant, tenant)
        append(.correlationID, correlation.correlationID)
        append(.causationID, correlation.causationID)
        append(.traceParent, correlation.traceParent)
        append(.traceState, correlation.traceState)
        headers.append(contentsOf: extra)
        return headers
    }

    private static let specVersion = WireHeader(.specVersion, CloudEvents.specVersion)
    private static let contentType = WireHeader(.contentType, MediaType.jsonText)
}
