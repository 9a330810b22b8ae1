import Contract
import Messaging
import TokenCore
import TokenStore

/// One notification to deliver: who it is for, what it says, until when.
struct Parcel: Sendable {
    let id: NotificationID
    let recordKey: RecordKey
    let challenge: ChallengeID?
    let tokenID: String?
    let channel: Channel
    let message: DeliverableMessage
    /// After it nothing is sent.
    let deadline: Instant
    let correlation: Correlation
    /// The record's place; others of the same notification wait for this one.
    var places: [RecordPlace]

    var inquiry: DeliveryInquiry {
        DeliveryInquiry(notification: id, tenant: recordKey.tenant, challenge: challenge)
    }
}

/// Where a record stands in its log.
struct RecordPlace: Hashable, Sendable {
    let partition: TopicPartition
    let offset: Int64
}

/// What a record of the notifications topic is.
enum Arrived {
    case parcel(Parcel)
    /// Past its end before it was opened: there is nothing to open any more.
    case late(Parcel)
    /// A dead letter, for a reason of a closed set.
    case dead(reason: String)
}

/// Reads records of the notifications topic: ours and other sites' (contract section 8).
struct ParcelReader {
    let envelopes: SealedEnvelopes
    let templates: MessageTemplates

    /// How long a message without an end of its own is tried.
    private static let patience: Int64 = 900

    func read(_ record: KafkaRecord, at now: Instant) -> Arrived {
        let decoded = EnvelopeDecoder.decode(
            headers: record.headers.map { ($0.name, $0.value) },
            key: record.key,
            value: record.value
        )
        guard case .command(let envelope) = decoded else {
            if case .refused(let undecodable) = decoded { return .dead(reason: undecodable.reason.rawValue) }
            return .dead(reason: "undecodable")
        }
        guard envelope.type == NotificationType.deliver, envelope.defect == nil else {
            return .dead(reason: "malformed")
        }
        let data: Content
        do {
            data = try Content(envelope.fields)
        } catch {
            return .dead(reason: "malformed")
        }
        let deadline = envelope.expiryTime ?? now.adding(seconds: Self.patience)
        let owner = UserKey(tenant: envelope.tenant, userID: envelope.userID)
        func parcel(_ message: DeliverableMessage) -> Parcel {
            Parcel(
                id: data.id,
                recordKey: envelope.recordKey,
                challenge: data.challenge,
                tokenID: data.tokenID,
                channel: data.channel,
                message: message,
                deadline: deadline,
                correlation: envelope.correlation,
                places: [RecordPlace(partition: record.topicPartition, offset: record.offset)]
            )
        }
        guard now < deadline else { return .late(parcel(.nothing(data.id))) }
        guard let sealed = envelopes.open(notification: data.sealed, owner: owner, at: now),
            let to = sealed["to"]?.stringValue
        else { return .dead(reason: "sealed_unreadable") }
        do {
            let text = try templates.render(
                template: data.template,
                channel: data.channel,
                locale: data.locale ?? "en",
                values: TextTemplate.values(of: sealed)
            )
            return .parcel(
                parcel(
                    DeliverableMessage(
                        notificationID: data.id.description,
                        to: to,
                        subject: text.subject,
                        text: text.text,
                        expiresAt: deadline.rfc3339,
                        date: now.seconds
                    )
                )
            )
        } catch {
            return .dead(reason: "cannot_render")
        }
    }

    /// The data in clear.
    private struct Content {
        let id: NotificationID
        let channel: Channel
        let template: String
        let locale: String?
        let tokenID: String?
        let challenge: ChallengeID?
        let sealed: String

        init(_ fields: FieldReader) throws(FieldError) {
            id = NotificationID(try fields.uuid("notificationId"))
            channel = try fields.stringEnum("channel")
            template = try fields.string("template")
            locale = try fields.optionalString("locale")
            tokenID = try fields.optionalString("tokenId")
            challenge = try fields.optionalUUID("challengeId").map { ChallengeID($0) }
            sealed = try fields.string("sealed")
        }
    }
}

extension DeliverableMessage {
    /// For a parcel that is not sent.
    fileprivate static func nothing(_ id: NotificationID) -> DeliverableMessage {
        DeliverableMessage(notificationID: id.description, to: "", subject: "", text: "", expiresAt: "", date: 0)
    }
}

extension TextTemplate {
    /// The variables that a sealed content gives.
    fileprivate static func values(of sealed: JSONObject) -> [Variable: String] {
        var values: [Variable: String] = [:]
        for variable in Variable.allCases {
            let member = variable == .text ? "context" : variable.rawValue
            switch sealed[member] {
            case .string(let text)?: values[variable] = text
            case .integer(let number)?: values[variable] = String(number)
            default: break
            }
        }
        return values
    }
}
