import Logging
import SMPP
import Telemetry
import Transport
import WorkerRuntime

/// The thread of one SMSC: connects, binds, carries messages and receipts, and begins anew when the connection breaks.
final class SMPPLoop {
    private enum State {
        case resting(until: ContinuousClock.Instant)
        case connecting
        case open
        case ended
    }

    private let link: SMPPLink
    private var state = State.resting(until: .now)
    private var session: Session
    /// Counts connections, so that no late answer is given to the wrong one.
    private var connection = 0
    private var closeReason: Session.CloseReason?
    private var boundAt: ContinuousClock.Instant?
    private var deliveries: SMPPDeliveries
    private var outbox: [UInt8] = []
    /// More may be there to receive than was taken in this turn.
    private var hasMore = false
    private var receiptsUnderWay = 0
    private var backoff = Backoff()
    private var isStopping = false
    private var leaveBy: ContinuousClock.Instant?
    /// The last that was logged; the same again is not news.
    private var trouble: String?

    /// Receipts that may wait for the sink; more are to be told again.
    private static let maxReceipts = 1_000
    /// What taking leave may take.
    private static let leave = Duration.seconds(2)
    /// Seconds that an SMSC which does not want us is left alone for: a wrong password locks some accounts.
    private static let restAfterRefusal = Int64(10)...20
    /// A session that ends sooner does not count as a success.
    private static let shortSession = Duration.seconds(10)
    /// Octets that may wait for a peer which asks and does not read.
    private static let maxOutbox = 1 << 20
    /// Turns of receiving before messages have theirs.
    private static let receivesAtATime = 64

    init(_ link: SMPPLink) {
        self.link = link
        session = Session(link.sessionSettings)
        deliveries = SMPPDeliveries(link)
    }

    func run() {
        defer {
            perform(session.disconnect())
            deliveries.failWaiting()
            link.finish()
        }
        guard let stream = StreamConnection() else { return }
        link.attach(stream.waker)
        while true {
            take(link.takeWork())
            deliveries.expire(at: .now)
            step(stream)
            if case .ended = state { return }
            stream.wait(toSend: !outbox.isEmpty, until: hasMore ? .now : nextEvent)
        }
    }

    private var nextEvent: ContinuousClock.Instant {
        var times = [deliveries.nextDeadline, session.nextEvent, leaveBy].compactMap { $0 }
        if case .resting(let until) = state { times.append(until) }
        return times.min() ?? .now + .seconds(60)
    }

    private func take(_ work: SMPPLink.Work) {
        isStopping = work.isStopping
        for order in work.orders {
            // Nobody waits a pause out: another provider may serve meanwhile.
            if case .resting(let until) = state, until > .now {
                link.complete(order, .failed(retryAfter: nil))
            } else {
                deliveries.add(order)
            }
        }
        deliveries.cancel(work.cancelled)
        receiptsUnderWay -= work.answers.count
        for answer in work.answers where answer.connection == connection {
            perform(session.answer(answer.sequence, answer.isTaken ? .ok : .receiverBusy))
        }
    }

    private func step(_ stream: StreamConnection) {
        hasMore = false
        do throws(TransportError) {
            switch state {
            case .resting(let until):
                if isStopping {
                    state = .ended
                } else if until <= .now {
                    try connect(stream)
                }
            case .connecting:
                if isStopping {
                    rest("stopped", stream)
                } else if try stream.advance() {
                    state = .open
                    perform(session.start(at: .now))
                    try exchange(stream)
                }
            case .open: try exchange(stream)
            case .ended: break
            }
        } catch {
            let reason = closeReason?.words ?? "\(error)"
            perform(session.disconnect())
            rest(reason, stream)
        }
    }

    private func connect(_ stream: StreamConnection) throws(TransportError) {
        connection += 1
        session = Session(link.sessionSettings)
        closeReason = nil
        boundAt = nil
        outbox = []
        state = .connecting
        try stream.open(link.configuration.endpoint, within: link.timeout)
        hasMore = try stream.advance()
    }

