/// Hands mail and HTTP requests over: libcurl's multi interface on one private thread, connections kept and reused.
///
/// SMTP commands go one at a time: libcurl has no pipelining (RFC 2920). What it costs is paid by connections in parallel.
/// Nothing is logged here; addresses, texts and passwords are in no error.
package final class Transport: Sendable {
    package struct Limits: Sendable {
        /// Transfers at a time; more wait, their time limit running.
        package let transfers: Int
        /// Connections to one host and port.
        package let connectionsPerHost: Int
        /// Bounds name look-up, TCP and TLS of an HTTP request; mail has its time limit alone.
        package let connectTimeout: Duration

        package init(transfers: Int = 64, connectionsPerHost: Int = 32, connectTimeout: Duration = .seconds(5)) {
            self.transfers = transfers
            self.connectionsPerHost = connectionsPerHost
            self.connectTimeout = connectTimeout
        }
    }

    private let loop = TransferLoop()

    /// Starts the thread.
    package init(_ limits: Limits = Limits()) {
        loop.start(limits)
    }

    deinit {
        loop.stop()
    }

    /// - Throws: where no answer came. An answer of any status is a response.
    package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        try request.validate()
        let response = try await run(.http(request), timeout: request.timeout)
        let headers = response.lines.compactMap { line -> HTTPField? in
            guard let colon = line.firstIndex(of: ":"), isToken(String(line[..<colon])) else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            return HTTPField(String(line[..<colon]), String(value))
        }
        return HTTPResponse(status: response.code, headers: headers, body: response.body)
    }

    /// - Throws: `refused` where the relay said no, at any step; see `TransportError` for the rest.
    package func send(_ mail: MailSubmission) async throws(TransportError) -> MailReceipt {
        let message = try MailMessage.bytes(of: mail)
        guard isHost(mail.server.host) else { throw TransportError(.invalidInput("host")) }
        let response = try await run(.mail(mail, message: message), timeout: mail.timeout)
        return MailReceipt(reply: response.lines.last { $0.hasPrefix("250") } ?? "")
    }

    /// Ends all transfers with `closed`; returns when none is left. Later calls fail with `closed`.
    package func shutdown() async {
        await withCheckedContinuation { continuation in
            loop.stop { continuation.resume() }
        }
    }

    private func run(
        _ kind: TransferRequest.Kind,
        timeout: Duration
    ) async throws(TransportError) -> TransferResponse {
        let id = loop.register()
        let deadline = ContinuousClock.now + timeout
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<_, Never>) in
                let request = TransferRequest(id: id, kind: kind, deadline: deadline) { result in
                    continuation.resume(returning: result)
                }
                loop.submit(request)
            }
        } onCancel: {
            loop.cancel(id)
        }
        return try result.get()
    }
}

/// A host name or an IP address that can't end the URL's authority early.
func isHost(_ host: String) -> Bool {
    (1...253).contains(host.utf8.count)
        && host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"):
                true
            default: false
            }
        }
}
