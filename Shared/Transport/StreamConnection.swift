import CCurl
import CLinux
import Synchronization

/// Where a stream goes.
package struct StreamEndpoint: Sendable {
    package let host: String
    package let port: UInt16
    /// The peer's certificate and its name are checked.
    package let isTLS: Bool
    /// PEM file of the authorities to trust; nil: the system's.
    package let caFile: String?

    package init(host: String, port: UInt16, isTLS: Bool, caFile: String? = nil) {
        self.host = host
        self.port = port
        self.isTLS = isTLS
        self.caFile = caFile
    }
}

/// A stream of octets over TCP or TLS, one connection after another: libcurl looks names up, connects and checks
/// certificates, and then only carries what it is given. No proxy, no ALPN, TLS 1.2 at least.
///
/// Belongs to the thread that made it; nothing waits but `wait`, which a `StreamWaker` ends from any thread.
package final class StreamConnection {
    private let multi: UnsafeMutableRawPointer
    private var easy: UnsafeMutableRawPointer?
    private var isOpen = false
    /// What is being sent: OpenSSL wants a write that had no room to be repeated from the very same place.
    private let sending = UnsafeMutableRawBufferPointer.allocate(byteCount: 16_384, alignment: 1)
    /// How much of it had no room; 0: nothing is to be repeated.
    private var stuck = 0

    package let waker: StreamWaker

    /// Nil where libcurl has no memory.
    package init?() {
        guard MultiHandle.isInitialised, let multi = curl_multi_init() else { return nil }
        self.multi = multi
        waker = StreamWaker(multi)
        // libcurl leaves SIGPIPE alone, and OpenSSL writes without MSG_NOSIGNAL.
        user_tokens_block_broken_pipe_signal()
    }

    deinit {
        // No wake-up may come any more before the handle goes.
        waker.forget()
        close()
        curl_multi_cleanup(multi)
        sending.deallocate()
    }

    /// Begins to connect; `advance` goes on with it. What was open is closed.
    package func open(_ endpoint: StreamEndpoint, within limit: Duration) throws(TransportError) {
        close()
        guard isHost(endpoint.host) else { throw TransportError(.invalidInput("host")) }
        guard let easy = curl_easy_init() else { throw TransportError(.other(code: Int(CURLE_FAILED_INIT.rawValue))) }
        self.easy = easy
        let scheme = endpoint.isTLS ? "https" : "http"
        let host = endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host
        var setup = EasySetup(easy: easy)
        setup.long(CURLOPT_CONNECT_ONLY, 1)
        setup.string(CURLOPT_PROTOCOLS_STR, scheme)
        setup.string(CURLOPT_URL, "\(scheme)://\(host):\(endpoint.port)")
        setup.string(CURLOPT_PROXY, "")
        setup.long(CURLOPT_NOSIGNAL, 1)
        setup.long(CURLOPT_TCP_KEEPALIVE, 1)
        setup.long(CURLOPT_SSL_ENABLE_ALPN, 0)
        setup.long(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        setup.long(CURLOPT_FRESH_CONNECT, 1)
        setup.long(CURLOPT_CONNECTTIMEOUT_MS, max(1, milliseconds(limit)))
        if let caFile = endpoint.caFile { setup.string(CURLOPT_CAINFO, caFile) }
        guard setup.isAccepted, curl_multi_add_handle(multi, easy) == CURLM_OK else {
            close()
            throw TransportError(.invalidInput("endpoint"))
        }
    }

    /// Goes on with connecting. - Returns: whether the connection is there.
    package func advance() throws(TransportError) -> Bool {
        guard !isOpen else { return true }
        guard easy != nil else { throw TransportError(.closed) }
        var running: Int32 = 0
        curl_multi_perform(multi, &running)
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, message.pointee.easy_handle == easy else { continue }
            let code = user_tokens_curl_message_result(message)
            guard code == CURLE_OK else {
                close()
                throw TransportError(reason(code))
            }
            isOpen = true
        }
        return isOpen
    }

    /// - Returns: how many octets were taken; fewer than given, or none, where the connection has no room now. The rest
    ///   is to be given again, before anything else.
    package func send(_ octets: ArraySlice<UInt8>) throws(TransportError) -> Int {
        guard isOpen, let easy else { throw TransportError(.closed) }
        guard !octets.isEmpty else { return 0 }
        if stuck == 0 {
            stuck = min(octets.count, sending.count)
            octets.withUnsafeBytes { sending.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<stuck])) }
        }
        var count = 0
        let code = curl_easy_send(easy, sending.baseAddress, stuck, &count)
        if code == CURLE_AGAIN { return 0 }
        stuck = 0
        guard code == CURLE_OK else { throw TransportError(reason(code)) }
        return count
    }

    /// - Returns: what has come, at most 16 KiB; empty where nothing has.
    /// - Throws: `disconnected` at the stream's end.
    package func receive() throws(TransportError) -> [UInt8] {
        guard isOpen, let easy else { throw TransportError(.closed) }
        var code = CURLE_OK
        let octets = [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, count in
            code = curl_easy_recv(easy, buffer.baseAddress, buffer.count, &count)
            if code != CURLE_OK { count = 0 }
        }
        if code == CURLE_AGAIN { return [] }
        guard code == CURLE_OK else { throw TransportError(reason(code)) }
        guard !octets.isEmpty else { throw TransportError(.disconnected) }
        return octets
    }

    /// Waits until something comes, there is room to send where that is asked for, the waker is used, or time is up.
    /// What has come is to be received until nothing is left before: TLS may hold octets that the socket no longer has.
    package func wait(toSend: Bool = false, until time: ContinuousClock.Instant) {
        let left = time - .now
        let limit = left > .zero ? Int32(min(milliseconds(left) + 1, 60_000)) : 0
        let socket = isOpen ? easy.map { user_tokens_curl_easy_getinfo_socket($0) } ?? CURL_SOCKET_BAD : CURL_SOCKET_BAD
        guard socket != CURL_SOCKET_BAD else {
            curl_multi_poll(multi, nil, 0, limit, nil)
            return
        }
        let events = Int16(CURL_WAIT_POLLIN) | (toSend ? Int16(CURL_WAIT_POLLOUT) : 0)
        var descriptor = curl_waitfd(fd: socket, events: events, revents: 0)
        curl_multi_poll(multi, &descriptor, 1, limit, nil)
    }

    /// Closes what is open; another may be opened.
    package func close() {
        guard let easy else { return }
        curl_multi_remove_handle(multi, easy)
        curl_easy_cleanup(easy)
        self.easy = nil
        isOpen = false
        stuck = 0
    }
}

/// Ends the waiting of a `StreamConnection` from any thread; does nothing once that is gone.
package final class StreamWaker: Sendable {
    private struct Handle: @unchecked Sendable {  // libcurl: curl_multi_wakeup may be called from any thread
        let multi: UnsafeMutableRawPointer
    }

    private let handle: Mutex<Handle?>

    fileprivate init(_ multi: UnsafeMutableRawPointer) {
        handle = Mutex(Handle(multi: multi))
    }

    package func wake() {
        handle.withLock { handle in
            if let handle { curl_multi_wakeup(handle.multi) }
        }
    }

    fileprivate func forget() {
        handle.withLock { $0 = nil }
    }
}
