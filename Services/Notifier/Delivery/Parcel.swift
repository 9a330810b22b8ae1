import Contract
import Messaging
import NotificationTexts
import TokenCore
import TokenStore
import Transport

/// One notification to deliver: who it is for, what it says, until when.
struct Parcel: Sendable {
    /// What there is to send.
    enum Content: Sendable {
        case message(DeliverableMessage)
        /// It came past its end.
        case late
        /// To no address that the channel could reach.
        case misaddressed
    }

    let subject: DeliverySubject
    let content: Content
    /// After it nothing is sent.
    let deadline: Instant
    /// When the record was written.
    let writtenAt: Instant
    /// The record's place; others of the same notification wait for this one.
    var places: [RecordPlace]

    var id: NotificationID { subject.id }
    var channel: Channel { subject.channel }

    var inquiry: DeliveryInquiry {
        DeliveryInquiry(notification: id, tenant: subject.recordKey.tenant, challenge: subject.challenge)
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
    /// A dead letter, for a reason of a closed set.
    case dead(reason: String)
}

/// Reads records of the notifications topic: ours and other sites' (contract section 8).
struct ParcelReader {
    let envelopes: SealedEnvelopes
    let templates: MessageTemplates

    /// Seconds that a message without an end of its own is tried.
    private static let patience: Int64 = 900

    func read(_ record: KafkaRecord, at now: Instant) -> Arrived {
        let decoded = EnvelopeDecoder.decode(
            headers: record.headers.map { ($0.name, $0.value) },
            key: record.key,
            value: record.value
        )
        let envelope: CommandEnvelope
        switch decoded {
        case .refused(let undecodable): return .dead(reason: undecodable.reason.rawValue)
        case .command(let command): envelope = command
        }
        guard envelope.type == NotificationType.deliver, envelope.defect == nil else {
            return .dead(reason: "malformed")
        }
        let data: ClearData
        do {
            data = try ClearData(envelope.fields)
        } catch {
            return .dead(reason: "malformed")
        }
        let owner = UserKey(tenant: envelope.tenant, userID: envelope.userID)
        // Opened whatever its end, which is judged here: a message that is late is dropped, no dead letter.
        guard let sealed = envelopes.open(notification: data.sealed, owner: owner, at: Instant(seconds: 0)),
            case .integer(let end)? = sealed["exp"], let to = sealed["to"]?.stringValue
        else { return .dead(reason: "sealed_unreadable") }
        let deadline = envelope.expiryTime ?? now.adding(seconds: Self.patience)
        let content: Parcel.Content
        // `exp` is the deadline without its fraction.
        if now >= deadline || now.seconds > end {
            content = .late
        } else if !data.channel.reaches(to) {
            content = .misaddressed
        } else {
            do {
                content = .message(try message(data, sealed, of: envelope.tenant, to: to, deadline: deadline, at: now))
            } catch {
                return .dead(reason: "cannot_render")
            }
        }
        return .parcel(
            Parcel(
                subject: DeliverySubject(
                    id: data.id,
                    recordKey: envelope.recordKey,
                    challenge: data.challenge,
                    tokenID: data.tokenID,
                    channel: data.channel,
                    correlation: envelope.correlation
                ),
                content: content,
                deadline: deadline,
                writtenAt: Instant(milliseconds: record.timestamp),
                places: [RecordPlace(partition: record.topicPartition, offset: record.offset)]
            )
        )
    }

    private func message(
        _ data: ClearData,
        _ sealed: JSONObject,
        of tenant: String,
        to: String,
        deadline: Instant,
        at now: Instant
    ) throws(MessageTemplates.CannotRender) -> DeliverableMessage {
        let text = try templates.render(
            template: data.template,
            channel: data.channel,
            for: MessageTemplates.Reader(
                tenant: tenant,
                tokenType: sealed["tokenType"]?.stringValue,
                locale: data.locale
            ),
            values: TextTemplate.values(of: sealed)
        )
        return DeliverableMessage(
            notificationID: data.id.description,
            to: to,
            subject: text.subject,
            text: text.text,
            html: text.html,
            expiresAt: deadline.rfc3339,
            date: now.seconds
        )
    }

    private struct ClearData {
        let id: NotificationID
        let channel: Channel
        let template: String
        let locale: String?
        let tokenID: TokenID
        let challenge: ChallengeID?
        let sealed: String

        init(_ fields: FieldReader) throws(FieldError) {
            id = NotificationID(try fields.uuid("notificationId"))
            channel = try fields.stringEnum("channel")
            template = try fields.string("template")
            locale = try fields.optionalString("locale")
            tokenID = TokenID(try fields.uuid("tokenId"))
            challenge = try fields.optionalUUID("challengeId").map { ChallengeID($0) }
            sealed = try fields.string("sealed")
        }
    }
}

extension Channel {
    /// Whether the text is an address of this channel, by the strict rules of what is sent to.
    fileprivate func reaches(_ address: String) -> Bool {
        switch self {
        case .email: MailAddress(address) != nil
        case .sms: isPhone(address)
        }
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
