import Contract
import TokenCore
import TokenStore

/// The events that tell how a delivery ended. They derive from the notification's id and its stored end, so that a
/// repeat has the same id and the same bytes.
struct DeliveryEvents {
    let topics: Topics
    static let source = "/usertokens/notifier"

    func message(_ parcel: Parcel, _ result: DeliveryResult) -> WireMessage {
        let cause = MessageCause(
            parcel.recordKey,
            identity: parcel.id.value,
            source: Self.source,
            time: result.finishedAt,
            // causationid is the command's id, as the notification carries it (contract section 12).
            correlation: parcel.correlation
        )
        var data: JSONObject = ["notificationId": .string(parcel.id.description)]
        if let challenge = parcel.challenge { data.append("challengeId", .string(challenge.description)) }
        data.append("tokenId", .string(parcel.tokenID.description))
        data.append("channel", .string(parcel.channel.rawValue))
        let type: EventType
        switch result.state {
        case .dropped:
            type = .notificationDropped
            data.append("reason", result.code.map { .string($0) } ?? .null)
        case .failed:
            type = .notificationFailed
            data.append("code", result.code.map { .string($0) } ?? .null)
        case .sent, .queued: type = .notificationSent
        case .delivered: type = .notificationDelivered
        }
        return EventEnvelope(type, index: 1, of: cause, data: data).message(to: topics.events)
    }
}
