import Logging
import SMPP
import Synchronization
import Transport

/// Hands messages to an SMSC over one session (SMPP 3.4), which is kept open and opened again.
///
/// A long message is sent only where all of its parts were taken. They are submitted one after the other: an incomplete
/// message is shown to nobody, so that with a part refused all of it is `refused`, and with one that failed, or with an
/// earlier one whose answer stays away, all of it may be sent again. Only the last part's fate can be `unknown`.
final class SMPPProvider: NotificationProvider {
    let name: String
    var givesReceipts: Bool { configuration.wantsReceipts }
    private let configuration: SMPPConfiguration
    private let timeout: Duration
    private let link: SMPPLink
    private let reference = Mutex(UInt8.random(in: .min ... .max))

    init(name: String, configuration: SMPPConfiguration, timeout: Duration, logger: Logger) {
        self.name = name
        self.configuration = configuration
        self.timeout = timeout
        link = SMPPLink(provider: name, configuration: configuration, timeout: timeout, logger: logger)
    }

    deinit {
        link.stop {}
    }

    func start(receipts sink: @escaping ReceiptSink) {
        link.start(receipts: sink)
    }

    func shutdown() async {
        await withCheckedContinuation { continuation in
            link.stop { continuation.resume() }
        }
    }

    func deliver(_ message: DeliverableMessage, deadline: ContinuousClock.Instant) async -> DeliveryOutcome {
        guard isPhone(message.to), let destination = Address(international: message.to) else {
            return .invalidDestination
        }
        guard let time = timeForAttempt(limit: timeout, deadline: deadline) else { return .failed(retryAfter: nil) }
        let reference = reference.withLock { reference in
            reference &+= 1
            return reference
        }
        guard let parts = configuration.parts(of: message, to: destination, reference: reference) else {
            return .refused
        }
        return await link.send(parts, deadline: .now + time)
    }
}
