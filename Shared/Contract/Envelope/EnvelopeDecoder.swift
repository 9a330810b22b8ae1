import TokenCore

/// What became of a record.
package enum DecodedCommand: Sendable, Equatable {
    case command(CommandEnvelope)
    case refused(Undecodable)
}

/// Reads a record's envelope, in both content modes of CloudEvents' Kafka binding (section 2).
///
/// A record is *refused* (a dead letter, section 3) where the envelope itself is at fault: an attribute missing, empty,
/// given twice, too long, not UTF-8 or with control characters; `specversion` other than 1.0; a `content-type` that is
/// no JSON; no valid key; a record too large; a value that is not the JSON of section 2. It is a *command* with a
/// `defect`, answered `malformed` and no dead letter, where the envelope can be read but what it says is ill-typed: data
/// that are no object, a tenant or user that disagrees with the key, an `expirytime` that is no time. Types are not
/// looked at. Notifications (section 8) are read by the same rules.
package enum EnvelopeDecoder {
    /// Key, value and headers together, in bytes.
    package static let maximumRecordSize = 256 * 1_024
    /// The same for `token.import`.
    package static let maximumImportSize = 900 * 1_024
    /// Of `ce_id`, `ce_source` and `correlationid`, in bytes.
    package static let maximumIdentifierLength = 255
    /// The tenant where the attribute is absent.
    package static let defaultTenant = "default"

    /// Decides whether a record is a command. It never fails otherwise, whatever the bytes.
    package static func decode(
        headers: [(name: String, value: [UInt8]?)],
        key: [UInt8]?,
        value: [UInt8]?
    ) -> DecodedCommand {
        var attributes = EnvelopeAttributes()
        var size = (key?.count ?? 0) + (value?.count ?? 0)
        for header in headers {
            attributes.take(header: header.name, value: header.value)
            size += header.name.utf8.count + (header.value?.count ?? 0)
        }

        let content = Self.content(of: value, size: size, attributes: &attributes)
        let recordKey = Self.recordKey(key, attributes: &attributes)
        Self.checkRequired(&attributes)

        guard attributes.fault == nil, let recordKey, let content,
            let id = attributes[.id], let source = attributes[.source], let type = attributes[.type]
        else { return .refused(undecodable(attributes, key: key, recordKey: recordKey)) }

        let (expiryTime, defect) = Self.judge(content.json, attributes, recordKey)
        return .command(
            CommandEnvelope(
                id: id,
                source: source,
                type: type,
                subject: attributes[.subject],
                time: attributes[.time].flatMap { Instant(rfc3339: $0) },
                expiryTime: expiryTime,
                recordKey: recordKey,
                reply: route(attributes),
                correlation: correlation(attributes),
                asker: Asker(
                    authType: attributes[.authType],
                    authID: attributes[.authID],
                    authorization: attributes[.authorization].map(SensitiveText.init)
                ),
                content: CommandEnvelope.Content(object: content.json.objectValue ?? [:], bytes: content.bytes),
                defect: defect
            )
        )
    }

    /// The data and what stands for them in the fingerprint; nil after a fault.
    private static func content(
        of value: [UInt8]?,
        size: Int,
        attributes: inout EnvelopeAttributes
    ) -> (json: JSONValue, bytes: [UInt8])? {
        let isStructured: Bool
        switch attributes[.contentType].map(MediaType.init) {
        case .json, nil: isStructured = false
        case .structuredCloudEvent: isStructured = true
        case .other:
            attributes.refuse(.contentTypeUnsupported, Header.contentType.field)
            return nil
        }
        // In structured mode the type is known only when the value has been read.
        guard size <= (isStructured ? maximumImportSize : maximumSize(attributes)) else {
            attributes.refuse(.recordTooLarge, "")
            return nil
        }
        guard let value else {
            attributes.refuse(.valueMissing, "")
            return nil
        }
        guard isStructured else {
            do {
                return (try JSONParser.parse(value), value)
            } catch {
                attributes.refuse(Undecodable.Reason(error), "")
                return nil
            }
        }
        switch StructuredEvent.read(value) {
        case .failure(let fault):
            attributes.refuse(fault.reason, fault.field)
            return nil
        case .success(let event):
            attributes.take(structured: event.attributes)
            guard size <= maximumSize(attributes) else {
                attributes.refuse(.recordTooLarge, "")
                return nil
            }
            return (event.data, CanonicalJSON.bytes(of: event.data))
        }
    }

    private static func maximumSize(_ attributes: EnvelopeAttributes) -> Int {
        attributes[.type] == CommandType.importTokens.rawValue ? maximumImportSize : maximumRecordSize
    }

    private static func recordKey(_ key: [UInt8]?, attributes: inout EnvelopeAttributes) -> RecordKey? {
        guard let key, !key.isEmpty else {
            attributes.refuse(.keyMissing, Undecodable.keyField)
            return nil
        }
        guard let recordKey = RecordKey(key) else {
            attributes.refuse(.keyInvalid, Undecodable.keyField)
            return nil
        }
        return recordKey
    }

    private static func checkRequired(_ attributes: inout EnvelopeAttributes) {
        for header in [Header.specVersion, .id, .source, .type] where attributes[header] == nil {
            attributes.refuse(.attributeMissing, header.field)
        }
        if let version = attributes[.specVersion], version != CloudEvents.specVersion {
            attributes.refuse(.specVersionUnsupported, Header.specVersion.field)
        }
        for header in [Header.id, .source, .correlationID]
        where (attributes[header]?.utf8.count ?? 0) > maximumIdentifierLength {
            attributes.refuse(.attributeTooLong, header.field)
        }
    }

    /// The end of a command's life, and the first thing in a readable envelope that is ill-typed or disagrees.
    private static func judge(
        _ json: JSONValue,
        _ attributes: EnvelopeAttributes,
        _ key: RecordKey
    ) -> (expiryTime: Instant?, defect: FieldError?) {
        let expiryTime = attributes[.expiryTime].flatMap { Instant(rfc3339: $0) }
        let defect: FieldError? =
            if attributes[.tenant] ?? defaultTenant != key.tenant {
                FieldError(pointer: Header.tenant.field)
            } else if attributes[.expiryTime] != nil, expiryTime == nil {
                FieldError(pointer: Header.expiryTime.field)
            } else if let object = json.objectValue {
                disagreement(of: object, with: key)
            } else {
                FieldError(pointer: "")
            }
        return (expiryTime, defect)
    }

    /// Data that name another tenant or user than the key, or name them by something that is no string.
    private static func disagreement(of data: JSONObject, with key: RecordKey) -> FieldError? {
        for (name, expected) in [("tenant", key.tenant), ("userId", key.userID)] {
            guard let given = data[name], given != .null, given != .string(expected) else { continue }
            return FieldError(pointer: JSONPointer.member(name))
        }
        return nil
    }

    private static func undecodable(
        _ attributes: EnvelopeAttributes,
        key: [UInt8]?,
        recordKey: RecordKey?
    ) -> Undecodable {
        Undecodable(
            // A fault was noted wherever something is missing here.
            reason: attributes.fault?.reason ?? .attributeMissing,
            field: attributes.fault?.field ?? "",
            id: attributes[.id],
            source: attributes[.source],
            type: attributes[.type],
            key: key,
            tenant: recordKey?.tenant ?? attributes[.tenant].flatMap { RecordKey.isTenant($0) ? $0 : nil },
            reply: route(attributes),
            correlation: correlation(attributes)
        )
    }

    private static func route(_ attributes: EnvelopeAttributes) -> ReplyRoute {
        let replyTo = attributes[.replyTo]
        let kafkaTopic = attributes[.kafkaReplyTopic]
        let isKafkaTopic = replyTo == nil || kafkaTopic == nil || replyTo == kafkaTopic
        return ReplyRoute(
            topic: replyTo ?? kafkaTopic,
            partition: isKafkaTopic ? attributes.kafkaReplyPartition : nil,
            kafkaCorrelationID: attributes.kafkaCorrelationID
        )
    }

    private static func correlation(_ attributes: EnvelopeAttributes) -> Correlation {
        let traceParent = attributes[.traceParent].flatMap { Correlation.isTraceParent($0) ? $0 : nil }
        return Correlation(
            correlationID: attributes[.correlationID],
            causationID: attributes[.causationID],
            traceParent: traceParent,
            traceState: traceParent == nil ? nil : attributes[.traceState]
        )
    }
}
