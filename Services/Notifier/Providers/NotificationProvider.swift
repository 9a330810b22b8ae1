import Logging
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
    /// Of mail alone.
    var html: String?
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
    /// The provider took it; its own ids, where it told any: one for each part of a long SMS.
    case sent(providerMessageIDs: [String])
    /// The provider won't take this message, now or later; another one may.
    case refused
    /// Nobody will take this message: there is no such mailbox, or the like.
    case rejected
    /// No address that could be sent to: `invalid_destination`.
    case invalidDestination
    /// Not delivered for a reason that may pass; not before `retryAfter`, where the provider said so.
    case failed(retryAfter: Duration?)
    /// All of it was sent, and no answer came in time: it may have been taken, though those who take one mostly say so.
    case unanswered
    /// It may have been delivered or not: sending it again could deliver twice.
    case unknown
}

/// What a provider tells later of a message that it took.
struct ProviderReceipt: Equatable, Sendable {
    enum State: Equatable, Sendable {
        case delivered
        case failed
    }

    /// The provider's name in the configuration.
    let provider: String
    /// The provider's own id of the message, or of a part of it.
    let messageID: String
    let state: State
}

/// Takes a receipt; false where it could not be recorded and told now, so that the provider has to tell it again.
typealias ReceiptSink = @Sendable (ProviderReceipt) async -> Bool

/// Delivers messages of one channel: SMTP, an HTTP gateway, SMPP.
protocol NotificationProvider: Sendable {
    var name: String { get }
    /// It recognises a message that it got before by its id, and delivers it once.
    var isIdempotent: Bool { get }
    /// It tells later what became of a message.
    var givesReceipts: Bool { get }

    /// Called once, before the first attempt; connections of its own are opened, receipts that come by them go to `sink`.
    func start(receipts sink: @escaping ReceiptSink)

    /// Called once, after the last attempt.
    func shutdown() async

    /// One attempt, ended at the provider's time limit or at `deadline`, whichever is first.
    func deliver(_ message: DeliverableMessage, deadline: ContinuousClock.Instant) async -> DeliveryOutcome
}

extension NotificationProvider {
    var isIdempotent: Bool { false }
    var givesReceipts: Bool { false }
    func start(receipts sink: @escaping ReceiptSink) {}
    func shutdown() async {}
}

extension ProviderConfiguration {
    /// The provider that this configures.
    /// - Parameter logger: is told of connections that are lost and found, where the provider keeps its own.
    func makeProvider(_ transport: Transport, logger: Logger = .silent) -> any NotificationProvider {
        switch kind {
        case .smtp(let relay):
            SMTPProvider(name: name, relay: relay, timeout: timeout, transport: transport)
        case .http(let gateway):
            HTTPGatewayProvider(
                name: name,
                gateway: gateway,
                timeout: timeout,
                transport: transport,
                givesReceipts: receipts != nil
            )
        case .smpp(let smsc):
            SMPPProvider(name: name, configuration: smsc, timeout: timeout, logger: logger)
        }
    }
}

extension Logger {
    fileprivate static var silent: Logger { Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() } }
}

/// What is under way when the deadline comes is still taken by the peer a moment later: an attempt ends before.
private let marginBeforeDeadline: Duration = .milliseconds(200)

/// The time left for one attempt; nil where there is none.
func timeForAttempt(limit: Duration, deadline: ContinuousClock.Instant) -> Duration? {
    let left = min(limit, deadline - .now - marginBeforeDeadline)
    return left > .zero ? left : nil
}
