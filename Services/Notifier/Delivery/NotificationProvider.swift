import Transport

/// One message, complete: what a provider gets.
struct DeliverableMessage: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Stays the same over attempts: a provider may use it to know a repetition.
    let notificationID: String
    /// A phone number (E.164) or an e-mail address.
    let to: String
    /// Empty for SMS.
    let subject: String
    let text: String
    /// RFC 3339; what the message is worth nothing after.
    let expiresAt: String
    /// Seconds since 1970-01-01T00:00:00Z: the mail's date.
    let date: Int64

    /// The text holds an OTP, the address is a person's: neither is shown.
    var description: String { "DeliverableMessage(\(notificationID))" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: ["notificationID": notificationID]) }
}

/// How one attempt ended.
enum DeliveryOutcome: Equatable, Sendable {
    /// The provider took it; its own id, where it told one.
    case sent(providerMessageID: String?)
    /// The provider won't take this message, now or later: `rejected_by_provider`.
    case refused
    /// No address that could be sent to: `invalid_destination`.
    case invalidDestination
    /// Not delivered for a reason that may pass; not before `retryAfter`, where the provider said so.
    case failed(retryAfter: Duration?)
    /// It may have been delivered or not: sending it again could deliver twice.
    case unknown
}

/// Delivers messages of one channel; SMTP, an HTTP gateway.
protocol NotificationProvider: Sendable {
    var name: String { get }

    /// One attempt, ended at the provider's time limit or at `deadline`, whichever is first.
    func deliver(_ message: DeliverableMessage, deadline: ContinuousClock.Instant) async -> DeliveryOutcome
}

extension ProviderConfiguration {
    /// The provider that this configures.
    func makeProvider(_ transport: Transport) -> any NotificationProvider {
        switch kind {
        case .smtp(let server, let from):
            SMTPProvider(name: name, server: server, from: from, timeout: timeout, transport: transport)
        case .http(let gateway):
            HTTPGatewayProvider(name: name, gateway: gateway, timeout: timeout, transport: transport)
        }
    }
}

/// The time left for one attempt; nil where there is none.
func timeForAttempt(limit: Duration, deadline: ContinuousClock.Instant) -> Duration? {
    let left = min(limit, deadline - .now)
    return left > .zero ? left : nil
}
