import Contract
import Messaging
import TokenCore
import TokenStore

/// Turns outcomes into the bytes that go on the wire: reply first, then notifications, then events.
struct OutcomeRendering {
    let settings: DecisionSettings
    let topics: Topics
    let envelopes: SealedEnvelopes

    /// How long a sealed message without an end of its own can be opened.
    private static let noticeLifetime: Int64 = 86_400

    /// - Parameter asker: who asked, as asserted or as signed.
    func messages(
        _ outcome: Outcome,
        _ command: CommandArrival,
        _ key: UUIDValue,
        asker: String?,
        at now: Instant
    ) -> [WireMessage] {
        let cause = MessageCause(
            command.envelope,
            asker: asker,
            identity: key,
            source: settings.source,
            time: now
        )
        let reply = ReplyEnvelope(to: cause, outcome: replyOutcome(outcome, command.envelope.commandType))
        return [reply.message(to: command.reply.topic, partition: command.reply.partition)]
            + consequences(outcome, cause, command.user, at: now)
    }

    /// What follows from a record of the directory, which nobody is answered.
    func directoryMessages(
        _ outcome: Outcome,
        _ recordKey: RecordKey,
        _ key: UUIDValue,
        at now: Instant
    ) -> [WireMessage] {
        consequences(
            outcome,
            MessageCause(recordKey, identity: key, source: settings.source, time: now),
            UserKey(recordKey),
            at: now
        )
    }

    private func replyOutcome(_ outcome: Outcome, _ type: CommandType) -> ReplyOutcome {
        switch outcome.answer {
        case .ok(let result): .ok(result)
        case .rejected(let rejection): .rejected(RejectedReply(rejection, to: type))
        }
    }

    private func consequences(
        _ outcome: Outcome,
        _ cause: MessageCause,
        _ user: UserKey,
        at now: Instant
    ) -> [WireMessage] {
        var messages: [WireMessage] = []
        for (index, draft) in outcome.notifications.enumerated() {
            let envelope = NotificationEnvelope(
                index: index + 1,
                of: cause,
                key: draft.user.flatMap { $0.recordKey(unless: user) },
                expiryTime: draft.expires,
                data: notification(draft, draft.user ?? user, now)
            )
            messages.append(envelope.message(to: topics.notifications))
        }
        for (index, draft) in outcome.events.enumerated() {
            let envelope = EventEnvelope(
                draft.type,
                index: index + 1,
                of: cause,
                key: draft.user.flatMap { $0.recordKey(unless: user) },
                data: draft.data
            )
            messages.append(envelope.message(to: topics.events))
        }
        return messages
    }

    private func notification(_ draft: NotificationDraft, _ user: UserKey, _ now: Instant) -> JSONObject {
        var data: JSONObject = [
            "notificationId": .string(draft.id.description),
            "channel": .string(draft.channel.rawValue),
            "template": .string(draft.template),
            "locale": draft.locale.map { .string($0) } ?? .null,
            "tokenId": .string(draft.tokenID.description),
        ]
        if let challenge = draft.challengeID { data.append("challengeId", .string(challenge.description)) }
        let end = draft.expires ?? now.adding(seconds: Self.noticeLifetime)
        data.append("sealed", .string(envelopes.seal(notification: draft.content, owner: user, expires: end)))
        return data
    }

    // MARK: Dead letters

    func malformedReply(
        _ undecodable: Undecodable,
        _ arrival: Arrival,
        to target: ReplyTarget,
        at now: Instant
    ) -> [WireMessage] {
        guard
            let cause = MessageCause(undecodable, identity: arrival.key, source: settings.source, time: now)
        else { return [] }
        let rejection = RejectedReply(.malformed(field: undecodable.field), to: nil)
        return [
            ReplyEnvelope(to: cause, outcome: .rejected(rejection))
                .message(to: target.topic, partition: target.partition)
        ]
    }

    /// The record in the dead-letter topic of its own: the value sealed byte for byte, headers as received, and where it
    /// came from; no header quotes the value.
    func deadLetter(_ arrival: Arrival, reason: String) -> [WireMessage] {
        let record = arrival.record
        return [
            DeadLetter(
                topic: record.topic,
                partition: record.partition,
                offset: record.offset,
                timestamp: Instant(milliseconds: record.timestamp),
                reason: reason,
                service: settings.service
            ).message(
                key: record.key,
                headers: record.headers.map { WireHeader($0.name, $0.value) },
                value: record.value,
                topics: topics,
                envelopes: envelopes
            )
        ]
    }
}

extension UserKey {
    /// The key of messages about this user; nil where it is the command's own.
    fileprivate func recordKey(unless other: UserKey) -> RecordKey? {
        self == other ? nil : RecordKey(tenant: tenant, userID: userID)
    }
}
