import Foundation
import ReceiverSupport
import Testing
import TokenCore
import Transport

@testable import Notifier

@Suite("A gateway's answers", .timeLimit(.minutes(1)))
struct GatewayTests {
    private let transport = Transport()
    private let receiver: LocalReceiver

    init() throws {
        receiver = try LocalReceiver()
    }

    private static let json = #"body: '{"to":"{{to}}","text":"{{text}}","ref":"{{id}}"}'"#

    private func gateway(_ section: String, body: String = json, query: String = "") throws
        -> any NotificationProvider
    {
        let yaml = """
            channels:
              sms:
                - name: gateway
                  http: {url: "http://127.0.0.1:\(receiver.ports.http)/sms\(query)", \(body), \(section)}
            """
        let configuration = try NotifierConfiguration(yaml: yaml, file: "n.yaml")
        return try #require(configuration.channels[.sms]?.first).makeProvider(transport)
    }

    private func deliver(
        _ provider: any NotificationProvider,
        text: String = "123456",
        within: Duration = .seconds(20)
    ) async -> DeliveryOutcome {
        let message = DeliverableMessage(
            notificationID: "n-1",
            to: "+41791234567",
            subject: text,
            text: text,
            expiresAt: "2026-11-24T13:00:00.000Z",
            date: 1_795_527_132
        )
        return await provider.deliver(message, deadline: .now + within)
    }

    private func answer(_ status: Int, _ body: String, type: String = "application/json") async throws {
        struct Faults: Encodable {
            let answer: Answer
        }
        struct Answer: Encodable {
            let status: Int
            let body: String
            let type: String
        }
        let faults = Faults(answer: Answer(status: status, body: body, type: type))
        try await receiver.setFaults(String(decoding: try JSONEncoder().encode(faults), as: UTF8.self))
    }

