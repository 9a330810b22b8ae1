import Foundation
import Testing
import TokenCore
import Transport

@testable import Notifier

@Suite("Gateways, relays and their receipts in the configuration")
struct GatewayConfigurationTests {
    /// A file with a secret; gone with this value.
    final class Secret {
        let path = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID().uuidString)").path

        init(_ text: String) throws {
            try Data("\(text)\n".utf8).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private let secret: Secret

    init() throws {
        secret = try Secret("12345")
    }

    private func read(_ channel: String, _ provider: String) -> Result<ProviderConfiguration, ConfigurationError> {
        Result { () throws(ConfigurationError) in
            let yaml = "channels:\n  \(channel):\n    - {name: p, \(provider)}\n".replacing("FILE", with: secret.path)
            let channels = try NotifierConfiguration(yaml: yaml, file: "n.yaml").channels
            guard let found = channels.values.joined().first else { throw ConfigurationError(mistakes: ["none"]) }
            return found
        }
    }

    private func http(_ section: String, beside: String = "") -> Result<ProviderConfiguration, ConfigurationError> {
        read("sms", "\(beside)http: {url: \"https://g.example/m\", body: '{\"t\":\"{{to}}\"}', \(section)}")
    }

    private func mistakes(_ result: Result<ProviderConfiguration, ConfigurationError>) -> Int {
        switch result {
        case .success: 0
        case .failure(let error): error.mistakes.count
        }
    }

    @Test("pace and circuit are read beside the name")
    func pace() throws {
        let provider = try http("", beside: "concurrency: 7, circuit: {failureRate: 0.25, minimum: 9, open: 3s}, ")
            .get()
        #expect(provider.concurrency == 7)
        #expect(provider.circuit == CircuitSettings(failureRate: 0.25, minimum: 9, openFor: .seconds(3)))
        let standard = try http("").get()
        #expect(standard.concurrency == 32 && standard.circuit == CircuitSettings())
        for bad in [
            "concurrency: 0, ", "concurrency: 1001, ", "circuit: {failureRate: 0}, ", "circuit: {failureRate: 1.1}, ",
            "circuit: {minimum: 0}, ", "circuit: {open: 0s}, ", "circuit: {opened: 1s}, ", "circuit: 5, ",
        ] {
            #expect(mistakes(http("", beside: bad)) == 1, "\(bad)")
        }
    }

    @Test("a gateway's success, secrets and what it can do are judged")
    func gateways() throws {
        for good in [
            "success: {status: 200}", "success: {status: [200, 202], pointer: /status, values: [ok, queued]}",
            "success: {retryable: {pointer: /status, values: [busy]}}", "idPattern: \"id=([0-9]+)\"",
            "username: u, passwordFile: FILE", "headerFiles: {authorization: FILE}", "onTimeout: stop",
        ] {
            #expect(mistakes(http(good)) == 0, "\(good)")
        }
        for bad in [
            "success: {status: 99}", "success: {status: []}", "success: {pointer: /s}", "success: {values: [a]}",
            "success: {pointer: s, values: [a]}", "username: u", "passwordFile: FILE", "tokenFile: FILE",
            "headerFiles: {host: FILE}", "headerFiles: {a: /nowhere}", "onTimeout: later", "idempotent: true",
            "idempotent: 7", "success: {retryable: {pointer: /s}}", "success: {retryable: {}}",
            "success: {retryable: {pointer: /s, values: []}}", "idPattern: \"id=[0-9]+\"", "idPattern: \"(\"",
            "idPattern: \"(a)(b)\"", "idPattern: \"(a)\", idPointer: /id", "username: \"u:v\", passwordFile: FILE",
            "username: \"u\\nv\", passwordFile: FILE", "headers: {a: b}, headerFiles: {A: FILE}",
            "headers: {Authorization: b}, username: u, passwordFile: FILE",
        ] {
            #expect(mistakes(http(bad)) == 1, "\(bad)")
        }
        let idempotent = try http("idempotent: true, headers: {idempotency-key: \"{{id}}\"}").get()
        #expect(idempotent.makeProvider(Transport()).isIdempotent)
    }

    @Test("receipts need a proof, and the id by which messages are named")
    func receipts() throws {
        #expect(try http("idPointer: /id, receipts: {tokenFile: FILE}").get().receipts != nil)
        #expect(try http("idPattern: \"(a)\", receipts: {tokenFile: FILE}").get().receipts != nil)
        #expect(try http("").get().receipts == nil)
        for bad in [
            "idPointer: /id, receipts: {}", "receipts: {tokenFile: FILE}",
            "idPointer: /id, receipts: {tokenFile: FILE, signature: {header: x, secretFile: FILE}}",
            "idPointer: /id, receipts: {signature: {secretFile: FILE}}",
            "idPointer: /id, receipts: {signature: {header: x}}",
            "idPointer: /id, receipts: {signature: {header: x, secretFile: FILE, algorithm: md5}}",
            "idPointer: /id, receipts: {tokenFile: FILE, delivered: []}",
            "idPointer: /id, receipts: {tokenFile: FILE, idPointer: id}",
        ] {
            #expect(mistakes(http(bad)) == 1, "\(bad)")
        }
    }

    @Test("a relay's login is by password or by token, whichever its mechanism takes")
    func relays() throws {
        func relay(_ section: String) -> Result<ProviderConfiguration, ConfigurationError> {
            read("email", "smtp: {url: \"smtps://m.example\", from: a@example.org, \(section)}")
        }
        for good in ["", "username: u, passwordFile: FILE", "auth: login, username: u, passwordFile: FILE"] {
            #expect(mistakes(relay(good)) == 0, "\(good)")
        }
        guard case .smtp(let setup) = try relay("auth: xoauth2, username: u, tokenFile: FILE").get().kind else {
            Issue.record("no relay")
            return
        }
        #expect(setup.server.mechanism == .xoauth2 && setup.server.credentials?.password == "12345")
        for bad in [
            "auth: plain", "auth: cram, username: u, passwordFile: FILE", "username: u, tokenFile: FILE",
            "auth: xoauth2, username: u, passwordFile: FILE",
        ] {
            #expect(mistakes(relay(bad)) > 0, "\(bad)")
        }
    }

    @Test("Twilio's request is as its documentation has it; what a person wrote stays in its field")
    func twilio() throws {
        let section = "accountSid: AC1, authTokenFile: FILE, from: \"+15551234567\", receipts: {url: \"https://h/r\"}"
        let provider = try read("sms", "twilio: {\(section)}").get()
        guard case .http(let gateway) = provider.kind else {
            Issue.record("no gateway")
            return
        }
        #expect(provider.receipts != nil)
        let http = HTTPGatewayProvider(
            name: "p",
            gateway: gateway,
            timeout: .seconds(1),
            transport: Transport(),
            givesReceipts: true
        )
        let message = DeliverableMessage(
            notificationID: "n",
            to: "+41791234567",
            subject: "",
            text: "1 & To=+666",
            expiresAt: "",
            date: 0
        )
        let request = http.request(message, timeout: .seconds(1), secondsLeft: 42)
        #expect(request.url == "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json")
        #expect(
            String(decoding: request.body, as: UTF8.self)
                == "To=%2B41791234567&Body=1%20%26%20To%3D%2B666&ValidityPeriod=42&From=%2B15551234567"
                + "&StatusCallback=https%3A%2F%2Fh%2Fr"
        )
        #expect(request.headers.contains(HTTPField("authorization", "Basic QUMxOjEyMzQ1")))
        for bad in [
            "accountSid: AC1, authTokenFile: FILE", "accountSid: AC/1, authTokenFile: FILE, from: a",
            "accountSid: AC1, from: a", "accountSid: AC1, authTokenFile: FILE, from: a, messagingServiceSid: b",
            "accountSid: AC1, authTokenFile: FILE, from: a, url: \"https://h/x\"",
            "accountSid: AC1, authTokenFile: FILE, from: a, url: \"http://h.example\"",
            "accountSid: AC1, authTokenFile: FILE, from: a, receipts: {}",
            "accountSid: AC1, authTokenFile: FILE, from: a, receipts: {url: \"http://h.example/r\"}",
            "accountSid: AC1, authTokenFile: FILE, from: a, statusCallback: \"http://h.example/r\"",
            "accountSid: AC1, authTokenFile: FILE, from: \"{{to}}\"",
        ] {
            #expect(mistakes(read("sms", "twilio: {\(bad)}")) == 1, "\(bad)")
        }
        #expect(mistakes(read("email", "twilio: {\(section)}")) == 1)
    }
}
