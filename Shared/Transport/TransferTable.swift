import CCurl

/// The transfers of one multi handle; used by the loop's thread only.
struct TransferTable {
    var waiting: [TransferRequest] = []
    /// A transfer was put back to work: don't wait before the next turn.
    private(set) var hasMore = false
    private var active: [UnsafeMutableRawPointer: Transfer] = [:]
    private var idle: [UnsafeMutableRawPointer] = []
    private var finished: [(TransferRequest, Result<TransferResponse, TransportError>)] = []
    private let multi: MultiHandle
    private let limits: Transport.Limits

    init(multi: MultiHandle, limits: Transport.Limits) {
        self.multi = multi
        self.limits = limits
    }

    /// Starts what there is room for; what has waited beyond its deadline ends here.
    mutating func startWaiting() {
        guard !waiting.isEmpty else { return }
        let now = ContinuousClock.now
        var rest: [TransferRequest] = []
        for request in waiting {
            if request.deadline <= now {
                finished.append((request, .failure(TransportError(.timedOut))))
            } else if active.count < limits.transfers {
                start(request, isFresh: false, now: now)
            } else {
                rest.append(request)
            }
        }
        waiting = rest
    }

    mutating func perform() {
        hasMore = false
        var running: Int32 = 0
        curl_multi_perform(multi.raw, &running)
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi.raw, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            // The message is libcurl's and goes with the handle: read it first.
            let code = user_tokens_curl_message_result(message)
            end(easy, code)
        }
        if !waiting.isEmpty, active.count < limits.transfers { hasMore = true }
    }

    /// Ends cancelled transfers; ids whose request hasn't come yet are left for later.
    mutating func finish(ids: Set<UInt64>) {
        guard !ids.isEmpty else { return }
        for request in waiting where ids.contains(request.id) {
            finished.append((request, .failure(TransportError(.cancelled))))
        }
        waiting.removeAll { ids.contains($0.id) }
        for transfer in Array(active.values) where ids.contains(transfer.request.id) {
            abort(transfer, .cancelled)
        }
    }

    mutating func finishAll(_ reason: TransportError.Reason) {
        for request in waiting { finished.append((request, .failure(TransportError(reason)))) }
        waiting = []
        for transfer in Array(active.values) { abort(transfer, reason) }
    }

    mutating func takeFinished() -> [(TransferRequest, Result<TransferResponse, TransportError>)] {
        defer { finished = [] }
        return finished
    }

    /// Frees all handles, the multi handle last.
    mutating func close() {
        for easy in idle { curl_easy_cleanup(easy) }
        idle = []
        curl_multi_cleanup(multi.raw)
    }

    private mutating func start(_ request: TransferRequest, isFresh: Bool, now: ContinuousClock.Instant) {
        guard let easy = idle.popLast() ?? curl_easy_init() else {
            finished.append((request, .failure(TransportError(.other(code: Int(CURLE_FAILED_INIT.rawValue))))))
            return
        }
        let transfer = Transfer(request, easy: easy, isFresh: isFresh)
        guard transfer.configure(connectTimeout: limits.connectTimeout, now: now) else {
            recycle(transfer)
            finished.append((request, .failure(TransportError(.invalidInput("request")))))
            return
        }
        active[easy] = transfer
        curl_multi_add_handle(multi.raw, easy)
    }

    private mutating func end(_ easy: UnsafeMutableRawPointer, _ code: CURLcode) {
        guard let transfer = active.removeValue(forKey: easy) else { return }
        let isRepeated = transfer.deservesFreshConnection(code)
        let outcome = transfer.outcome(code)
        curl_multi_remove_handle(multi.raw, easy)
        recycle(transfer)
        if isRepeated, transfer.request.deadline > .now {
            start(transfer.request, isFresh: true, now: .now)
            hasMore = true
        } else {
            finished.append((transfer.request, outcome))
        }
    }

    private mutating func abort(_ transfer: Transfer, _ reason: TransportError.Reason) {
        active.removeValue(forKey: transfer.easy)
        let isUnknown = transfer.mayHaveArrived
        curl_multi_remove_handle(multi.raw, transfer.easy)
        recycle(transfer)
        finished.append((transfer.request, .failure(TransportError(reason, isOutcomeUnknown: isUnknown))))
    }

    /// The handle keeps nothing of the transfer: no password, no pointer into it.
    private mutating func recycle(_ transfer: Transfer) {
        curl_easy_reset(transfer.easy)
        transfer.finish()
        idle.append(transfer.easy)
    }
}
