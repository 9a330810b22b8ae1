import Foundation
import ReceiverSupport
import Testing
import TokenCore
import Transport

@testable import Notifier

@Suite("Providers and real peers", .timeLimit(.minutes(1)))
struct ProviderTests {
    private let transport = Transport()
    private let receiver: LocalReceiver
    private let relay: any NotificationProvider
    private let gateway: any NotificationProvider

    init() throws {
        receiver = try LocalReceiver()
        let yaml = """
            channels:
              email:
                - name: relay
                  smtp: {url: "smtp://127.0.0.1:\(receiver.ports.smtp)", startTLS: none, from: "Example <no-reply@example.org>"}
              sms:
                - name: gateway
                  http: {url: "http://127.0.0.1:\(receiver.ports.http)/sms?x={{id}}", headers: {idempotency-key: "{{id}}"}, body: '{"to":"{{to}}","text":"{{text}}","ref":"{{id}}"}', idPointer: /id}
            """
        let configuration = try NotifierConfiguration(yaml: yaml, file: "n.yaml")
        relay = try #require(configuration.channels[.email]?.first).makeProvider(transport)
        gateway = try #require(configuration.channels[.sms]?.first).makeProvider(transport)
    }

    private func message(to: String) -> DeliverableMessage {
        DeliverableMessage(
            notificationID: "n-1",
            to: to,
            subject: "Your code",
            text: "123456 \"quoted\"\n\\ end",
            expiresAt: "2026-11-24T13:00:00.000Z",
            date: 1_795_527_132
        )
    }

    private func deliver(_ provider: any NotificationProvider, to: String, within: Duration = .seconds(20)) async
        -> DeliveryOutcome
    {
        await provider.deliver(message(to: to), deadline: .now + within)
    }

    @Test("both hand over what they got, and give back the provider's id")
    func delivered() async throws {
        #expect(await deliver(relay, to: "alice@example.org") == .sent(providerMessageIDs: ["1"]))
        #expect(await deliver(gateway, to: "+41791234567") == .sent(providerMessageIDs: ["sms-2"]))
        let messages = try await receiver.messages()
        #expect(messages.map(\.channel) == ["email", "sms"])
        #expect(
            messages.map { $0.text.trimmingCharacters(in: .newlines) }
                == Array(repeating: message(to: "").text, count: 2)
        )
        #expect(messages[0].id == "<n-1@example.org>" && messages[1].id == "n-1")
        #expect(messages[1].target == "/sms?x=n-1" && messages[1].headers.contains(["idempotency-key", "n-1"]))
    }

    @Test("a refusal is for good, a fault of the moment is not")
    func refusals() async throws {
        for (fault, outcome) in [
            ("550", .rejected), ("451", .failed(retryAfter: nil)), ("554-data", .rejected),
            ("drop", .failed(retryAfter: nil)),
            ("drop-after-data", .unknown),
        ] as [(String, DeliveryOutcome)] {
            try await receiver.setFaults("{\"smtp\": \"\(fault)\"}")
            #expect(await deliver(relay, to: "alice@example.org") == outcome)
        }
        for (fault, outcome) in [
            ("400", .refused), ("403", .refused), ("401", .failed(retryAfter: nil)),
            ("429", .failed(retryAfter: .seconds(1))),
            ("500", .failed(retryAfter: nil)), ("302", .failed(retryAfter: nil)), ("\"drop\"", .unknown),
        ] as [(String, DeliveryOutcome)] {
            try await receiver.setFaults("{\"http\": \(fault)}")
            #expect(await deliver(gateway, to: "+41791234567") == outcome)
        }
    }

    @Test(
        "an address that could break out reaches nobody",
        arguments: [
            "a@b\r\nRCPT TO:<x@y>", "a@b> SIZE=1 <x", "+41 79", "+0791234567", "+41791234567\r\nX: y", "",
            "0041791234567",
        ]
    )
    func invalidDestinations(to: String) async throws {
        #expect(await deliver(relay, to: to) == .invalidDestination)
        #expect(await deliver(gateway, to: to) == .invalidDestination)
        #expect(try await receiver.state().smtpConnections == 0)
        #expect(try await receiver.state().httpRequests == 0)
    }

    @Test("the deadline bounds an attempt, and after it none is begun")
    func deadline() async throws {
        try await receiver.setFaults(#"{"smtp": "hang", "http": "hang"}"#)
        #expect(await deliver(relay, to: "alice@example.org", within: .milliseconds(600)) == .failed(retryAfter: nil))
        #expect(await deliver(gateway, to: "+41791234567", within: .milliseconds(600)) == .unanswered)
        let before = try await receiver.state()
        #expect(await deliver(relay, to: "alice@example.org", within: .zero) == .failed(retryAfter: nil))
        #expect(await deliver(gateway, to: "+41791234567", within: .zero) == .failed(retryAfter: nil))
        #expect(try await receiver.state().smtpConnections == before.smtpConnections)
        #expect(try await receiver.state().httpRequests == before.httpRequests)
    }
}
