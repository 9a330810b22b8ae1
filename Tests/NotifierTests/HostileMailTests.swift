import Foundation
import ReceiverSupport
import Testing
import Transport

@testable import Notifier

/// What a mail client says is compared to the byte with what a harmless message makes it say.
@Suite("Hostile text on its way to a relay", .timeLimit(.minutes(1)))
struct HostileMailTests {
    private let transport = Transport()
    private let receiver: LocalReceiver

    /// Each tries to begin something: a command, a header, a body, the message's end, a template.
    static let hostile = [
        "\r\nRCPT TO:<evil@example.org>", "\nBcc: evil@example.org", "\r\n\r\nanother body", "\r\n.\r\nQUIT\r\n",
        "\u{0}", "\u{85}Bcc: x", "\u{2028}Bcc: x", "\u{202E}edoc", "{{otp}} {% x %} ${x}", "> SIZE=1 <x", "\"<x@y>,",
        "=?utf-8?B?QmNjOg==?=", String(repeating: "a", count: 2_000), ".", "..", "👋 ü =0D=0A", "\r", "\t",
    ]

    init() throws {
        receiver = try LocalReceiver()
    }

    private func deliver(
        to: String = "alice@example.org",
        subject: String = "Your code",
        text: String = "123456",
        from: String = "Example <no-reply@example.org>"
    ) async throws -> DeliveryOutcome {
        let relay = RelayConfiguration(
            host: "127.0.0.1",
            port: receiver.ports.smtp,
            security: .none,
            login: nil,
            mechanism: nil,
            caFile: nil,
            from: try #require(Mailbox(from))
        )
        let message = DeliverableMessage(
            notificationID: "n-1",
            to: to,
            subject: subject,
            text: text,
            expiresAt: "2026-11-24T13:00:00.000Z",
            date: 1_795_527_132
        )
        return await SMTPProvider(name: "relay", relay: relay, timeout: .seconds(20), transport: transport)
            .deliver(message, deadline: .now + .seconds(20))
    }

    /// Commands, and names of headers: all that has a meaning for a relay.
    private func skeleton() async throws -> (commands: [String], headers: [[String]]) {
        var commands: [String] = []
        var isContent = false
        for line in try await receiver.dialogue().components(separatedBy: "\r\n") {
            if isContent {
                isContent = line != "."
            } else {
                commands.append(line)
                isContent = line == "DATA"
            }
        }
        return (commands, try await receiver.messages().map { $0.headers.compactMap(\.first) })
    }

    private func check(sent: Int) async throws {
        let (commands, headers) = try await skeleton()
        #expect(
            commands.filter { $0.hasPrefix("MAIL") }.allSatisfy { $0.hasPrefix("MAIL FROM:<no-reply@example.org>") }
        )
        let recipients = commands.filter { $0.hasPrefix("RCPT") }
        #expect(recipients == Array(repeating: "RCPT TO:<alice@example.org>", count: sent))
        #expect(Set(commands.map { $0.prefix(4) }).isSubset(of: ["EHLO", "MAIL", "RCPT", "DATA", "QUIT", ""]))
        let names = [
            "Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
            "Content-Transfer-Encoding",
        ]
        #expect(headers == Array(repeating: names, count: sent))
        for message in try await receiver.messages() {
            #expect(message.recipients == ["alice@example.org"])
            let raw = try #require(message.raw)
            #expect(!raw.replacing("\r\n", with: "").utf8.contains { $0 == 10 || $0 == 13 || $0 == 0 })
        }
    }

    @Test("to: no address that holds it is sent to")
    func recipient() async throws {
        for text in Self.hostile {
            #expect(try await deliver(to: "alice@example.org\(text)") == .invalidDestination)
        }
        #expect(try await receiver.dialogue().isEmpty)
    }

    @Test("subject: refused, or one header with that text")
    func subject() async throws {
        var sent: [String] = []
        for text in Self.hostile where try await deliver(subject: "Code\(text)") != .rejected {
            sent.append("Code\(text)")
        }
        try await check(sent: sent.count)
        #expect(sent.count == 8)
        #expect(try await receiver.messages().map(\.subject) == sent)
    }

    @Test("text: arrives as it was, but for line ends")
    func text() async throws {
        for (index, text) in Self.hostile.enumerated() {
            let outcome = try await deliver(text: "123456\(text)\(text)")
            #expect(outcome == .sent(providerMessageIDs: ["\(index + 1)"]))
        }
        try await check(sent: Self.hostile.count)
        func lines(_ text: String) -> [Substring] {
            text.replacing("\r\n", with: "\n").replacing("\r", with: "\n").split(
                separator: "\n",
                omittingEmptySubsequences: false
            )
        }
        for (message, text) in zip(try await receiver.messages(), Self.hostile) {
            let wanted = lines("123456\(text)\(text)")
            #expect(Array(lines(message.text).prefix(wanted.count)) == wanted)
        }
    }

    @Test("from: no name that could begin a line is configured; the others stand in their header")
    func sender() async throws {
        var sent = 0
        for text in Self.hostile {
            guard Mailbox("Ex\(text)ample <no-reply@example.org>") != nil else { continue }
            let outcome = try await deliver(from: "Ex\(text)ample <no-reply@example.org>")
            if outcome != .rejected { sent += 1 }
        }
        try await check(sent: sent)
        #expect(sent > 5)
        for message in try await receiver.messages() { #expect(message.sender == "no-reply@example.org") }
    }
}
