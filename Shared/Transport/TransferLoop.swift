import CCurl
import CLinux
import Foundation
import Synchronization

/// The thread that owns the multi handle and every transfer.
///
/// Other threads only put requests into `inbox` and wake it: `curl_multi_wakeup` is the one call that libcurl allows
/// from outside, and it is made under the inbox's lock, which the thread takes before it frees the handle.
final class TransferLoop: Sendable {
    private struct Inbox {
        var requests: [TransferRequest] = []
        /// Ids of calls under way, and of those that were cancelled: a cancellation can come before its request.
        var live: Set<UInt64> = []
        var cancelled: Set<UInt64> = []
        var isStopping = false
        var onStopped: [@Sendable () -> Void] = []
        /// nil once the handle is freed.
        var multi: MultiHandle?
        var nextID: UInt64 = 0
    }

    private let inbox = Mutex(Inbox())

    func start(_ limits: Transport.Limits) {
        let thread = Thread { self.run(limits) }
        thread.name = "transport"
        thread.start()
    }

    /// Reserves an id, so that a cancellation that overtakes its request is not lost.
    func register() -> UInt64 {
        inbox.withLock { inbox in
            inbox.nextID += 1
            inbox.live.insert(inbox.nextID)
            return inbox.nextID
        }
    }

    func submit(_ request: TransferRequest) {
        let isAccepted = inbox.withLock { inbox in
            guard !inbox.isStopping else {
                inbox.live.remove(request.id)
                inbox.cancelled.remove(request.id)
                return false
            }
            inbox.requests.append(request)
            inbox.multi?.wake()
            return true
        }
        if !isAccepted { request.completion(.failure(TransportError(.closed))) }
    }

    func cancel(_ id: UInt64) {
        inbox.withLock { inbox in
            guard inbox.live.contains(id) else { return }
            inbox.cancelled.insert(id)
            inbox.multi?.wake()
        }
    }

    /// - Parameter onStopped: called when no transfer is left.
    func stop(onStopped: @escaping @Sendable () -> Void = {}) {
        let isOver = inbox.withLock { inbox in
            let isOver = inbox.isStopping && inbox.multi == nil
            inbox.isStopping = true
            if !isOver { inbox.onStopped.append(onStopped) }
            inbox.multi?.wake()
            return isOver
        }
        if isOver { onStopped() }
    }

    private func run(_ limits: Transport.Limits) {
        // With NOSIGNAL libcurl leaves SIGPIPE alone, and OpenSSL writes without MSG_NOSIGNAL.
        user_tokens_block_broken_pipe_signal()
        guard let multi = MultiHandle(limits) else { return abandon(.other(code: Int(CURLE_FAILED_INIT.rawValue))) }
        inbox.withLock { $0.multi = multi }
        var table = TransferTable(multi: multi, limits: limits)
        while true {
            let (requests, cancelled, isStopping) = inbox.withLock { inbox in
                let requests = inbox.requests
                inbox.requests = []
                return (requests, inbox.cancelled, inbox.isStopping)
            }
            table.waiting.append(contentsOf: requests)
            if isStopping {
                table.finishAll(.closed)
            } else {
                table.finish(ids: cancelled)
                table.startWaiting()
                table.perform()
            }
            settle(table.takeFinished())
            if isStopping { break }
            if !table.hasMore { multi.poll(milliseconds: table.waiting.isEmpty ? 1_000 : 100) }
        }
        inbox.withLock { $0.multi = nil }
        abandon(.closed)
        // Last, for closing a connection to a peer that hangs can take its time.
        table.close()
    }

    private func settle(_ finished: [(TransferRequest, Result<TransferResponse, TransportError>)]) {
        guard !finished.isEmpty else { return }
        inbox.withLock { inbox in
            for (request, _) in finished {
                inbox.live.remove(request.id)
                inbox.cancelled.remove(request.id)
            }
        }
        for (request, result) in finished { request.completion(result) }
    }

    /// The thread takes no more work.
    private func abandon(_ reason: TransportError.Reason) {
        let (requests, callbacks) = inbox.withLock { inbox in
            inbox.isStopping = true
            let left = (inbox.requests, inbox.onStopped)
            inbox.requests = []
            inbox.onStopped = []
            return left
        }
        for request in requests { request.completion(.failure(TransportError(reason))) }
        for callback in callbacks { callback() }
    }
}

/// The multi handle; freed by `close()`.
struct MultiHandle: @unchecked Sendable {  // libcurl: wakeup from any thread, the rest from the loop's only
    let raw: UnsafeMutableRawPointer

    static let isInitialised = user_tokens_curl_global_init() == CURLE_OK

    init?(_ limits: Transport.Limits) {
        guard Self.isInitialised, let raw = curl_multi_init() else { return nil }
        self.raw = raw
        _ = user_tokens_curl_multi_setopt_long(raw, CURLMOPT_MAX_HOST_CONNECTIONS, limits.connectionsPerHost)
        // Idle connections beyond this are closed one by one with QUIT, which waits for the peer: leave room.
        _ = user_tokens_curl_multi_setopt_long(raw, CURLMOPT_MAXCONNECTS, limits.transfers * 4)
    }

    func wake() {
        curl_multi_wakeup(raw)
    }

    func poll(milliseconds: Int32) {
        curl_multi_poll(raw, nil, 0, milliseconds, nil)
    }
}
