import CCurl

/// What a transfer is asked to do, judged and ready for the wire; the one thing that crosses to the thread.
struct TransferRequest: Sendable {
    enum Kind: Sendable {
        case http(HTTPRequest)
        case mail(MailSubmission, message: [UInt8])
    }

    let id: UInt64
    let kind: Kind
    let deadline: ContinuousClock.Instant
    let completion: @Sendable (Result<TransferResponse, TransportError>) -> Void
}

/// What a peer answered.
struct TransferResponse: Sendable {
    /// HTTP status or SMTP reply code.
    let code: Int
    /// Header or reply lines, without their ends.
    let lines: [String]
    let body: [UInt8]
}

/// One easy handle and everything that libcurl holds a pointer to while it works; lives on the transport's thread.
///
/// libcurl keeps pointers to the header list, the recipient list and `self` (callback context), so the loop holds the
/// transfer until the handle is out of the multi handle; `finish()` then frees the lists.
final class Transfer {
    let request: TransferRequest
    let easy: UnsafeMutableRawPointer
    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    private let upload: [UInt8]
    private var uploadOffset = 0
    /// The peer's reading of the message has begun.
    private(set) var hasBegunUpload = false
    /// libcurl has been told that the message is at its end, and may have sent all of it.
    private(set) var hasSentAll = false
    private var body: [UInt8] = []
    private var lines: [String] = []
    private var headerBytes = 0
    private var isTooLarge = false
    private let isFresh: Bool

    static let maxBody = 1 << 20
    static let maxHeaders = 1 << 16

    /// - Parameters:
    ///   - easy: a handle in its initial state; stays the caller's.
    ///   - isFresh: use no pooled connection.
    init(_ request: TransferRequest, easy: UnsafeMutableRawPointer, isFresh: Bool) {
        self.request = request
        self.easy = easy
        self.isFresh = isFresh
        switch request.kind {
        case .http(let http): upload = http.body
        case .mail(_, let message): upload = message
        }
    }

