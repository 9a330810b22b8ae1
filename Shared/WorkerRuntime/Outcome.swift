package import Contract
package import TokenCore

/// What a decision leads to: one answer, and what follows from it.
package struct Outcome: Sendable {
    package enum Answer: Sendable {
        case ok(JSONObject)
        case rejected(Rejection)
    }

    package var answer: Answer
    package var events: [EventDraft]
    package var notifications: [NotificationDraft]
    /// The tokens concerned, for the audit.
    package var tokens: [TokenID]

    package init(
        _ answer: Answer,
        events: [EventDraft] = [],
        notifications: [NotificationDraft] = [],
        tokens: [TokenID] = []
    ) {
        self.answer = answer
        self.events = events
        self.notifications = notifications
        self.tokens = tokens
    }

    /// The rejection's code; nil for `ok`.
    package var code: Rejection.Code? {
        switch answer {
        case .ok: nil
        case .rejected(let rejection): rejection.code
        }
    }

    package static func rejected(_ rejection: Rejection, events: [EventDraft] = []) -> Outcome {
        Outcome(.rejected(rejection), events: events)
    }
}

/// A fact to publish; the runtime adds identity, time and correlation.
package struct EventDraft: Sendable, Equatable {
    package let type: EventType
    package var data: JSONObject
    /// Whom the fact is about, where that is not the user of the command's key.
    package var user: UserKey?

    package init(_ type: EventType, _ data: JSONObject, user: UserKey? = nil) {
        self.type = type
        self.data = data
        self.user = user
    }
}

/// A message to deliver; the runtime seals `content` (ring `notification`) and adds the envelope.
package struct NotificationDraft: Sendable, Equatable {
    package let id: NotificationID
    package let channel: Channel
    /// `otp`, `otp.approval`, `expiring` or `notice.<change>`.
    package let template: String
    package let locale: String?
    package let tokenID: TokenID
    package let challengeID: ChallengeID?
    /// After it the message is worthless and is not sent.
    package let expires: Instant?
    /// The sealed members: `to`, `otp`, `context`, `typeName`, `maskedDevice`, `minutes`, ….
    package let content: JSONObject
    /// Who gets it, where that is not the user of the command's key.
    package let user: UserKey?

    package init(
        id: NotificationID,
        channel: Channel,
        template: String,
        locale: String?,
        tokenID: TokenID,
        challengeID: ChallengeID? = nil,
        expires: Instant? = nil,
        content: JSONObject,
        user: UserKey? = nil
    ) {
        self.id = id
        self.channel = channel
        self.template = template
        self.locale = locale
        self.tokenID = tokenID
        self.challengeID = challengeID
        self.expires = expires
        self.content = content
        self.user = user
    }
}
