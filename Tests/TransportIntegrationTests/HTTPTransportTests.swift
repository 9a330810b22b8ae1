import ReceiverSupport
import Testing
import Transport

@Suite("HTTP to a real gateway", .timeLimit(.minutes(1)))
struct HTTPTransportTests {
    private let transport = Transport()

    private func request(
        _ receiver: LocalReceiver,
        method: String = "POST",
        path: String = "/sms",
        headers: [HTTPField] = [HTTPField("content-type", "application/json")],
        body: String = #"{"to":"+41791234567","text":"123456","ref":"r1"}"#,
        timeout: Duration = .seconds(20)
    ) -> HTTPRequest {
        HTTPRequest(
            method: method,
            url: "http://127.0.0.1:\(receiver.ports.http)\(path)",
            headers: headers,
            body: Array(body.utf8),
            timeout: timeout
        )
    }

    private func failure(_ request: HTTPRequest) async throws -> TransportError {
        let error = await #expect(throws: TransportError.self) { try await transport.send(request) }
        return try #require(error)
    }

    @Test("a POST arrives as it is, and its answer comes back")
    func post() async throws {
        let receiver = try LocalReceiver()
        let response = try await transport.send(request(receiver))
        #expect(response.status == 202)
        #expect(response.header("Content-Type") == "application/json")
        #expect(String(decoding: response.body, as: UTF8.self) == #"{"id": "sms-1"}"#)
        let message = try #require(try await receiver.messages().first)
        #expect(message.to == "+41791234567" && message.text == "123456" && message.id == "r1")
        #expect(message.method == "POST" && !message.headers.contains { $0[0] == "expect" })
    }

    @Test("a GET carries its query")
    func get() async throws {
        let receiver = try LocalReceiver()
        _ = try await transport.send(
            request(receiver, method: "GET", path: "/s?to=1&text=a%20b", headers: [], body: "")
        )
        let message = try #require(try await receiver.messages().first)
        #expect(message.method == "GET" && message.text == "a b")
    }

    @Test("HTTPS with the gateway's own authority; without it the certificate is refused")
    func https() async throws {
        let receiver = try LocalReceiver(tls: true)
        let url = "https://localhost:\(try #require(receiver.ports.https))/state"
        let trusted = HTTPRequest(method: "GET", url: url, caFile: receiver.certificate, timeout: .seconds(20))
        #expect(try await transport.send(trusted).status == 200)
        let error = try await failure(HTTPRequest(method: "GET", url: url, timeout: .seconds(20)))
        #expect(error == TransportError(.tlsFailed))
    }

    @Test("a status is an answer, whatever it is", arguments: [400, 429, 500, 503])
    func statuses(status: Int) async throws {
        let receiver = try LocalReceiver()
        try await receiver.setFaults("{\"http\": \(status)}")
        let response = try await transport.send(request(receiver))
        #expect(response.status == status)
        #expect(response.header("retry-after") == (status == 429 ? "1" : nil))
    }

