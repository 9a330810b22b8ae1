package import TokenCore

/// A command as it was received, in either content mode of CloudEvents' Kafka binding (section 2).
package struct CommandEnvelope: Sendable, Equatable {
    /// With `source` it identifies the command within its tenant; at most 255 bytes.
    package var id: String
    /// At most 255 bytes.
    package var source: String
    /// Any text; `commandType` gives it a meaning.
    package var type: String
    /// Carried by CloudEvents; means nothing here.
    package var subject: String?
    /// What the sender says of the time; never trusted (section 2), so nil also where it is no time.
    package var time: Instant?
    /// A command whose instant is later changes nothing: `expired`.
    package var expiryTime: Instant?
    /// Names tenant and user.
    package var recordKey: RecordKey
    /// Where the answer is wanted.
    package var reply: ReplyRoute
    /// What ties the command to others.
    package var correlation: Correlation
    /// Who asks.
    package var asker: Asker
    /// What is asked.
    package var content: Content
    /// Found while decoding and to be answered `malformed` when data are looked at (section 3), in the order of checks:
    /// a tenant or user that disagrees with the key, an `expirytime` that is no time, data that are no object.
    /// Such a command is known by its id and is no dead letter.
    package var defect: FieldError?

    /// The data of a command.
    package struct Content: Sendable, Equatable {
        /// Empty where the data were no object; then `defect` says so.
        package var object: JSONObject
        /// What makes two copies equal (section 2): the value's bytes in binary mode, the RFC 8785 form of the data in
        /// structured mode.
        package var bytes: [UInt8]

        package init(object: JSONObject, bytes: [UInt8]) {
            self.object = object
            self.bytes = bytes
        }
    }

    /// The key as received.
    package var key: [UInt8] { recordKey.bytes }
    /// The tenant in the key.
    package var tenant: String { recordKey.tenant }
    /// The user in the key; begins with `~` on tenant-wide keys.
    package var userID: String { recordKey.userID }
    /// `replyto` or `kafka_replyTopic`.
    package var replyTo: String? { reply.topic }
    /// `kafka_replyPartition` where it counts.
    package var replyPartition: Int32? { reply.partition }
    /// To be echoed.
    package var kafkaCorrelationID: [UInt8]? { reply.kafkaCorrelationID }
    /// Carried on.
    package var correlationID: String? { correlation.correlationID }
    /// The sender's own; replies name this command instead.
    package var causationID: String? { correlation.causationID }
    /// Carried on.
    package var traceParent: String? { correlation.traceParent }
    /// Carried on.
    package var traceState: String? { correlation.traceState }
    /// As asserted.
    package var authType: String? { asker.authType }
    /// As asserted.
    package var authID: String? { asker.authID }
    /// The bearer token, whole.
    package var authorization: SensitiveText? { asker.authorization }
    /// The type as a name of the catalogue.
    package var commandType: CommandType { CommandType(rawValue: type) }
    /// The data; empty where there is a `defect` in them.
    package var data: JSONObject { content.object }
    /// What makes two copies equal.
    package var dataBytes: [UInt8] { content.bytes }
    /// The data for a command's own type to read.
    package var fields: FieldReader { FieldReader(content.object) }

    /// Why, as the audit notes it; nil where the command has no such member, or none that is well-formed.
    package var reason: String? {
        guard commandType.hasReason else { return nil }
        do {
            return try fields.reason()
        } catch {
            return nil
        }
    }

    /// What identifies the command within all tenants: tenant, source and id with a zero byte between them, which none
    /// of them holds. The inbox keeps a digest of it.
    package var identityBytes: [UInt8] {
        Array(tenant.utf8) + [0] + Array(source.utf8) + [0] + Array(id.utf8)
    }

    /// What a copy of the command must repeat (section 2): type, key and data, each but the last with its length before
    /// it. The inbox keeps a digest of it.
    package var fingerprintBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(type.utf8.count + key.count + dataBytes.count + 8)
        Varint.append(UInt64(type.utf8.count), to: &bytes)
        bytes.append(contentsOf: type.utf8)
        Varint.append(UInt64(key.count), to: &bytes)
        bytes.append(contentsOf: key)
        bytes.append(contentsOf: dataBytes)
        return bytes
    }
}

extension CommandEnvelope: CustomStringConvertible, CustomReflectable {
    /// Type and id; data can hold an OTP, the asker a bearer token.
    package var description: String { "\(type) \(id)" }
    package var customMirror: Mirror { Mirror(self, children: ["type": type, "id": id]) }
}

extension CommandEnvelope.Content: CustomStringConvertible, CustomReflectable {
    package var description: String { object.description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
