import CLibPQ
import Glibc

/// Opens a connection: TCP keep-alives on, a time limit for each host, server codes in errors.
///
/// The non-blocking calls are used because only they let the verbosity be set before the server can refuse: with
/// `PQERRORS_SQLSTATE` the refusal is its code, which tells a wrong password from a server that is starting.
///
/// - Returns: an owned `PGconn`.
func connect(_ conninfo: String, applicationName: String) throws(PostgresError) -> OpaquePointer {
    guard let handle = start(conninfo, applicationName: applicationName) else {
        throw PostgresError(.connectionFailed, operation: "connect")
    }
    PQsetErrorVerbosity(handle, PQERRORS_SQLSTATE)
    // libpq's default prints notices to standard error, and they may quote values.
    PQsetNoticeReceiver(handle, { _, _ in }, nil)
    guard PQstatus(handle) != CONNECTION_BAD, finish(handle) else {
        let state = refusal(handle)
        PQfinish(handle)
        throw PostgresError(.connectionFailed, operation: "connect", sqlState: state)
    }
    return handle
}

private func start(_ conninfo: String, applicationName: String) -> OpaquePointer? {
    // Of repeated keywords the last one counts, so what stands before `dbname` are defaults.
    let settings = [
        ("connect_timeout", "10"), ("keepalives_idle", "15"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
        ("tcp_user_timeout", "30000"), ("application_name", applicationName),
        ("dbname", conninfo),
        ("client_encoding", "UTF8"),
    ]
    let keywords = settings.map { strdup($0.0) }
    let values = settings.map { strdup($0.1) }
    defer {
        keywords.forEach { free($0) }
        values.forEach { free($0) }
    }
    let end: [UnsafePointer<CChar>?] = [nil]
    return PQconnectStartParams(keywords.map { UnsafePointer($0) } + end, values.map { UnsafePointer($0) } + end, 1)
}

/// Drives the start-up to its end. The limit begins anew when libpq goes on to the next host.
private func finish(_ handle: OpaquePointer) -> Bool {
    let limit = timeLimit(handle)
    var host = hostName(handle)
    var deadline = limit.map { ContinuousClock.now + $0 }
    var step = PGRES_POLLING_WRITING
    while step == PGRES_POLLING_READING || step == PGRES_POLLING_WRITING {
        let events = step == PGRES_POLLING_READING ? POLLIN : POLLOUT
        guard wait(PQsocket(handle), for: Int16(events), until: deadline) else { return false }
        step = PQconnectPoll(handle)
        let current = hostName(handle)
        if current != host {
            host = current
            deadline = limit.map { ContinuousClock.now + $0 }
        }
    }
    return step == PGRES_POLLING_OK
}

private func wait(_ socket: CInt, for events: Int16, until deadline: ContinuousClock.Instant?) -> Bool {
    var entry = pollfd(fd: socket, events: events, revents: 0)
    while true {
        var milliseconds: CInt = -1
        if let deadline {
            let left = deadline - .now
            guard left > .zero else { return false }
            milliseconds = CInt(clamping: Int(left / .milliseconds(1)) + 1)
        }
        let ready = poll(&entry, 1, milliseconds)
        if ready > 0 { return true }
        if ready < 0, errno != EINTR { return false }
    }
}

private func hostName(_ handle: OpaquePointer) -> String {
    "\(PQhost(handle).map { String(cString: $0) } ?? "") \(PQport(handle).map { String(cString: $0) } ?? "")"
}

/// `connect_timeout` as it came out of defaults, `conninfo` and the environment; nil for none.
private func timeLimit(_ handle: OpaquePointer) -> Duration? {
    guard let options = PQconninfo(handle) else { return .seconds(10) }
    defer { PQconninfoFree(options) }
    var option = options
    while let keyword = option.pointee.keyword {
        if String(cString: keyword) == "connect_timeout" {
            let seconds = option.pointee.val.flatMap { Int32(String(cString: $0)) } ?? 10
            return seconds > 0 ? .seconds(seconds) : nil
        }
        option += 1
    }
    return .seconds(10)
}

/// The SQLSTATE that ends the message of a refused connection; nil where no server spoke.
private func refusal(_ handle: OpaquePointer) -> SQLState? {
    let message = PQerrorMessage(handle).map { String(cString: $0) } ?? ""
    guard let word = message.split(whereSeparator: \.isWhitespace).last, word.utf8.count == 5 else { return nil }
    let isCode = word.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
    }
    return isCode ? SQLState(rawValue: String(word)) : nil
}
