import Transport

/// Hands mail to a relay (RFC 6409).
struct SMTPProvider: NotificationProvider {
    let name: String
    let relay: RelayConfiguration
    let timeout: Duration
    let transport: Transport

    func deliver(_ message: DeliverableMessage, deadline: ContinuousClock.Instant) async -> DeliveryOutcome {
        guard let recipient = MailAddress(message.to) else { return .invalidDestination }
        guard let time = timeForAttempt(limit: timeout, deadline: deadline) else { return .failed(retryAfter: nil) }
        let mail = MailSubmission(
            server: relay.server,
            from: relay.from,
            recipient: recipient,
            subject: message.subject,
            text: message.text,
            html: message.html,
            messageID: message.notificationID,
            date: message.date,
            timeout: time
        )
        do {
            let receipt = try await transport.send(mail)
            return .sent(providerMessageIDs: queueID(receipt.reply).map { [$0] } ?? [])
        } catch {
            return deliveryOutcome(of: error)
        }
    }

    /// `queued as X`, as most relays say.
    private func queueID(_ reply: String) -> String? {
        let words = reply.split(separator: " ")
        guard let index = words.lastIndex(of: "as"), index + 1 < words.count, words[index + 1].utf8.count <= 100 else {
            return nil
        }
        return String(words[index + 1])
    }
}

/// What a failed attempt means for the message.
func deliveryOutcome(of error: TransportError) -> DeliveryOutcome {
    if error.isOutcomeUnknown { return .unknown }
    return error.isPermanent ? .rejected : .failed(retryAfter: nil)
}
