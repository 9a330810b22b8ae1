import InMemoryLogging
import ReceiverSupport
import SMPP
import TestSupport
import Testing
import Transport

@testable import Notifier

@Suite("SMPP and an SMSC", .timeLimit(.minutes(1)))
struct SMPPProviderTests {
    @Test("a message arrives as it was, with its source, its end and the wish for a receipt")
    func delivered() async throws {
        let world = try SMPPWorld()
        let text = "123456 is your code: {[~]} @ £ ä €\nend"
        #expect(await world.deliver(text) == .sent(providerMessageIDs: ["smpp-1"]))
        let message = try #require(try await world.receiver.messages().first)
        #expect(message.channel == "sms" && message.id == "smpp-1")
        #expect(message.to == "+41791234567" && message.text == text)
        #expect(message.source == "Example" && message.sourceKind == [5, 0])
        #expect(message.dataCoding == 0 && message.parts == 1 && message.registeredDelivery == 1)
        #expect(message.validityPeriod == "301124130509000+")
        #expect(message.user == "tokens" && message.tls == false)
    }

    @Test("what the default alphabet lacks is sent as UCS-2")
    func ucs2() async throws {
        let world = try SMPPWorld()
        #expect(await world.deliver("код 123456 😀") == .sent(providerMessageIDs: ["smpp-1"]))
        let message = try #require(try await world.receiver.messages().first)
        #expect(message.text == "код 123456 😀" && message.dataCoding == 8 && message.parts == 1)
    }

    @Test("a long message is sent where all of its parts were taken, and arrives whole")
    func long() async throws {
        let world = try SMPPWorld()
        let texts = [String(repeating: "12345678€", count: 40), String(repeating: "код😀", count: 30)]
        #expect(await world.deliver(texts[0]) == .sent(providerMessageIDs: ["smpp-1", "smpp-2", "smpp-3"]))
        #expect(await world.deliver(texts[1]) == .sent(providerMessageIDs: ["smpp-4", "smpp-5", "smpp-6"]))
        let messages = try await world.receiver.messages()
        #expect(messages.map(\.text) == texts)
        #expect(messages.map(\.parts) == [3, 3])
        #expect(messages[0].ids == ["smpp-1", "smpp-2", "smpp-3"])
    }

    @Test("an address that is none, and a text that no SMS could hold, reach nobody")
    func notSent() async throws {
        let world = try SMPPWorld()
        for to in ["", "+41 79", "41791234567", "+0791234567", "+41791234567\u{0}", "alice@example.org"] {
            #expect(await world.deliver(to: to) == .invalidDestination)
        }
        #expect(await world.deliver(String(repeating: "x", count: 40_000)) == .refused)
        #expect(await world.deliver(within: .zero) == .failed(retryAfter: nil))
        #expect(try await world.receiver.state().smppMessages == 0)
    }

