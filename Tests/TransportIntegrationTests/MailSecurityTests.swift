import Foundation
import ReceiverSupport
import Testing
import Transport

@Suite("Whom mail is trusted to, and as whom it comes", .timeLimit(.minutes(1)))
struct MailSecurityTests {
    private let transport = Transport()
    private let login = Credentials(username: "tokens", password: "s3cret")

    private func mail(_ server: MailServer) throws -> MailSubmission {
        MailSubmission(
            server: server,
            from: try #require(Mailbox("no-reply@example.org")),
            recipient: try #require(MailAddress("alice@example.org")),
            subject: "Your code",
            text: "123456",
            messageID: "m-1",
            date: 1_795_527_132,
            timeout: .seconds(20)
        )
    }

    private func server(
        _ receiver: LocalReceiver,
        security: MailServer.Security = .startTLS,
        as credentials: Credentials? = nil,
        by mechanism: MailServer.Mechanism? = nil
    ) throws -> MailServer {
        MailServer(
            host: "localhost",
            port: security == .implicit ? try #require(receiver.ports.smtps) : receiver.ports.smtp,
            security: security,
            credentials: credentials,
            mechanism: mechanism,
            caFile: security == .none ? nil : receiver.certificate
        )
    }

    private func failure(_ server: MailServer) async throws -> TransportError {
        let mail = try mail(server)
        let error = await #expect(throws: TransportError.self) { try await transport.send(mail) }
        return try #require(error)
    }

    @Test(
        "another's certificate, an expired one, no STARTTLS or a broken one: neither login nor mail is sent",
        arguments: [
            (["--certificate-name", "mail.example.org"], true), (["--certificate-expired"], true),
            (["--no-starttls"], false),
        ]
    )
    func untrusted(options: [String], isAlsoImplicit: Bool) async throws {
        let receiver = try LocalReceiver(tls: true, login: login, options: options)
        #expect(try await failure(server(receiver, as: login)) == TransportError(.tlsFailed))
        if isAlsoImplicit {
            #expect(try await failure(server(receiver, security: .implicit, as: login)) == TransportError(.tlsFailed))
        }
        let dialogue = try await receiver.dialogue()
        #expect(!dialogue.contains("AUTH") && !dialogue.contains("MAIL"))
    }

    @Test("a relay that answers STARTTLS with something else gets nothing, and is tried again")
    func brokenTLS() async throws {
        let receiver = try LocalReceiver(tls: true, login: login)
        for (fault, reason) in [("tls-broken", .tlsFailed), ("tls-injected", .disconnected)]
            as [(String, TransportError.Reason)]
        {
            try await receiver.setFaults("{\"smtp\": \"\(fault)\"}")
            let error = try await failure(server(receiver, as: login))
            #expect(error == TransportError(reason) && error.isRetrySafe)
        }
        let dialogue = try await receiver.dialogue()
        #expect(dialogue.contains("STARTTLS") && !dialogue.contains("AUTH") && !dialogue.contains("MAIL"))
    }

    @Test(
        "login is by the mechanism that was asked for, else by the one that is offered, PLAIN first",
        arguments: [
            (.plain, "PLAIN,LOGIN,XOAUTH2", "PLAIN"), (.login, "PLAIN,LOGIN,XOAUTH2", "LOGIN"),
            (.xoauth2, "PLAIN,LOGIN,XOAUTH2", "XOAUTH2"), (nil, "PLAIN,LOGIN,XOAUTH2", "PLAIN"),
            (nil, "LOGIN", "LOGIN"),
        ] as [(MailServer.Mechanism?, String, String)]
    )
    func mechanisms(wanted: MailServer.Mechanism?, offered: String, used: String) async throws {
        let receiver = try LocalReceiver(tls: true, login: login, options: ["--auth-mechanisms", offered])
        for security in [MailServer.Security.startTLS, .implicit] {
            _ = try await transport.send(mail(server(receiver, security: security, as: login, by: wanted)))
        }
        let messages = try await receiver.messages()
        #expect(messages.map(\.mechanism) == [used, used])
        #expect(messages.allSatisfy { $0.user == "tokens" && $0.tls == true })
    }

    @Test("a login that is wrong, missing or by a mechanism that is not offered is our fault, not the message's")
    func loginDenied() async throws {
        let receiver = try LocalReceiver(tls: true, login: login, options: ["--auth-mechanisms", "PLAIN,XOAUTH2"])
        let wrong = Credentials(username: "tokens", password: "wrong")
        for server in [
            try server(receiver, as: wrong), try server(receiver, as: wrong, by: .xoauth2),
            try server(receiver, as: login, by: .login), try server(receiver),
        ] {
            let error = try await failure(server)
            #expect(error == TransportError(.loginDenied) && error.isRetrySafe)
        }
        #expect(try await receiver.messages().isEmpty)
    }

    @Test("a relay that serves nobody says nothing about the message")
    func notServed() async throws {
        let receiver = try LocalReceiver()
        try await receiver.setFaults(#"{"smtp": "greet-554"}"#)
        let error = try await failure(server(receiver, security: .none))
        #expect(error == TransportError(.notServed(code: 554)) && error.isRetrySafe)
    }

    @Test("one login serves many mails; another password is another connection")
    func reuse() async throws {
        let receiver = try LocalReceiver(tls: true, login: login)
        for _ in 0..<3 { _ = try await transport.send(mail(server(receiver, as: login))) }
        #expect(try await receiver.state().smtpConnections == 1)
        #expect(try await receiver.dialogue().components(separatedBy: "AUTH").count == 2)
        let changed = Credentials(username: "tokens", password: "new")
        #expect(try await failure(server(receiver, as: changed)) == TransportError(.loginDenied))
        #expect(try await failure(server(receiver, as: changed, by: .xoauth2)) == TransportError(.loginDenied))
    }
}
