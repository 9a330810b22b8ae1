import Foundation
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

    @Test("the contract's example is read, but for SMPP")
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
            templates: {directory: templates}
            """
        let file = folder.appending(path: "n.yaml")
        try Data(yaml.utf8).write(to: file)
        let configuration = try NotifierConfiguration(file: file.path)
        let relay = try #require(configuration.channels[.email]?.first)
        guard case .smtp(let server, let from) = relay.kind else {
            Issue.record("no smtp")
            return
        }
        #expect(relay.timeout == .seconds(10))
        #expect(server.host == "mail.example.org" && server.port == 587 && server.security == .startTLS)
        #expect(server.credentials == Credentials(username: "tokens", password: "hunter2"))
        #expect(from.name == "Example" && from.address.text == "no-reply@example.org")
        let gateway = try #require(configuration.channels[.sms]?.first)
        #expect(gateway.timeout == .seconds(3))
        #expect(configuration.templateDirectory == folder.appending(path: "templates").path)
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!dumped.contains("hunter2"))

        try FileManager.default.setAttributes([.posixPermissions: 0o622], ofItemAtPath: secret.path)
        let error = #expect(throws: ConfigurationError.self) { try NotifierConfiguration(file: file.path) }
        #expect(
            error?.mistakes == [
                "\(file.path):4: channels.email[0].smtp.passwordFile: others can write to it, chmod 600"
            ]
        )
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
                "n.yaml:8: channels.email[0].smtp.passwort: unknown, known are allowInsecure, caFile, from, passwordFile, startTLS, timeout, url, username",
                "n.yaml:6: channels.email[0].smtp.startTLS: one of required, optional, none",
                "n.yaml:7: channels.email[0].smtp.from: an address, or Name <address>",
                "n.yaml:5: channels.email[0].smtp.url: smtp://host:port or smtps://host:port",
                "n.yaml:10: channels.sms[0].name: taken by another provider",
                "n.yaml:11: channels.sms[0].http.body: unknown placeholder, known are to, text, subject, id, expiresAt",
                "n.yaml:11: channels.sms[0].http.url: http needs allowInsecure: true, but on the loopback",
                "n.yaml:12: channels.sms[1].name: required",
                "n.yaml:12: channels.sms[1].smpp: SMPP is not supported by this version",
            ]
        )
    }

    @Test("what is no YAML is told with its line")
    func broken() {
        #expect(mistakes("channels:\n  - a: [\n").first?.hasPrefix("n.yaml:") == true)
        #expect(mistakes("channels: {}\nchannels: {}\n").count == 1)
        #expect(mistakes("") == ["n.yaml: empty"])
        #expect(mistakes("templates: {directory: t}") == ["n.yaml:1: channels: required"])
        #expect(mistakes("channels: {}") == ["n.yaml:1: channels: at least one channel is needed"])
        #expect(mistakes("channels: {sms: []}").count == 1)
        #expect(throws: ConfigurationError(mistakes: ["/nowhere: can't be read"])) {
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