    @Test("a refusal is for good, a fault of the moment is not")
    func statuses() async throws {
        let world = try SMPPWorld()
        for (status, outcome) in [
            ("0x58", .failed(retryAfter: .seconds(1))), ("0x14", .failed(retryAfter: .seconds(1))),
            ("0x08", .failed(retryAfter: nil)), ("0x0b", .refused), ("0x45", .failed(retryAfter: nil)),
            ("0x65", .refused),
        ] as [(String, DeliveryOutcome)] {
            try await world.receiver.setFaults("{\"smpp\": \"\(status)\"}")
            #expect(await world.deliver() == outcome)
        }
        try await world.receiver.setFaults(#"{"smpp": null}"#)
        #expect(await world.deliver() == .sent(providerMessageIDs: ["smpp-1"]))
        #expect(try await world.receiver.state().smppBinds == 1)
    }

    @Test("many messages at a time share the window, and each gets its own answer")
    func many() async throws {
        let world = try SMPPWorld(window: 4)
        let outcomes = await withTaskGroup(of: DeliveryOutcome.self) { group in
            for number in 0..<200 { group.addTask { await world.deliver("code \(number)") } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let ids = outcomes.map { outcome in
            if case .sent(let ids) = outcome { ids.joined() } else { "\(outcome)" }
        }
        #expect(Set(ids) == Set((1...200).map { "smpp-\($0)" }))
        #expect(Set(try await world.receiver.messages().map(\.text)) == Set((0..<200).map { "code \($0)" }))
        #expect(try await world.receiver.state().smppConnections == 1)
    }

    @Test("a message that is not answered may have been taken; of a long one, only its last part can make it so")
    func unanswered() async throws {
        let world = try SMPPWorld()
        #expect(await world.deliver() == .sent(providerMessageIDs: ["smpp-1"]))
        try await world.receiver.setFaults(#"{"smpp": "hang"}"#)
        #expect(await world.deliver(within: .milliseconds(300)) == .unknown)
        let long = String(repeating: "a", count: 161)
        #expect(await world.deliver(long, within: .milliseconds(300)) == .failed(retryAfter: nil))
        let before = try await world.receiver.state().smppSubmits
        let task = Task { await world.deliver() }
        try await world.wait { $0.smppSubmits > before }
        task.cancel()
        #expect(await task.value == .unknown)
        try await world.receiver.setFaults(#"{"smpp": null}"#)
        #expect(await world.deliver() == .sent(providerMessageIDs: ["smpp-2"]))
    }

    @Test("a connection that breaks leaves unknown what was under way, and is made anew")
    func dropped() async throws {
        let world = try SMPPWorld()
        #expect(await world.deliver() == .sent(providerMessageIDs: ["smpp-1"]))
        try await world.receiver.setFaults(#"{"smpp": "drop", "times": 1}"#)
        #expect(await world.deliver() == .unknown)
        #expect(await world.deliverOnceBound() == .sent(providerMessageIDs: ["smpp-3"]))
        #expect(try await world.receiver.state().smppBinds == 2)
    }

    @Test("an SMSC that was restarted is bound again; while it is away messages fail at once")
    func restarted() async throws {
        let port = try FreePort.next()
        let first = try LocalReceiver(login: SMPPWorld.login, smppPort: port)
        let world = try SMPPWorld(receiver: first, port: port)
        #expect(await world.deliver() == .sent(providerMessageIDs: ["smpp-1"]))
        first.end()
        let start = ContinuousClock.now
        #expect(await world.deliver() == .failed(retryAfter: nil))
        #expect(.now - start < .seconds(5))
        let second = try LocalReceiver(login: SMPPWorld.login, smppPort: port)
        #expect(await world.deliverOnceBound() == .sent(providerMessageIDs: ["smpp-1"]))
        #expect(try await second.messages().map(\.text) == ["again"])
    }

    @Test("a bind that is refused fails messages, and nothing secret is logged")
    func refused() async throws {
        let wrong = try SMPPWorld(password: "hunter3-wrong")
        #expect(await wrong.deliver() == .failed(retryAfter: nil))
        #expect(await wrong.deliver() == .failed(retryAfter: nil))
        #expect(try await wrong.receiver.state().smppConnections == 1)
        let world = try SMPPWorld()
        try await world.receiver.setFaults(#"{"smpp": "refuse-bind"}"#)
        #expect(await world.deliver() == .failed(retryAfter: nil))
        let lines = (wrong.log.entries + world.log.entries).map { "\($0.message) \($0.metadata)" }
        #expect(lines.count == 2 && lines[0].contains("0x0000000e") && lines[1].contains("0x0000000d"))
        #expect(!lines.joined().contains("hunter") && !lines.joined().contains("4179"))
    }

    @Test("a silent SMSC is left, and bound again")
    func silent() async throws {
        let world = try SMPPWorld(enquireLink: .milliseconds(100), timeout: .milliseconds(1_500))
        #expect(await world.deliver() == .sent(providerMessageIDs: ["smpp-1"]))
        try await world.wait { $0.smppEnquiries >= 2 }
        #expect(try await world.receiver.state().smppConnections == 1)
        try await world.receiver.setFaults(#"{"smpp": "silent", "times": 1}"#)
        try await world.wait { $0.smppBinds == 2 }
        #expect(await world.deliverOnceBound() == .sent(providerMessageIDs: ["smpp-2"]))
        #expect(world.log.entries.map { "\($0.metadata)" }.contains { $0.contains("enquire_link not answered") })
    }

    @Test("shutdown unbinds, and nothing is sent after it")
    func shutdown() async throws {
        let world = try SMPPWorld()
        world.provider.start { _ in true }
        #expect(await world.deliver() == .sent(providerMessageIDs: ["smpp-1"]))
        await world.provider.shutdown()
        #expect(try await world.receiver.state().smppUnbinds == 1)
        #expect(await world.deliver() == .failed(retryAfter: nil))
        await world.provider.shutdown()
        let unused = try SMPPWorld(receiver: world.receiver)
        await unused.provider.shutdown()
        #expect(try await world.receiver.state().smppConnections == 1)
    }
}

@Suite("SMPP over TLS", .timeLimit(.minutes(1)))
struct SMPPSecurityTests {
    @Test("TLS carries messages where the certificate is good, and nothing where it is not")
    func certificates() async throws {
        let receiver = try LocalReceiver(tls: true, login: SMPPWorld.login)
        let port = try #require(receiver.ports.smpps)
        for host in ["localhost", "127.0.0.1"] {
            let good = try SMPPWorld(
                receiver: receiver,
                host: host,
                port: port,
                isTLS: true,
                caFile: receiver.certificate
            )
            guard case .sent = await good.deliver() else {
                Issue.record("not sent to \(host)")
                continue
            }
        }
        #expect(try await receiver.messages().map(\.tls) == [true, true])

        let stranger = try LocalReceiver(tls: true)
        // Nobody vouches for it, somebody else does, or the certificate is for another name.
        for (host, caFile) in [
            ("localhost", nil), ("localhost", stranger.certificate), ("::ffff:127.0.0.1", receiver.certificate),
        ] {
            let bad = try SMPPWorld(receiver: receiver, host: host, port: port, isTLS: true, caFile: caFile)
            #expect(await bad.deliver() == .failed(retryAfter: nil))
            #expect(bad.log.entries.map { "\($0.metadata)" }.contains { $0.contains("TLS failed") })
        }
        // TLS to who speaks none.
        let clear = try SMPPWorld(receiver: receiver, isTLS: true, caFile: receiver.certificate, timeout: .seconds(2))
        #expect(await clear.deliver() == .failed(retryAfter: nil))
        #expect(try await receiver.messages().count == 2)
    }
}
