import ReceiverSupport
import Testing
import Transport

@Suite("Mail to a real relay", .timeLimit(.minutes(1)))
struct MailTransportTests {
    private let transport = Transport(Transport.Limits(transfers: 50, connectionsPerHost: 20))
    private let login = Credentials(username: "tokens", password: "s3cret")

    private func mail(
        _ server: MailServer,
        to recipient: String = "alice@example.org",
        subject: String = "Your code",
        text: String = "123456\nis your code\n",
        id: String = "m-1",
        timeout: Duration = .seconds(20)
    ) throws -> MailSubmission {
        MailSubmission(
            server: server,
            from: try #require(Mailbox("Exämple, Ltd <no-reply@example.org>")),
            recipient: try #require(MailAddress(recipient)),
            subject: subject,
            text: text,
            messageID: id,
            date: 1_795_527_132,
            timeout: timeout
        )
    }

    private func plain(_ receiver: LocalReceiver) -> MailServer {
        MailServer(host: "127.0.0.1", port: receiver.ports.smtp, security: .none)
    }

    private func failure(_ mail: MailSubmission) async throws -> TransportError {
        let error = await #expect(throws: TransportError.self) { try await transport.send(mail) }
        return try #require(error)
    }

    @Test("what arrives is what was written, umlauts, long lines and dots included")
    func content() async throws {
        let receiver = try LocalReceiver()
        let text = ".\n..b\nGrüße 👋 \n" + String(repeating: "long ", count: 100) + "\n\n.\nend\n"
        let subject = "Ihr Code für «Anmeldung» — " + String(repeating: "sehr ", count: 20) + "lang"
        let receipt = try await transport.send(mail(plain(receiver), subject: subject, text: text))
        #expect(receipt.reply == "250 2.0.0 Ok: queued as 1")
        let message = try #require(try await receiver.messages().first)
        #expect(message.text == text)
        #expect(message.subject == subject)
        #expect(message.id == "<m-1@example.org>")
        #expect(message.recipients == ["alice@example.org"] && message.sender == "no-reply@example.org")
        let headers = Dictionary(uniqueKeysWithValues: message.headers.map { ($0[0], $0[1]) })
        #expect(
            headers["From"] == "Exämple, Ltd <no-reply@example.org>"
                || headers["From"] == "\"Exämple, Ltd\" <no-reply@example.org>"
        )
        #expect(headers["Date"] == "Tue, 24 Nov 2026 13:32:12 +0000")
        #expect(headers["Auto-Submitted"] == "auto-generated")
        let raw = try #require(message.raw)
        #expect(!raw.replacing("\r\n", with: "").contains { $0 == "\n" || $0 == "\r" })
    }

    @Test("STARTTLS and login; the password is needed")
    func startTLS() async throws {
        let receiver = try LocalReceiver(tls: true, login: login)
        let server = MailServer(
            host: "localhost",
            port: receiver.ports.smtp,
            security: .startTLS,
            credentials: login,
            caFile: receiver.certificate
        )
        _ = try await transport.send(mail(server))
        let message = try #require(try await receiver.messages().first)
        #expect(message.tls == true && message.user == "tokens")
        let wrong = MailServer(
            host: "localhost",
            port: receiver.ports.smtp,
            security: .startTLS,
            credentials: Credentials(username: "tokens", password: "wrong"),
            caFile: receiver.certificate
        )
        let error = try await failure(mail(wrong))
        #expect(error == TransportError(.loginDenied))
    }

    @Test("implicit TLS and login")
    func implicitTLS() async throws {
        let receiver = try LocalReceiver(tls: true, login: login)
        let server = MailServer(
            host: "localhost",
            port: try #require(receiver.ports.smtps),
            security: .implicit,
            credentials: login,
            caFile: receiver.certificate
        )
        _ = try await transport.send(mail(server))
        let message = try #require(try await receiver.messages().first)
        #expect(message.tls == true && message.user == "tokens")
    }

    @Test("where TLS is required and not to be had, or not to be trusted, nothing is sent")
    func noTLS() async throws {
        let bare = try LocalReceiver()
        let server = MailServer(host: "127.0.0.1", port: bare.ports.smtp, security: .startTLS)
        #expect(try await failure(mail(server)) == TransportError(.tlsFailed))
        #expect(try await bare.state().smtpCommands == 0)
        let optional = MailServer(host: "127.0.0.1", port: bare.ports.smtp, security: .startTLSIfOffered)
        _ = try await transport.send(mail(optional))

        let untrusted = try LocalReceiver(tls: true)
        let stranger = MailServer(host: "localhost", port: untrusted.ports.smtp, security: .startTLS)
        #expect(try await failure(mail(stranger)) == TransportError(.tlsFailed))
        #expect(try await untrusted.state().smtpCommands == 0)
    }

    @Test("a refusal carries the relay's code, and says whether it is for good", arguments: [421, 450, 451, 550, 552])
    func refusals(code: Int) async throws {
        let receiver = try LocalReceiver()
        for fault in ["\(code)", "\(code)-data"] {
            try await receiver.setFaults("{\"smtp\": \"\(fault)\"}")
            let error = try await failure(mail(plain(receiver)))
            #expect(error == TransportError(.refused(code: code)))
            #expect(error.isPermanent == (code >= 500) && error.isRetrySafe == (code < 500))
        }
        #expect(try await receiver.messages().isEmpty)
    }

    @Test("no answer before the message was sent: nothing arrived; after it: unknown")
    func unknownOutcome() async throws {
        let receiver = try LocalReceiver()
        try await receiver.setFaults(#"{"smtp": "drop"}"#)
        #expect(try await failure(mail(plain(receiver))) == TransportError(.disconnected))
        try await receiver.setFaults(#"{"smtp": "drop-after-data"}"#)
        let dropped = try await failure(mail(plain(receiver)))
        #expect(dropped == TransportError(.disconnected, isOutcomeUnknown: true))
        #expect(!dropped.isRetrySafe && !dropped.isPermanent)
        #expect(try await receiver.messages().count == 1)
        try await receiver.setFaults(#"{"smtp": "hang"}"#)
        #expect(try await failure(mail(plain(receiver), timeout: .milliseconds(300))) == TransportError(.timedOut))
        try await receiver.setFaults(#"{"smtp": "hang-after-data"}"#)
        let hung = try await failure(mail(plain(receiver), timeout: .milliseconds(300)))
        #expect(hung == TransportError(.timedOut, isOutcomeUnknown: true))
    }

    @Test("a pooled connection that the relay closes just then is replaced, unseen by the caller")
    func deadPooledConnection() async throws {
        let receiver = try LocalReceiver()
        _ = try await transport.send(mail(plain(receiver), id: "a"))
        _ = try await transport.send(mail(plain(receiver), id: "b"))
        #expect(try await receiver.state().smtpConnections == 1)
        try await receiver.setFaults(#"{"smtp": "drop-reused"}"#)
        for id in ["c", "d", "e"] { _ = try await transport.send(mail(plain(receiver), id: id)) }
        #expect(try await receiver.messages().compactMap(\.id) == "abcde".map { "<\($0)@example.org>" })
        #expect(try await receiver.state().smtpConnections == 4)
    }

    @Test("fifty at a time arrive, each once, over at most twenty connections")
    func concurrency() async throws {
        let receiver = try LocalReceiver()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                let mail = try mail(plain(receiver), id: "n\(number)")
                group.addTask { _ = try await transport.send(mail) }
            }
            try await group.waitForAll()
        }
        let ids = try await receiver.messages().compactMap(\.id)
        #expect(Set(ids).count == 200 && ids.count == 200)
        #expect(try await receiver.state().smtpConnections <= 20)
    }

    @Test("a subject that tries to break out never reaches the relay")
    func injection() async throws {
        let receiver = try LocalReceiver()
        let error = try await failure(mail(plain(receiver), subject: "x\r\nBcc: evil@example.org"))
        #expect(error == TransportError(.invalidInput("subject")))
        let host = MailServer(host: "127.0.0.1:25/x\r\nRCPT", port: receiver.ports.smtp, security: .none)
        #expect(try await failure(mail(host)) == TransportError(.invalidInput("host")))
        #expect(try await receiver.state().smtpConnections == 0)
    }
}
