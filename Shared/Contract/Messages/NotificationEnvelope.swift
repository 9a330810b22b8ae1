package import TokenCore

/// One message to deliver, for `tokens.notifications` (section 8).
package struct NotificationEnvelope: Sendable, Equatable {
    /// Id, key and the rest.
    package var attributes: OutgoingAttributes
    /// After this instant the message is dropped, not delivered.
    package var expiryTime: Instant?
    /// What to deliver, its secrets sealed.
    package var data: JSONObject

    /// A notification that no command gave rise to.
    package init(attributes: OutgoingAttributes, expiryTime: Instant?, data: JSONObject) {
        self.attributes = attributes
        self.expiryTime = expiryTime
        self.data = data
    }

    /// A notification that a command gave rise to.
    ///
    /// - Parameters:
    ///   - index: which of the command's notifications this is, from 1; it is part of the id.
    ///   - key: the user concerned, where that is not the command's own key.
    package init(index: Int, of cause: MessageCause, key: RecordKey? = nil, expiryTime: Instant?, data: JSONObject) {
        let id = DerivedID.notification(index, of: cause.identity)
        attributes = cause.attributes(id: id, type: NotificationType.deliver, key: key)
        self.expiryTime = expiryTime
        self.data = data
    }

    /// The record to write.
    package func message(to topic: String) -> WireMessage {
        let extra = expiryTime.map { [WireHeader(.expiryTime, $0.rfc3339)] } ?? []
        return attributes.message(to: topic, partition: nil, extra: extra, data: data)
    }
}