    @Test("success is the status and the word in the answer; a word of neither kind is a refusal, none is unknown")
    func success() async throws {
        let gateway = try gateway(
            """
            success: {status: [200, 202], pointer: /messages/0/status, values: [ok, "1"],
              retryable: {pointer: /messages/0/status, values: [busy]}}, idPointer: /messages/0/id
            """
        )
        for (status, word, outcome) in [
            (200, #""ok""#, .sent(providerMessageIDs: ["7"])), (202, "1", .sent(providerMessageIDs: ["7"])),
            (200, #""busy""#, .failed(retryAfter: nil)), (400, #""busy""#, .failed(retryAfter: nil)),
            (200, #""blocked""#, .refused), (201, #""ok""#, .refused), (404, #""ok""#, .refused),
            (200, "null", .unknown), (503, #""ok""#, .failed(retryAfter: nil)),
        ] as [(Int, String, DeliveryOutcome)] {
            try await answer(status, "{\"messages\":[{\"id\":7,\"status\":\(word)}]}")
            #expect(await deliver(gateway) == outcome, "\(status) \(word)")
        }
        try await answer(200, "<html>Welcome to the hotel</html>", type: "text/html")
        #expect(await deliver(gateway) == .unknown)
    }

    @Test("a pattern finds the id in an answer of any kind")
    func idPattern() async throws {
        let gateway = try gateway(#"idPattern: '<messageId>([^<]+)</messageId>'"#)
        for (body, ids) in [
            ("<r><messageId>ab-1</messageId></r>", ["ab-1"]), ("<r/>", []), ("<messageId>a\nb</messageId>", []),
            ("<messageId>\(String(repeating: "x", count: 300))</messageId>", []),
        ] {
            try await answer(200, body, type: "application/xml")
            #expect(await deliver(gateway) == .sent(providerMessageIDs: ids))
        }
    }

    @Test("a status says whether it is the message, the provider or the moment that is at fault")
    func statuses() async throws {
        let gateway = try gateway("onTimeout: next")
        for (status, outcome) in [
            (400, .refused), (404, .refused), (405, .refused), (422, .refused), (501, .refused), (505, .refused),
            (401, .failed(retryAfter: nil)), (403, .refused), (407, .failed(retryAfter: nil)),
            (408, .failed(retryAfter: nil)), (425, .failed(retryAfter: nil)), (429, .failed(retryAfter: .seconds(1))),
            (500, .failed(retryAfter: nil)), (503, .failed(retryAfter: nil)), (302, .failed(retryAfter: nil)),
        ] as [(Int, DeliveryOutcome)] {
            try await receiver.setFaults("{\"http\": \(status)}")
            #expect(await deliver(gateway) == outcome, "\(status)")
        }
    }

    @Test("silence lets the next provider try unless told otherwise; a broken connection doesn't")
    func silence() async throws {
        for (setting, outcome) in [("next", .unanswered), ("stop", .unknown)] as [(String, DeliveryOutcome)] {
            try await receiver.setFaults(#"{"http": "hang"}"#)
            #expect(await deliver(try gateway("onTimeout: \(setting)"), within: .milliseconds(300)) == outcome)
            try await receiver.setFaults(#"{"http": "drop"}"#)
            #expect(await deliver(try gateway("onTimeout: \(setting)")) == .unknown)
        }
        try await receiver.setFaults(#"{"http": "slow"}"#)
        #expect(await deliver(try gateway("onTimeout: stop")) == .sent(providerMessageIDs: []))
    }

    @Test("when to come back is seconds or a date, and a date that is over is now")
    func retryAfter() {
        let now = Date(timeIntervalSince1970: 784_111_777)
        for (text, seconds) in [
            ("0", 0), ("120", 120), ("86400", 86_400), ("86401", nil), ("-1", nil), ("+5", nil), ("soon", nil),
            ("", nil),
            ("1.5", nil), ("Sun, 06 Nov 1994 08:49:47 GMT", 10), ("Sun, 06 Nov 1994 08:49:27 GMT", 0),
            ("Mon, 07 Nov 1994 08:49:38 GMT", nil), ("Sunday, 06-Nov-94 08:49:37 GMT", nil),
        ] as [(String, Int64?)] {
            #expect(RetryAfter.pause(text, at: now) == seconds.map { .seconds($0) }, "\(text)")
        }
    }

    @Test("hostile text arrives as it was, read by another's JSON, form and XML parser")
    func escaping() async throws {
        let form = #"contentType: application/x-www-form-urlencoded, body: "to={{to}}&text={{text}}&ref={{id}}""#
        let xml =
            #"contentType: text/xml, body: '<m s="{{text}}"><to>{{to}}</to><text>{{text}}</text><ref>{{id}}</ref></m>'"#
        let bodies = [
            Self.json.replacing("}'", with: "}', contentType: application/json"), form, xml,
        ]
        for text in HostileMailTests.hostile + [
            "<![CDATA[ & ]]>", "&#0;&lt;", "\",\"to\":\"+1", "%00&to=+1", "\u{FFFE}",
        ] {
            for body in bodies {
                let outcome = await deliver(try gateway("", body: body), text: text)
                guard case .sent = outcome else {
                    Issue.record("\(outcome) for \(text.debugDescription) in \(body)")
                    continue
                }
            }
            let fields = try await receiver.messages().suffix(3).compactMap(\.fields)
            #expect(fields.map { $0["to"] } == Array(repeating: "+41791234567", count: 3))
            #expect(fields.map(\.count) == [3, 3, 4])
            // XML can't have these at all.
            let unwritable: Set<Unicode.Scalar> = ["\u{0}", "\u{FFFE}"]
            let rest = String(String.UnicodeScalarView(text.unicodeScalars.filter { !unwritable.contains($0) }))
            #expect(fields.map { $0["text"] } == [text, text, rest])
            #expect(fields.last?["s"] == rest)
        }
    }

    @Test("hostile text in a query stays in its field")
    func query() async throws {
        let gateway = try gateway("method: GET", body: "idempotent: true", query: "?to={{to}}&text={{text}}&ref={{id}}")
        for text in HostileMailTests.hostile {
            #expect(await deliver(gateway, text: text) == .sent(providerMessageIDs: []))
            let fields = try #require(try await receiver.messages().last?.fields)
            #expect(fields == ["to": "+41791234567", "text": text, "ref": "n-1"])
        }
    }

    @Test("secrets come from files and are read again when these change; an unusable file changes nothing")
    func secrets() async throws {
        let (token, password) = try (GatewayConfigurationTests.Secret("k-1"), GatewayConfigurationTests.Secret("p-1"))
        let gateway = try gateway(
            "headerFiles: {x-api-key: \(token.path)}, username: tokens, passwordFile: \(password.path)"
        )
        var count = 0
        func sent() async throws -> [String?] {
            _ = await deliver(gateway)
            let headers = try await receiver.messages(since: count).first?.headers ?? []
            count += 1
            return ["x-api-key", "authorization"].map { name in headers.first { $0.first == name }?.last }
        }
        func basic(_ password: String) -> String {
            "Basic " + Data("tokens:\(password)".utf8).base64EncodedString()
        }
        #expect(try await sent() == ["k-1", basic("p-1")])
        try Data("k-2\n".utf8).write(to: URL(filePath: token.path))
        try Data("p-2\n".utf8).write(to: URL(filePath: password.path))
        while try await sent() != ["k-2", basic("p-2")] { await Task.yield() }
        try Data("k\u{1}3\n".utf8).write(to: URL(filePath: token.path))
        try Data("p-3\n".utf8).write(to: URL(filePath: password.path))
        while try await sent() != ["k-2", basic("p-3")] { await Task.yield() }
    }

    @Test("a Twilio-compatible gateway gets its form and gives its id")
    func twilio() async throws {
        let token = try GatewayConfigurationTests.Secret("t-1")
        let yaml = """
            channels:
              sms:
                - name: t
                  twilio: {url: "http://127.0.0.1:\(receiver.ports.http)", accountSid: AC1, authTokenFile: \(token.path), messagingServiceSid: MG1, receipts: {url: "https://otp.example.org/receipts/t"}}
            """
        let configuration = try NotifierConfiguration(yaml: yaml, file: "n.yaml")
        let provider = try #require(configuration.channels[.sms]?.first).makeProvider(transport)
        try await answer(201, #"{"sid":"SM1","status":"queued","error_code":null}"#)
        #expect(
            await deliver(provider, text: "1 & To=+2", within: .seconds(100_000)) == .sent(providerMessageIDs: ["SM1"])
        )
        let message = try #require(try await receiver.messages().last)
        #expect(message.target == "/2010-04-01/Accounts/AC1/Messages.json")
        #expect(
            message.fields == [
                "To": "+41791234567", "Body": "1 & To=+2", "ValidityPeriod": "36000", "MessagingServiceSid": "MG1",
                "StatusCallback": "https://otp.example.org/receipts/t",
            ]
        )
        for code in [21_211, 21_614, 21_610] {
            try await answer(400, "{\"code\":\(code),\"message\":\"no\",\"status\":400}")
            #expect(await deliver(provider) == .refused)
        }
    }
}
