import Contract
import TokenCore

/// What an event has to say of a notification, whatever became of it.
struct DeliverySubject: Equatable, Sendable {
    let id: NotificationID
    let recordKey: RecordKey
    let challenge: ChallengeID?
    let tokenID: TokenID
    let channel: Channel
    let correlation: Correlation
}

extension DeliverySubject {
    /// As it is kept beside a message whose receipt is awaited.
    var stored: [UInt8] {
        var object: JSONObject = [
            "tenant": .string(recordKey.tenant), "userId": .string(recordKey.userID),
            "tokenId": .string(tokenID.description), "channel": .string(channel.rawValue),
        ]
        let optional = [
            ("challengeId", challenge?.description), ("correlationId", correlation.correlationID),
            ("causationId", correlation.causationID), ("traceParent", correlation.traceParent),
            ("traceState", correlation.traceState),
        ]
        for case (let name, let text?) in optional { object.append(name, .string(text)) }
        return object.serialized()
    }

    /// - Throws: `JSONError`, `FieldError` for what this has not written.
    init(_ id: NotificationID, stored: [UInt8]) throws {
        let fields = FieldReader(try JSONParser.parse(stored).objectValue ?? [:])
        guard let key = RecordKey(tenant: try fields.string("tenant"), userID: try fields.string("userId")) else {
            throw FieldError(pointer: "/userId")
        }
        self.init(
            id: id,
            recordKey: key,
            challenge: try fields.optionalUUID("challengeId").map { ChallengeID($0) },
            tokenID: TokenID(try fields.uuid("tokenId")),
            channel: try fields.stringEnum("channel"),
            correlation: Correlation(
                correlationID: try fields.optionalString("correlationId"),
                causationID: try fields.optionalString("causationId"),
                traceParent: try fields.optionalString("traceParent"),
                traceState: try fields.optionalString("traceState")
            )
        )
    }
}
