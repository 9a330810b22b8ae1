import Foundation
import SMPP
import Testing
import TokenCore
import Transport

@testable import Notifier

@Suite("Notifier configuration")
struct ConfigurationTests {
    private func mistakes(_ yaml: String) -> [String] {
        do {
            _ = try NotifierConfiguration(yaml: yaml, file: "n.yaml")
            return []
        } catch {
            return error.mistakes
        }
    }

    /// One SMTP provider with this section.
    private func smtp(_ section: String) -> [String] {
        mistakes("channels:\n  email:\n    - name: relay\n      smtp: {\(section)}\n")
    }

    /// One HTTP provider with this section.
    private func http(_ section: String) -> [String] {
        mistakes("channels:\n  sms:\n    - name: gateway\n      http: {\(section)}\n")
    }

    private let body = #"body: '{"to":"{{to}}"}'"#

    @Test("the contract's example is read")
    func example() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "notifier-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let secret = folder.appending(path: "smtp")
        try Data("hunter2\n".utf8).write(to: secret)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: secret.path)
        let yaml = """
            channels:
              email:
                - name: relay
                  smtp: {url: "smtp://mail.example.org:587", startTLS: required, from: "Example <no-reply@example.org>", username: tokens, passwordFile: smtp}
              sms:
                - name: gateway
                  timeout: 3s
                  http: {url: "https://sms.example.org/v1/messages", method: POST, headers: {authorization: "Bearer x"}, contentType: application/json, body: '{"to":"{{to}}","text":"{{text}}","ref":"{{id}}"}', idPointer: /id}
                - name: operator
                  smpp: {host: smsc.example.org, port: 2775, tls: true, systemId: tokens, passwordFile: smtp, source: Example}
            templates: {directory: templates}
            """
        let file = folder.appending(path: "n.yaml")
        try Data(yaml.utf8).write(to: file)
        let configuration = try NotifierConfiguration(file: file.path)
        let relay = try #require(configuration.channels[.email]?.first)
        guard case .smtp(let setup) = relay.kind else {
            Issue.record("no smtp")
            return
        }
        let (server, from) = (setup.server, setup.from)
        #expect(relay.timeout == .seconds(10))
        #expect(server.host == "mail.example.org" && server.port == 587 && server.security == .startTLS)
        #expect(server.credentials == Credentials(username: "tokens", password: "hunter2"))
        #expect(from.name == "Example" && from.address.text == "no-reply@example.org")
        let gateway = try #require(configuration.channels[.sms]?.first)
        #expect(gateway.timeout == .seconds(3))
        guard case .smpp(let smsc)? = configuration.channels[.sms]?.last?.kind else {
            Issue.record("no smpp")
            return
        }
        #expect(smsc.endpoint.host == "smsc.example.org" && smsc.endpoint.port == 2_775 && smsc.endpoint.isTLS)
        #expect(smsc.bind == BindRequest(systemID: "tokens", password: "hunter2"))
        #expect(smsc.source == Address(kind: .alphanumeric, text: "Example"))
        #expect(smsc.window == 10 && smsc.enquireLink == .seconds(30) && smsc.wantsReceipts)
        #expect(configuration.templateDirectory == folder.appending(path: "templates").path)
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!dumped.contains("hunter2"))

        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: secret.path)
        let error = #expect(throws: ConfigurationError.self) { try NotifierConfiguration(file: file.path) }
        let places = ["4: channels.email[0].smtp.passwordFile", "10: channels.sms[1].smpp.passwordFile"]
        #expect(error?.mistakes.count == places.count)
        for (mistake, place) in zip(error?.mistakes ?? [], places) {
            #expect(mistake.hasPrefix("\(file.path):\(place): secret \(secret.path): group or others have access"))
        }

        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: secret.path)
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: file.path)
        #expect(throws: ConfigurationError(mistakes: ["NOTIFIER_CONFIG \(file.path): anybody may write it"])) {
            try NotifierConfiguration(file: file.path)
        }
    }

    @Test("every mistake is told with its line, and no value is quoted")
    func allMistakes() {
        let yaml = """
            channels:
              email:
                - name: relay
                  smtp:
                    url: hunter2
                    startTLS: hunter2
                    from: hunter2
                    passwort: hunter2
              sms:
                - name: relay
                  http: {url: "http://sms.example.org/", body: '{"to":"{{hunter2}}"}'}
                - smpp: {host: h}
              fax: []
            """
        let mistakes = mistakes(yaml)
        #expect(
            mistakes == [
                "n.yaml:13: channels.fax: unknown, known are email, sms",
                "n.yaml:8: channels.email[0].smtp.passwort: unknown, known are allowInsecure, auth, caFile, from, passwordFile, startTLS, timeout, tokenFile, url, username",
                "n.yaml:6: channels.email[0].smtp.startTLS: one of required, optional, none",
                "n.yaml:7: channels.email[0].smtp.from: an address, or Name <address>",
                "n.yaml:5: channels.email[0].smtp.url: smtp://host:port or smtps://host:port",
                "n.yaml:10: channels.sms[0].name: taken by another provider",
                "n.yaml:11: channels.sms[0].http.body: unknown placeholder, known are to, text, subject, id, expiresAt, secondsLeft",
                "n.yaml:11: channels.sms[0].http.url: http needs allowInsecure: true, but on the loopback",
                "n.yaml:12: channels.sms[1].name: required",
                "n.yaml:12: channels.sms[1].smpp.systemId: required",
                "n.yaml:12: channels.sms[1].smpp.passwordFile: required",
                "n.yaml:12: channels.sms[1].smpp.source: required",
            ]
        )
    }

    @Test("an SMSC's section is judged")
    func smscs() throws {
        let secret = FileManager.default.temporaryDirectory.appending(path: "smpp-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: secret) }
        try Data("hunter2\n".utf8).write(to: secret)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: secret.path)
        func smpp(_ section: String, channel: String = "sms") -> String {
            "channels:\n  \(channel):\n    - name: o\n      smpp: {systemId: t, passwordFile: \(secret.path), \(section)}\n"
        }
        for good in [
            "host: h, source: Example", "host: 127.0.0.1, tls: false, source: \"12345\"",
            "host: h, tls: false, allowInsecure: true, source: \"+41791234567\"",
            "host: \"::1\", tls: false, source: a",
            "host: h, source: a, sourceTon: 0, sourceNpi: 1, window: 1000, enquireLink: 1m, timeout: 3s, receipts: false",
        ] {
            #expect(mistakes(smpp(good)) == [], "\(good)")
        }
        for bad in [
            "source: a", "host: h", "host: h, tls: false, source: a", "host: \"h/x\", source: a",
            "host: h, source: Zürich",
            "host: h, source: a, port: 0", "host: h, source: a, port: 65536", "host: h, source: a, window: 0",
            "host: h, source: a, window: 1001", "host: h, source: a, enquireLink: 0s",
            "host: h, source: a, tls: perhaps",
            "host: h, source: a, systemType: abcdefghijklm", "host: h, source: a, sourceTon: 7",
            "host: h, source: a, receipts: 7", "host: h, source: a, url: x", "host: \"h:2775\", source: a",
        ] {
            #expect(mistakes(smpp(bad)).count == 1, "\(bad)")
        }
        #expect(mistakes(smpp("host: h, source: a", channel: "email")).count == 1)
        let wanted = try NotifierConfiguration(
            yaml: smpp("host: h, source: a, sourceTon: 0, sourceNpi: 9, receipts: false"),
            file: "n.yaml"
        )
        guard case .smpp(let smsc)? = wanted.channels[.sms]?.first?.kind else {
            Issue.record("no smpp")
            return
        }
        #expect(smsc.source == Address(kind: Address.Kind(ton: 0, npi: 9), text: "a") && !smsc.wantsReceipts)
        #expect(smsc.endpoint.port == 3_550 && smsc.endpoint.isTLS)
        try Data(String(repeating: "x", count: 65).utf8).write(to: secret)
        #expect(mistakes(smpp("host: h, source: a")).count == 1)
    }

    @Test("what is no YAML is told with its line")
    func broken() {
        #expect(mistakes("channels:\n  - a: [\n").first?.hasPrefix("n.yaml:") == true)
        #expect(mistakes("channels: {}\nchannels: {}\n").count == 1)
        #expect(mistakes("") == ["n.yaml: empty"])
        #expect(mistakes("templates: {directory: t}") == ["n.yaml:1: channels: required"])
        #expect(mistakes("channels: {}") == ["n.yaml:1: channels: at least one channel is needed"])
        #expect(mistakes("channels: {sms: []}").count == 1)
        #expect(
            throws: ConfigurationError(mistakes: [
                "NOTIFIER_CONFIG /nowhere: cannot be opened: No such file or directory"
            ])
        ) {
            try NotifierConfiguration(file: "/nowhere")
        }
    }

    @Test("clear text goes to the loopback, or where it was allowed")
    func insecure() {
        let from = #"from: "a@b""#
        #expect(smtp("url: \"smtp://mail:25\", startTLS: none, \(from)").count == 1)
        #expect(smtp("url: \"smtp://mail:25\", startTLS: none, allowInsecure: true, \(from)").isEmpty)
        #expect(smtp("url: \"smtp://mail:25\", \(from)").isEmpty)
        #expect(smtp("url: \"smtps://mail\", startTLS: required, \(from)").count == 1)
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"] {
            #expect(smtp("url: \"smtp://\(host):25\", startTLS: none, \(from)").isEmpty)
            #expect(http("url: \"http://\(host):80/\", \(body)").isEmpty)
        }
        for host in ["localhost.example.org", "127.0.0.1.example.org", "10.0.0.1", "[::2]", "sms", "127.evil.org.x"] {
            #expect(http("url: \"http://\(host)/\", \(body)").count == 1)
            #expect(http("url: \"http://\(host)/\", allowInsecure: true, \(body)").isEmpty)
        }
    }

    @Test(
        "a URL says where and nothing else",
        arguments: [
            "https://user@host/", "https://", "ftp://host/", "https://host:0/", "https://host:99999/", "https://a b/",
            "https://{{to}}/", "https://h{{to}}", "//host",
        ]
    )
    func urls(url: String) {
        #expect(http("url: \"\(url)\", \(body)").count == 1)
    }

    @Test("headers, bodies and pointers are judged")
    func gateways() {
        let url = #"url: "https://h/""#
        #expect(http("\(url), headers: {x: \"a{{id}}\"}, \(body)").isEmpty)
        #expect(http("\(url), headers: {x: \"a{{to}}\"}, \(body)").count == 1)
        #expect(http("\(url), headers: {x: \"a\\nb\"}, \(body)").count == 1)
        #expect(http("\(url), headers: {content-length: \"1\"}, \(body)").count == 1)
        #expect(http("\(url), contentType: application/pdf, \(body)").count == 1)
        #expect(http("\(url), body: '{\"to\":{{to}} }'").count == 1)
        #expect(http("\(url)").count == 1)
        #expect(http("\(url), idPointer: id, \(body)").count == 1)
        #expect(http("\(url), method: DELETE, \(body)").count == 1)
        #expect(http("\(url), timeout: 5, \(body)").count == 1)
        #expect(http("url: \"https://h/?to={{to}}\", method: GET").isEmpty)
    }
}
