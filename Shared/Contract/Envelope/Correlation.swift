/// What ties a message to those before it; carried on from a command to all that follows from it (section 2).
package struct Correlation: Sendable, Equatable {
    /// `correlationid`, as the command has it.
    package var correlationID: String?
    /// `causationid`: the id of the command or event that caused this message.
    package var causationID: String?
    /// `traceparent` of W3C Trace Context; what is not of its form is not carried.
    package var traceParent: String?
    /// `tracestate`; carried only with a `traceparent`.
    package var traceState: String?

    package init(
        correlationID: String? = nil,
        causationID: String? = nil,
        traceParent: String? = nil,
        traceState: String? = nil
    ) {
        self.correlationID = correlationID
        self.causationID = causationID
        self.traceParent = traceParent
        self.traceState = traceState
    }

    /// The same for a message that the message `id` gave rise to.
    package func caused(by id: String?) -> Correlation {
        var caused = self
        caused.causationID = id
        return caused
    }

    /// Whether a text has the form of a `traceparent` (W3C Trace Context §3.2): `00-<32 hex>-<16 hex>-<2 hex>`, small
    /// letters, no id of zeros, version `ff` never. Later versions may have more behind it.
    package static func isTraceParent(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count >= 55, bytes.count == 55 || (bytes[55] == UInt8(ascii: "-") && !text.hasPrefix("00")) else {
            return false
        }
        for (position, byte) in bytes.prefix(55).enumerated() {
            let isDash = position == 2 || position == 35 || position == 52
            guard isDash ? byte == UInt8(ascii: "-") : isHexadecimal(byte) else { return false }
        }
        let isZero = { (range: Range<Int>) in bytes[range].allSatisfy { $0 == UInt8(ascii: "0") } }
        return !text.hasPrefix("ff") && !isZero(3..<35) && !isZero(36..<52) && bytes.count <= 512
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

/// Where a command wants its reply, and what Spring's request/reply client wants to see on it (section 2).
package struct ReplyRoute: Sendable, Equatable {
    /// `replyto`, which wins, or `kafka_replyTopic`; not yet compared with the allow-list. Nil: the default topic.
    package var topic: String?
    /// `kafka_replyPartition`; nil where it is absent, is not four bytes, is negative, or belongs to a
    /// `kafka_replyTopic` over which another `replyto` won.
    package var partition: Int32?
    /// `kafka_correlationId`, echoed as it is.
    package var kafkaCorrelationID: [UInt8]?

    package init(topic: String? = nil, partition: Int32? = nil, kafkaCorrelationID: [UInt8]? = nil) {
        self.topic = topic
        self.partition = partition
        self.kafkaCorrelationID = kafkaCorrelationID
    }
}

/// Who asks, as the record says (sections 2 and 9): asserted, until a signature proves it.
package struct Asker: Sendable, Equatable {
    /// `authtype` of CloudEvents' auth context, such as `user` or `service_account`.
    package var authType: String?
    /// `authid`.
    package var authID: String?
    /// The header `authorization`, whole: `Bearer <JWT>`.
    package var authorization: SensitiveText?

    package init(authType: String? = nil, authID: String? = nil, authorization: SensitiveText? = nil) {
        self.authType = authType
        self.authID = authID
        self.authorization = authorization
    }
}