    /// Sets every option. - Returns: false where libcurl refused one.
    func configure(connectTimeout: Duration, now: ContinuousClock.Instant) -> Bool {
        var setup = EasySetup(easy: easy)
        setup.long(CURLOPT_NOSIGNAL, 1)
        setup.long(CURLOPT_FOLLOWLOCATION, 0)
        setup.long(CURLOPT_TIMEOUT_MS, max(1, milliseconds(request.deadline - now)))
        setup.long(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        setup.long(CURLOPT_FRESH_CONNECT, isFresh ? 1 : 0)
        let context = Unmanaged.passUnretained(self).toOpaque()
        setup.pointer(CURLOPT_READDATA, context)
        setup.pointer(CURLOPT_WRITEDATA, context)
        setup.pointer(CURLOPT_HEADERDATA, context)
        setup.callback(CURLOPT_READFUNCTION) { buffer, size, count, context in
            guard let buffer, let context else { return 0 }
            return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().read(into: buffer, room: size * count)
        }
        setup.callback(CURLOPT_WRITEFUNCTION) { buffer, size, count, context in
            guard let buffer, let context else { return 0 }
            return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().write(buffer, size * count)
        }
        setup.callback(CURLOPT_HEADERFUNCTION) { buffer, size, count, context in
            guard let buffer, let context else { return 0 }
            return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().header(buffer, size * count)
        }
        switch request.kind {
        case .http(let http):
            setup.long(CURLOPT_CONNECTTIMEOUT_MS, max(1, milliseconds(connectTimeout)))
            configure(http, &setup)
        case .mail(let mail, _): configure(mail, &setup)
        }
        return setup.isAccepted
    }

    /// The outcome, by libcurl's code and what was seen on the way.
    func outcome(_ code: CURLcode) -> Result<TransferResponse, TransportError> {
        let reply = user_tokens_curl_easy_getinfo_long(easy, CURLINFO_RESPONSE_CODE)
        if isTooLarge { return .failure(TransportError(.responseTooLarge, isOutcomeUnknown: mayHaveArrived)) }
        if code == CURLE_OK { return .success(TransferResponse(code: reply, lines: lines, body: body)) }
        // An SMTP refusal comes under several curl codes; the reply code tells. 354 is DATA's go-ahead, no refusal.
        if case .mail = request.kind, (400...599).contains(reply), !isOwnFault(code) {
            return .failure(TransportError(refusal(code, reply)))
        }
        return .failure(TransportError(reason(code), isOutcomeUnknown: mayHaveArrived))
    }

    /// A pooled connection that the server closed just now: nothing was sent, and a fresh one may well do (libcurl
    /// doesn't try by itself). A relay that says 421 instead of closing without a word means the same.
    func deservesFreshConnection(_ code: CURLcode) -> Bool {
        guard case .mail = request.kind, code != CURLE_OK, code != CURLE_OPERATION_TIMEDOUT, !isFresh, !hasBegunUpload,
            user_tokens_curl_easy_getinfo_long(easy, CURLINFO_NUM_CONNECTS) == 0
        else { return false }
        let reply = user_tokens_curl_easy_getinfo_long(easy, CURLINFO_RESPONSE_CODE)
        return reply == 421 || !(400...599).contains(reply)
    }

    /// All of the message went out, as far as is known here.
    var mayHaveArrived: Bool {
        switch request.kind {
        case .mail: hasSentAll
        // A request without a body may have been sent as soon as the connection was there.
        case .http(let http):
            http.body.isEmpty
                ? user_tokens_curl_easy_getinfo_offset(easy, CURLINFO_PRETRANSFER_TIME_T) > 0
                : uploadOffset == upload.count
        }
    }

    /// Whom a relay's refusal is about: us, or the message. A greeting such as 554 (RFC 5321 §3.1) and "authentication
    /// required" (RFC 4954 §6) come for every message alike.
    private func refusal(_ code: CURLcode, _ reply: Int) -> TransportError.Reason {
        if hasBegunUpload { return .refused(code: reply) }
        if [530, 534, 535, 538].contains(reply) { return .loginDenied }
        return code == CURLE_SEND_ERROR ? .refused(code: reply) : .notServed(code: reply)
    }

    /// Frees the lists; the handle must be out of the multi handle.
    func finish() {
        for list in lists { curl_slist_free_all(list) }
        lists = []
    }

    private func configure(_ http: HTTPRequest, _ setup: inout EasySetup) {
        setup.string(CURLOPT_PROTOCOLS_STR, "http,https")
        setup.string(CURLOPT_URL, http.url)
        setup.long(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        if !http.body.isEmpty {
            // The body comes from the read callback, and there is no way back in it: so libcurl can't repeat a
            // request by itself on a fresh connection after the body was sent, which could deliver twice.
            setup.long(CURLOPT_POST, 1)
            setup.offset(CURLOPT_POSTFIELDSIZE_LARGE, http.body.count)
        } else if http.method != "GET" {
            setup.long(CURLOPT_FRESH_CONNECT, 1)
        }
        setup.string(CURLOPT_CUSTOMREQUEST, http.method)
        var fields = http.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        fields.append("Expect:")
        setup.list(CURLOPT_HTTPHEADER, list(of: fields))
        if let caFile = http.caFile { setup.string(CURLOPT_CAINFO, caFile) }
        if isLoopback(url: http.url) { setup.string(CURLOPT_PROXY, "") }
    }

    private func configure(_ mail: MailSubmission, _ setup: inout EasySetup) {
        let server = mail.server
        let host = server.host.contains(":") ? "[\(server.host)]" : server.host
        setup.string(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        setup.string(CURLOPT_URL, "\(server.security == .implicit ? "smtps" : "smtp")://\(host):\(server.port)")
        switch server.security {
        case .startTLS: setup.long(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue))
        case .startTLSIfOffered: setup.long(CURLOPT_USE_SSL, Int(CURLUSESSL_TRY.rawValue))
        case .implicit, .none: setup.long(CURLOPT_USE_SSL, Int(CURLUSESSL_NONE.rawValue))
        }
        if let credentials = server.credentials {
            setup.string(CURLOPT_USERNAME, credentials.username)
            if server.mechanism == .xoauth2 {
                setup.string(CURLOPT_XOAUTH2_BEARER, credentials.password)
            } else {
                setup.string(CURLOPT_PASSWORD, credentials.password)
            }
            if let mechanism = server.mechanism {
                setup.string(CURLOPT_LOGIN_OPTIONS, "AUTH=\(mechanism.rawValue.uppercased())")
            }
        }
        if let caFile = server.caFile { setup.string(CURLOPT_CAINFO, caFile) }
        if isLoopback(url: "smtp://\(host)/") { setup.string(CURLOPT_PROXY, "") }
        // To libcurl, greeting and login are part of connecting, and relays make strangers wait: no limit of its own.
        setup.long(CURLOPT_CONNECTTIMEOUT_MS, max(1, milliseconds(request.deadline - .now)))
        setup.string(CURLOPT_MAIL_FROM, "<\(mail.from.address.text)>")
        setup.list(CURLOPT_MAIL_RCPT, list(of: ["<\(mail.recipient.text)>"]))
        setup.long(CURLOPT_UPLOAD, 1)
        setup.offset(CURLOPT_INFILESIZE_LARGE, upload.count)
    }

    private func list(of lines: [String]) -> UnsafeMutablePointer<curl_slist>? {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = curl_slist_append(list, line) else {
                curl_slist_free_all(list)
                return nil
            }
            list = longer
        }
        if let list { lists.append(list) }
        return list
    }

    private func read(into buffer: UnsafeMutablePointer<CChar>, room: Int) -> Int {
        hasBegunUpload = true
        let count = min(room, upload.count - uploadOffset)
        upload.withUnsafeBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[uploadOffset..<(uploadOffset + count)])
            UnsafeMutableRawBufferPointer(start: buffer, count: count).copyMemory(from: rest)
        }
        uploadOffset += count
        if uploadOffset == upload.count { hasSentAll = true }
        return count
    }

    private func write(_ buffer: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
        guard body.count + count <= Self.maxBody else {
            isTooLarge = true
            return 0
        }
        body.append(contentsOf: UnsafeRawBufferPointer(start: buffer, count: count))
        return count
    }

    private func header(_ buffer: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
        headerBytes += count
        guard headerBytes <= Self.maxHeaders else {
            isTooLarge = true
            return 0
        }
        let bytes = UnsafeRawBufferPointer(start: buffer, count: count).filter { $0 != 13 && $0 != 10 }
        if !bytes.isEmpty { lines.append(String(decoding: bytes, as: UTF8.self)) }
        return count
    }
}

/// Failures whose last reply code is not about the message.
private func isOwnFault(_ code: CURLcode) -> Bool {
    code == CURLE_OPERATION_TIMEDOUT || code == CURLE_USE_SSL_FAILED || code == CURLE_LOGIN_DENIED
}

func reason(_ code: CURLcode) -> TransportError.Reason {
    switch code {
    case CURLE_OPERATION_TIMEDOUT: .timedOut
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT: .connectFailed
    case CURLE_LOGIN_DENIED: .loginDenied
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_USE_SSL_FAILED, CURLE_SSL_CACERT_BADFILE,
        CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR:
        .tlsFailed
    case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_SEND_FAIL_REWIND, CURLE_PARTIAL_FILE,
        CURLE_WEIRD_SERVER_REPLY:
        .disconnected
    default: .other(code: Int(code.rawValue))
    }
}

/// A proxy named in the environment is not for the machine itself.
private func isLoopback(url: String) -> Bool {
    ["://localhost", "://127.", "://[::1]"].contains { url.contains($0) }
}

func milliseconds(_ duration: Duration) -> Int {
    let parts = duration.components
    return Int(clamping: parts.seconds) * 1_000 + Int(parts.attoseconds / 1_000_000_000_000_000)
}
