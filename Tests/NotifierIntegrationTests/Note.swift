import Contract
import Messaging
import TokenCore
import TokenStore
import WorkerRuntime

/// A notification as a site would write it.
struct Note {
    static let token = "01930000-0000-7000-8000-000000000000"

    var id = NotificationID(UUIDValue(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max)))
    var user = "alice"
    var channel = "sms"
    var template = "otp"
    var to = "+41791234567"
    var otp = "31415926"
    var challenge: ChallengeID?
    /// From now; nil: none.
    var seconds: Int64? = 60
    var causation = "command-1"

    func message(to topics: Topics, _ envelopes: SealedEnvelopes) -> OutgoingMessage {
        let owner = UserKey(tenant: "default", userID: user)
        let sealed = envelopes.seal(
            notification: [
                "to": .string(to), "otp": .string(otp), "typeName": "SMS code", "maskedDevice": "+41*******67",
                "minutes": 5,
            ],
            owner: owner,
            expires: Instant(seconds: 4_102_444_800)
        )
        var data: JSONObject = [
            "notificationId": .string(id.description), "channel": .string(channel), "template": .string(template),
            "locale": "en", "tokenId": .string(Self.token), "sealed": .string(sealed),
        ]
        if let challenge { data.append("challengeId", .string(challenge.description)) }
        var headers: [(Header, String)] = [
            (.specVersion, "1.0"), (.id, "n.\(id)"), (.source, "/test/site"), (.type, NotificationType.deliver),
            (.contentType, "application/json"), (.causationID, causation), (.correlationID, "flow-1"),
        ]
        if let seconds { headers.append((.expiryTime, Instant.wallClock.adding(seconds: seconds).rfc3339)) }
        return OutgoingMessage(
            topic: topics.notifications,
            key: Array("default/\(user)".utf8),
            value: data.serialized(),
            headers: headers.map { KafkaHeader(name: $0.0.name, value: Array($0.1.utf8)) }
        )
    }
}

/// An event as a reader sees it.
struct Event: Equatable {
    let record: [String: String]
    let data: JSONObject
    let value: [UInt8]

    init(_ record: KafkaRecord) throws {
        self.record = Dictionary(
            record.headers.map { ($0.name, String(decoding: $0.value ?? [], as: UTF8.self)) },
            uniquingKeysWith: { first, _ in first }
        )
        value = record.value ?? []
        data = try JSONParser.parse(value).objectValue ?? [:]
    }

    func header(_ header: Header) -> String? { record[header.name] }
    func text(_ member: String) -> String? { data[member]?.stringValue }

    /// Type and code or reason: `failed unavailable`.
    var summary: String {
        let type = (header(.type) ?? "").replacing("usertokens.notification.", with: "").replacing(".v1", with: "")
        return [type, text("code") ?? text("reason")].compactMap { $0 }.joined(separator: " ")
    }
}