    /// One turn of an open connection.
    private func exchange(_ stream: StreamConnection) throws(TransportError) {
        hasMore = true
        for _ in 0..<Self.receivesAtATime {
            let octets = try stream.receive()
            hasMore = !octets.isEmpty
            guard hasMore else { break }
            perform(session.received(octets, at: .now))
        }
        perform(session.tick(at: .now))
        if isStopping {
            if leaveBy == nil {
                leaveBy = .now + Self.leave
                deliveries.failWaiting()
                perform(session.unbind(at: .now))
            } else if let leaveBy, leaveBy <= .now {
                perform(session.disconnect())
            }
        }
        while session.hasRoom, let (ticket, part, deadline) = deliveries.next() {
            perform(session.submit(part, ticket: ticket, deadline: deadline))
        }
        try flush(stream)
        if let closeReason { rest(closeReason.words, stream) }
    }

    private func flush(_ stream: StreamConnection) throws(TransportError) {
        while !outbox.isEmpty {
            let count = try stream.send(outbox[...])
            guard count > 0 else {
                if outbox.count > Self.maxOutbox { throw TransportError(.responseTooLarge) }
                return
            }
            outbox.removeFirst(count)
            session.didSend(count)
        }
    }

    private func perform(_ actions: [Session.Action]) {
        for action in actions {
            switch action {
            case .write(let octets): outbox += octets
            case .bound:
                boundAt = .now
                trouble = nil
                link.logger.notice("bound to the SMSC", metadata: link.place)
            case .ended(let ticket, let end): deliveries.end(ticket, end)
            case .received(let message, let sequence): receive(message, sequence)
            case .close(let reason): closeReason = reason
            }
        }
    }

    /// What comes is a receipt, or none of our business.
    private func receive(_ message: SubmittedMessage, _ sequence: UInt32) {
        guard link.configuration.wantsReceipts, let receipt = DeliveryReceipt(message),
            let isDelivered = receipt.state.isDelivered
        else { return perform(session.answer(sequence, .ok)) }
        guard let sink = link.sink, receiptsUnderWay < Self.maxReceipts else {
            return perform(session.answer(sequence, .receiverBusy))
        }
        receiptsUnderWay += 1
        let told = ProviderReceipt(
            provider: link.provider,
            messageID: receipt.messageID,
            state: isDelivered ? .delivered : .failed
        )
        let (link, connection) = (link, connection)
        Task {
            let isTaken = await sink(told)
            link.answer(SMPPReceiptAnswer(connection: connection, sequence: sequence, isTaken: isTaken))
        }
    }

    /// The connection is over, or did not come about: a pause before the next.
    private func rest(_ reason: String, _ stream: StreamConnection) {
        stream.close()
        outbox = []
        if !isStopping, trouble != reason {
            trouble = reason
            let metadata = link.place.merging([LogKey.reason: "\(reason)"]) { $1 }
            link.logger.warning("not bound to the SMSC", metadata: metadata)
        }
        deliveries.failWaiting()
        guard !isStopping else {
            state = .ended
            return
        }
        if let boundAt, boundAt + Self.shortSession < .now { backoff.reset() }
        var pause = backoff.next()
        if case .bindRefused? = closeReason { pause = .seconds(Int64.random(in: Self.restAfterRefusal)) }
        state = .resting(until: .now + pause)
    }
}

extension SMPPLink {
    fileprivate var sessionSettings: Session.Settings {
        Session.Settings(
            bind: configuration.bind,
            window: configuration.window,
            enquireLink: configuration.enquireLink,
            responseTime: timeout
        )
    }

    fileprivate var place: Logger.Metadata {
        [
            LogKey.provider: "\(provider)", LogKey.address: "\(configuration.endpoint.host)",
            LogKey.port: "\(configuration.endpoint.port)",
        ]
    }
}

extension Session.CloseReason {
    /// Codes and names only.
    fileprivate var words: String {
        switch self {
        case .bindRefused(let status): "bind refused with \(status)"
        case .bindUnanswered: "bind not answered"
        case .enquiryUnanswered: "enquire_link not answered"
        case .unboundByPeer: "unbound by the SMSC"
        case .unbound: "unbound"
        case .nacked(let status): "generic_nack \(status)"
        case .unreadable(let error): "unreadable: \(error)"
        case .disconnected: "disconnected"
        }
    }
}
