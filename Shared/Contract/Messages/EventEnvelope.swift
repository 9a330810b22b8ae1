/// A fact for `tokens.events` (section 8).
package struct EventEnvelope: Sendable, Equatable {
    /// Id, type, key and the rest.
    package var attributes: OutgoingAttributes
    /// Who did it; nil where nobody did, as when a token expires.
    package var authID: String?
    /// The fact; no contact data unmasked, no OTP.
    package var data: JSONObject

    /// An event that no command gave rise to.
    package init(attributes: OutgoingAttributes, authID: String?, data: JSONObject) {
        self.attributes = attributes
        self.authID = authID
        self.data = data
    }

    /// An event that a command gave rise to.
    ///
    /// - Parameters:
    ///   - index: which of the command's events this is, from 1; it is part of the id.
    ///   - key: the user concerned, where that is not the command's own key.
    package init(_ type: EventType, index: Int, of cause: MessageCause, key: RecordKey? = nil, data: JSONObject) {
        let id = DerivedID.event(index, of: cause.identity)
        attributes = cause.attributes(id: id, type: type.rawValue, key: key)
        authID = cause.authID
        self.data = data
    }

    /// The record to write.
    package func message(to topic: String) -> WireMessage {
        let extra = authID.map { [WireHeader(.authID, $0)] } ?? []
        return attributes.message(to: topic, partition: nil, extra: extra, data: data)
    }
}
