import Contract
import TokenCore
import TokenStore

/// The events that tell how a delivery ended. They derive from the notification's id and its stored end, so that a
/// repeat has the same id and the same bytes.
struct DeliveryEvents {
    let topics: Topics
    static let source = "/usertokens/notifier"

    /// How a delivery ended for the notifier.
    func message(_ subject: DeliverySubject, _ result: DeliveryResult) -> WireMessage {
        message(subject, result, index: 1)
    }

    /// What a receipt said later.
    func receipt(_ subject: DeliverySubject, _ result: DeliveryResult) -> WireMessage {
        message(subject, result, index: 2)
    }

    private func message(_ subject: DeliverySubject, _ result: DeliveryResult, index: Int) -> WireMessage {
        let cause = MessageCause(
            subject.recordKey,
            identity: subject.id.value,
            source: Self.source,
            time: result.finishedAt,
            // causationid is the command's id, as the notification carries it (contract section 12).
            correlation: subject.correlation
        )
        var data: JSONObject = ["notificationId": .string(subject.id.description)]
        if let challenge = subject.challenge { data.append("challengeId", .string(challenge.description)) }
        data.append("tokenId", .string(subject.tokenID.description))
        data.append("channel", .string(subject.channel.rawValue))
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
        return EventEnvelope(type, index: index, of: cause, data: data).message(to: topics.events)
    }
}
