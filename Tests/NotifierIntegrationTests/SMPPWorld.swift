import InMemoryLogging
import Logging
import ReceiverSupport
import SMPP
import Transport

@testable import Notifier

/// An SMSC and a provider for it.
final class SMPPWorld: Sendable {
    let receiver: LocalReceiver
    let provider: SMPPProvider
    let log = InMemoryLogHandler()
    static let login = Credentials(username: "tokens", password: "hunter2-longer")

    init(
        receiver: LocalReceiver? = nil,
        host: String = "127.0.0.1",
        port: UInt16? = nil,
        isTLS: Bool = false,
        caFile: String? = nil,
        password: String = SMPPWorld.login.password,
        window: Int = 10,
        enquireLink: Duration = .seconds(30),
        timeout: Duration = .seconds(20)
    ) throws {
        let receiver = try receiver ?? LocalReceiver(login: Self.login)
        self.receiver = receiver
        let configuration = SMPPConfiguration(
            endpoint: StreamEndpoint(host: host, port: port ?? receiver.ports.smpp, isTLS: isTLS, caFile: caFile),
            bind: BindRequest(systemID: Self.login.username, password: password),
            source: Address(kind: .alphanumeric, text: "Example"),
            window: window,
            enquireLink: enquireLink,
            wantsReceipts: true
        )
        let log = log
        provider = SMPPProvider(
            name: "operator",
            configuration: configuration,
            timeout: timeout,
            logger: Logger(label: "test") { _ in log }
        )
    }

    func deliver(
        _ text: String = "123456 is your code",
        to: String = "+41791234567",
        within: Duration = .seconds(20)
    ) async -> DeliveryOutcome {
        let message = DeliverableMessage(
            notificationID: "n-1",
            to: to,
            subject: "",
            text: text,
            expiresAt: "2030-11-24T13:05:09.500Z",
            date: 1_795_527_132
        )
        return await provider.deliver(message, deadline: .now + within)
    }

    /// Asks the receiver until it is so; the suite's time limit bounds it.
    func wait(until isSo: (LocalReceiver.State) -> Bool) async throws {
        while try await !isSo(receiver.state()) { await Task.yield() }
    }

    /// Tries until the session is there again.
    func deliverOnceBound(_ text: String = "again") async -> DeliveryOutcome {
        while true {
            let outcome = await deliver(text)
            if outcome != .failed(retryAfter: nil) { return outcome }
            await Task.yield()
        }
    }
}
