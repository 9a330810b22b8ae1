/// What a command is answered (section 3).
package enum ReplyOutcome: Sendable, Equatable {
    case ok(JSONObject)
    case rejected(RejectedReply)

    /// The reply's data.
    package var data: JSONObject {
        switch self {
        case .ok(let result): ["status": "ok", "result": .object(result)]
        case .rejected(let reply): reply.data
        }
    }
}

/// What a rejection says.
package struct RejectedReply: Sendable, Equatable {
    /// From the catalogue of rejections.
    package var code: String
    /// For a person; no value of the command's is in it.
    package var message: String
    /// What helps the sender; may be empty.
    package var details: JSONObject
    /// What may be shown to the person who entered an OTP (section 4); stands beside `code`.
    package var publicCode: String?

    package init(code: String, message: String, details: JSONObject = [:], publicCode: String? = nil) {
        self.code = code
        self.message = message
        self.details = details
        self.publicCode = publicCode
    }

    var data: JSONObject {
        var data: JSONObject = ["status": "rejected", "code": .string(code)]
        if let publicCode { data.append("publicCode", .string(publicCode)) }
        data.append("message", .string(message))
        data.append("details", .object(details))
        return data
    }
}

/// The one reply to a command, or to a record that could not be decoded.
package struct ReplyEnvelope: Sendable, Equatable {
    /// Id, type, key and the rest.
    package var attributes: OutgoingAttributes
    /// `kafka_correlationId` of the command.
    package var kafkaCorrelationID: [UInt8]?
    /// What the command came to.
    package var outcome: ReplyOutcome

    /// A reply to the cause; its id derives from the cause's identity.
    package init(to cause: MessageCause, outcome: ReplyOutcome) {
        attributes = cause.attributes(id: DerivedID.reply(of: cause.identity), type: cause.replyType)
        kafkaCorrelationID = cause.kafkaCorrelationID
        self.outcome = outcome
    }

    /// - Parameter topic: as the caller judged it; the partition is one that exists there.
    package func message(to topic: String, partition: Int32? = nil) -> WireMessage {
        let extra = kafkaCorrelationID.map { [WireHeader(Header.kafkaCorrelationID.name, $0)] } ?? []
        return attributes.message(to: topic, partition: partition, extra: extra, data: outcome.data)
    }
}
