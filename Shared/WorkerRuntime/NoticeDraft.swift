package import Contract
package import TokenCore

extension NotificationDraft {
    /// A message that tells a user of a change to a token, without an OTP.
    ///
    /// - Parameters:
    ///   - expires: after it the message is worthless.
    ///   - details: what the template says beside the usual.
    package static func notice(
        template: String,
        about token: Token,
        to recipient: Recipient,
        record: UserRecord,
        context: DecisionContext,
        expires: Instant? = nil,
        details: JSONObject = JSONObject()
    ) -> NotificationDraft {
        let locale = record.contact?.locale
        let typeName = context.catalogue[token.type.name]?.displayName(locale: locale) ?? token.type.name
        var content: JSONObject = ["to": .string(recipient.address), "typeName": .string(typeName)]
        content.append("tokenType", .string(token.type.name))
        let device = token.type.isHardware ? token.device.serial : record.maskedAddress(of: token)
        if let device { content.append("maskedDevice", .string(device)) }
        for member in details { content.set(member.name, to: member.value) }
        return NotificationDraft(
            id: NotificationID(context.newID()),
            channel: recipient.channel,
            template: template,
            locale: locale,
            tokenID: token.id,
            expires: expires,
            content: content,
            user: record.key == context.user.holder ? nil : record.key
        )
    }

    /// The notice of a change that the type's policy names (`notices`), to the contact that should hear of it; nil
    /// where the policy does not name the change, or the user has no contact.
    package static func notice(
        of change: TypePolicy.Notice,
        about token: Token,
        record: UserRecord,
        context: DecisionContext
    ) -> NotificationDraft? {
        guard context.catalogue.policy(of: token).life.notices.contains(change),
            let recipient = record.noticeRecipient(about: token, context)
        else { return nil }
        return notice(
            template: "notice.\(change.rawValue)",
            about: token,
            to: recipient,
            record: record,
            context: context
        )
    }
}

extension UserRecord {
    fileprivate func maskedAddress(of token: Token) -> String? {
        recipient(of: token).map { ContactMask.mask($0.address, $0.channel) }
    }
}
