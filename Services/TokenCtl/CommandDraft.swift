import Contract
import Messaging
import TokenCore

/// A command as `send` writes it: CloudEvents, binary mode.
struct CommandDraft {
    /// Who asks, where nobody says otherwise.
    static let defaultSource = "/usertokens/tokenctl"

    var type: CommandType
    var key: [UInt8]
    /// nil: the tenant in the key.
    var tenant: String?
    var id: String
    var source: String
    var replyTo: String?
    var data: [UInt8]
    var time: Instant = .now
    /// Who asks, as asserted or as signed.
    var authID: String?
    /// `Bearer` and a JWT; nil: not signed.
    var authorization: String?

    func message(_ topics: Topics) -> OutgoingMessage {
        var headers: [(Header, String)] = [
            (.specVersion, CloudEvents.specVersion),
            (.id, id),
            (.source, source),
            (.type, type.rawValue),
            (.time, time.rfc3339),
            (.contentType, MediaType.jsonText),
            // A copy of the command gets the first one's reply, byte for byte: so a copy has the same correlation.
            (.correlationID, id),
        ]
        if let tenant = tenant ?? RecordKey(key)?.tenant { headers.append((.tenant, tenant)) }
        if let authID { headers.append((.authID, authID)) }
        if let authorization { headers.append((.authorization, authorization)) }
        if let replyTo { headers.append((.replyTo, replyTo)) }
        return OutgoingMessage(
            topic: topics.name(of: type.topic ?? .enrollment),
            key: key,
            value: data,
            headers: headers.map { KafkaHeader(name: $0.0.name, value: Array($0.1.utf8)) }
        )
    }

    /// Whether a record is the reply to this command: it names it as its cause, and has its key.
    func isAnswered(by record: KafkaRecord) -> Bool {
        record.key == key && record.attribute(.correlationID) == id && record.attribute(.causationID) == id
    }
}

extension KafkaRecord {
    /// A header's text; nil where it is absent.
    func attribute(_ header: Header) -> String? {
        headers.first { Header(named: $0.name) == header }?.value.flatMap { String(validating: $0, as: UTF8.self) }
    }
}