    @Test("a request that was sent and not answered has an unknown outcome, and libcurl doesn't send it twice")
    func unknownOutcome() async throws {
        let receiver = try LocalReceiver()
        _ = try await transport.send(request(receiver))
        try await receiver.setFaults(#"{"http": "drop"}"#)
        let error = try await failure(request(receiver))
        #expect(error.isOutcomeUnknown && !error.isRetrySafe)
        #expect(try await receiver.messages().count == 2)
        try await receiver.setFaults(#"{"http": "hang"}"#)
        let hung = try await failure(request(receiver, timeout: .milliseconds(300)))
        #expect(hung == TransportError(.timedOut, isOutcomeUnknown: true))
    }

    @Test("a port where nobody listens is a failed connection, and safe to try again")
    func connectFailed() async throws {
        let error = try await failure(HTTPRequest(method: "GET", url: "http://127.0.0.1:1/", timeout: .seconds(20)))
        #expect(error == TransportError(.connectFailed) && error.isRetrySafe)
    }

    @Test("cancelling the task ends the transfer at once")
    func cancellation() async throws {
        let receiver = try LocalReceiver()
        try await receiver.setFaults(#"{"http": "hang"}"#)
        let request = request(receiver)
        let task = Task { try await transport.send(request) }
        while try await receiver.state().httpRequests == 0 { await Task.yield() }
        task.cancel()
        await #expect(throws: TransportError(.cancelled, isOutcomeUnknown: true)) { try await task.value }
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await transport.send(request)
        }
        await #expect(throws: TransportError(.cancelled)) { try await early.value }
    }

    @Test("shutdown ends what is under way, and later calls fail")
    func shutdown() async throws {
        let receiver = try LocalReceiver()
        try await receiver.setFaults(#"{"http": "hang"}"#)
        let request = request(receiver)
        let task = Task { try await transport.send(request) }
        while try await receiver.state().httpRequests == 0 { await Task.yield() }
        await transport.shutdown()
        await #expect(throws: TransportError(.closed, isOutcomeUnknown: true)) { try await task.value }
        #expect(try await failure(request) == TransportError(.closed))
        await transport.shutdown()
    }

    @Test("what waits beyond its time limit for a free place times out, and was never sent")
    func waitingTimesOut() async throws {
        let receiver = try LocalReceiver()
        try await receiver.setFaults(#"{"http": "hang"}"#)
        let narrow = Transport(Transport.Limits(transfers: 1))
        let first = request(receiver)
        let blocking = Task { try await narrow.send(first) }
        while try await receiver.state().httpRequests == 0 { await Task.yield() }
        await #expect(throws: TransportError(.timedOut)) {
            try await narrow.send(request(receiver, timeout: .milliseconds(200)))
        }
        blocking.cancel()
        _ = await blocking.result
        #expect(try await receiver.state().httpRequests == 1)
    }

    @Test("nothing that could begin another header, request or scheme is sent")
    func injection() async throws {
        let receiver = try LocalReceiver()
        let before = try await receiver.state()
        let bad = [
            request(receiver, headers: [HTTPField("x", "a\r\nEvil: 1")]),
            request(receiver, headers: [HTTPField("x", "a\nEvil: 1")]),
            request(receiver, headers: [HTTPField("x", "a\u{0}b")]),
            request(receiver, headers: [HTTPField("x\r\nEvil", "1")]),
            request(receiver, headers: [HTTPField("x: 1", "1")]),
            request(receiver, method: "POST / HTTP/1.1\r\nEvil: 1\r\n"),
            request(receiver, path: "/a b"),
            request(receiver, path: "/a\r\nEvil: 1"),
            HTTPRequest(method: "GET", url: "file:///etc/passwd", timeout: .seconds(1)),
            HTTPRequest(method: "GET", url: "gopher://127.0.0.1/", timeout: .seconds(1)),
        ]
        for request in bad {
            guard case .invalidInput = try await failure(request).reason else {
                Issue.record("sent: \(request.method)")
                continue
            }
        }
        #expect(try await receiver.state().httpRequests == before.httpRequests)
    }

    @Test("an endless answer is cut off")
    func largeResponse() async throws {
        let receiver = try LocalReceiver()
        let text = String(repeating: "x", count: 700_000)
        for _ in 0..<2 {
            _ = try await transport.send(request(receiver, body: "{\"to\":\"1\",\"text\":\"\(text)\"}"))
        }
        let error = try await failure(request(receiver, method: "GET", path: "/messages", headers: [], body: ""))
        #expect(error.reason == .responseTooLarge)
    }

    @Test("secrets are in no description")
    func redaction() {
        var dumped = ""
        let request = HTTPRequest(
            method: "GET",
            url: "http://x/",
            headers: [HTTPField("authorization", "hunter2")],
            timeout: .seconds(1)
        )
        dump((request, Credentials(username: "u", password: "hunter2"), MailAddress("hunter2@b")), to: &dumped)
        dumped += "\(request) \(Credentials(username: "u", password: "hunter2"))"
        #expect(dumped.contains("authorization") && !dumped.contains("\"hunter2\"") && !dumped.contains(": hunter2"))
    }
}
