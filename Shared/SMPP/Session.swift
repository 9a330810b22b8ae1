/// One session of an ESME with its SMSC, as a state machine: octets and time go in, actions come out. It does no I/O,
/// reads no clock, and ends with its connection.
///
/// Every message that was submitted ends exactly once: with the SMSC's answer, at its deadline, or with the session.
package struct Session: Sendable {
    package typealias Time = ContinuousClock.Instant

    package struct Settings: Sendable {
        package var bind: BindRequest
        /// Messages that may wait for their answers at a time.
        package var window: Int
        /// Silence after which the SMSC is asked whether it is still there.
        package var enquireLink: Duration
        /// What the answer to bind, enquire_link and unbind may take.
        package var responseTime: Duration

        package init(bind: BindRequest, window: Int, enquireLink: Duration, responseTime: Duration) {
            self.bind = bind
            self.window = window
            self.enquireLink = enquireLink
            self.responseTime = responseTime
        }
    }

    package enum Phase: Equatable, Sendable {
        case idle, binding, bound, unbinding, closed
    }

    /// How a submitted message ended.
    package enum SubmitEnd: Equatable, Sendable {
        case taken(messageID: String)
        case refused(CommandStatus)
        /// It was sent, or may still be: it may have been taken.
        case unanswered
        /// It never left whole: it was not taken.
        case notSent
    }

    package enum CloseReason: Equatable, Sendable {
        case bindRefused(CommandStatus)
        case bindUnanswered
        case enquiryUnanswered
        /// The SMSC asked for the end.
        case unboundByPeer
        /// We did, and it has answered or had its time.
        case unbound
        /// The peer could not read us, or we could not read it.
        case nacked(CommandStatus)
        case unreadable(PDUError)
        /// The connection broke.
        case disconnected
    }

    package enum Action: Equatable, Sendable {
        case write([UInt8])
        case bound
        case ended(ticket: UInt64, SubmitEnd)
        /// A deliver_sm; to be answered with `answer`.
        case received(SubmittedMessage, sequence: UInt32)
        /// The last action; what was to be written before it may still go out.
        case close(CloseReason)
    }

    /// A request of ours that the SMSC owes an answer.
    private struct Owed {
        let sequence: UInt32
        let deadline: Time
    }

    private struct Submitted {
        let ticket: UInt64
        let deadline: Time
        /// Where its last octet stands in all that was written.
        let end: UInt64
    }

    package private(set) var phase = Phase.idle
    private let settings: Settings
    private var frames = FrameBuffer()
    private var lastSequence: UInt32 = 0
    private var submitted: [UInt32: Submitted] = [:]
    /// bind or unbind.
    private var owed: Owed?
    private var enquiry: Owed?
    private var lastHeard: Time?
    private var written: UInt64 = 0
    private var sent: UInt64 = 0

    package init(_ settings: Settings) {
        self.settings = settings
    }

    /// Whether a message may be submitted now.
    package var hasRoom: Bool { phase == .bound && submitted.count < settings.window }

    /// When `tick` has something to do, unless something is received before.
    package var nextEvent: Time? {
        var times = submitted.values.map(\.deadline)
        if let owed { times.append(owed.deadline) }
        if let enquiry {
            times.append(enquiry.deadline)
        } else if phase == .bound, let lastHeard {
            times.append(lastHeard + settings.enquireLink)
        }
        return times.min()
    }

    /// The connection is there: asks for a session.
    package mutating func start(at now: Time) -> [Action] {
        guard phase == .idle else { return [] }
        phase = .binding
        lastHeard = now
        let sequence = nextSequence()
        owed = Owed(sequence: sequence, deadline: now + settings.responseTime)
        return write(.bindTransceiver(settings.bind), sequence: sequence)
    }

    /// - Parameter ticket: names the message in `ended`.
    package mutating func submit(_ message: SubmittedMessage, ticket: UInt64, deadline: Time) -> [Action] {
        guard hasRoom else { return [.ended(ticket: ticket, .notSent)] }
        let sequence = nextSequence()
        let actions = write(.submit(message), sequence: sequence)
        guard !actions.isEmpty else { return [.ended(ticket: ticket, .notSent)] }
        submitted[sequence] = Submitted(ticket: ticket, deadline: deadline, end: written)
        return actions
    }

    /// So many octets of what was to be written have left.
    package mutating func didSend(_ count: Int) {
        sent += UInt64(count)
    }

    /// Answers a deliver_sm; `receiverBusy` makes the SMSC deliver it again.
    package mutating func answer(_ sequence: UInt32, _ status: CommandStatus) -> [Action] {
        guard phase == .bound || phase == .unbinding else { return [] }
        return write(.deliverResponse, sequence: sequence, status: status)
    }

    package mutating func received(_ octets: some Sequence<UInt8>, at now: Time) -> [Action] {
        guard phase != .idle, phase != .closed else { return [] }
        lastHeard = now
        frames.append(octets)
        var actions: [Action] = []
        while phase != .closed {
            do throws(PDUError) {
                guard let frame = try frames.next() else { break }
                actions += receive(try PDU(octets: frame))
            } catch {
                actions += refuse(error)
            }
        }
        return actions
    }

    /// Does what is due at this time.
    package mutating func tick(at now: Time) -> [Action] {
        guard phase != .idle, phase != .closed else { return [] }
        if let owed, owed.deadline <= now { return close(phase == .binding ? .bindUnanswered : .unbound) }
        if let enquiry, enquiry.deadline <= now { return close(.enquiryUnanswered) }
        var actions: [Action] = []
        for (sequence, message) in submitted.sorted(by: { $0.key < $1.key }) where message.deadline <= now {
            // It may wait for its turn on the wire, and is not taken back: no word of `notSent` here.
            submitted[sequence] = nil
            actions.append(.ended(ticket: message.ticket, .unanswered))
        }
        if phase == .bound, enquiry == nil, let lastHeard, lastHeard + settings.enquireLink <= now {
            let sequence = nextSequence()
            enquiry = Owed(sequence: sequence, deadline: now + settings.responseTime)
            actions += write(.enquireLink, sequence: sequence)
        }
        return actions
    }

    /// Asks for the end of the session; messages under way may still be answered before the SMSC agrees.
    package mutating func unbind(at now: Time) -> [Action] {
        guard phase == .bound else { return close(.unbound) }
        phase = .unbinding
        enquiry = nil
        let sequence = nextSequence()
        owed = Owed(sequence: sequence, deadline: now + settings.responseTime)
        return write(.unbind, sequence: sequence)
    }

    /// The connection is gone.
    package mutating func disconnect() -> [Action] {
        close(.disconnected)
    }

    private mutating func receive(_ pdu: PDU) -> [Action] {
        switch pdu.operation {
        case .bindTransceiverResponse:
            guard phase == .binding, owed?.sequence == pdu.sequence else { return [] }
            guard pdu.status == .ok else { return close(.bindRefused(pdu.status)) }
            owed = nil
            phase = .bound
            return [.bound]
        case .submitResponse(let messageID):
            return end(pdu.sequence, pdu.status == .ok ? .taken(messageID: messageID) : .refused(pdu.status))
        case .enquireLink: return write(.enquireLinkResponse, sequence: pdu.sequence)
        case .enquireLinkResponse:
            if enquiry?.sequence == pdu.sequence { enquiry = nil }
            return []
        case .deliver(let message):
            guard phase == .bound || phase == .unbinding else {
                return write(.deliverResponse, sequence: pdu.sequence, status: .wrongBindState)
            }
            return [.received(message, sequence: pdu.sequence)]
        case .unbind: return write(.unbindResponse, sequence: pdu.sequence) + close(.unboundByPeer)
        case .unbindResponse:
            return phase == .unbinding && owed?.sequence == pdu.sequence ? close(.unbound) : []
        case .genericNack: return nacked(pdu.sequence, pdu.status)
        case .deliverResponse: return []
        case .bindTransceiver, .submit: return write(.genericNack, sequence: pdu.sequence, status: .invalidCommand)
        case .other(let command):
            guard command & PDU.Command.response == 0 else { return [] }
            return write(.genericNack, sequence: pdu.sequence, status: .invalidCommand)
        }
    }

    /// The SMSC could not read one of our requests, or does not know it.
    private mutating func nacked(_ sequence: UInt32, _ status: CommandStatus) -> [Action] {
        if submitted[sequence] != nil { return end(sequence, .refused(status)) }
        if enquiry?.sequence == sequence {
            enquiry = nil
            return []
        }
        if owed?.sequence == sequence { return close(phase == .binding ? .bindRefused(status) : .unbound) }
        // Without a sequence number it lost its place in our stream.
        return sequence == 0 ? close(.nacked(status)) : []
    }

    private mutating func refuse(_ error: PDUError) -> [Action] {
        guard case .malformed(let command, let sequence, _) = error else {
            return write(.genericNack, sequence: 0, status: .invalidLength) + close(.unreadable(error))
        }
        guard command & PDU.Command.response != 0 else {
            return write(.genericNack, sequence: sequence, status: .invalidLength)
        }
        if owed?.sequence == sequence { return close(.unreadable(error)) }
        return end(sequence, .unanswered)
    }

    private mutating func end(_ sequence: UInt32, _ end: SubmitEnd) -> [Action] {
        guard let message = submitted.removeValue(forKey: sequence) else { return [] }
        return [.ended(ticket: message.ticket, end)]
    }

    private mutating func close(_ reason: CloseReason) -> [Action] {
        guard phase != .closed else { return [] }
        phase = .closed
        owed = nil
        enquiry = nil
        let left = submitted.sorted { $0.key < $1.key }.map(\.value)
        submitted = [:]
        return left.map { .ended(ticket: $0.ticket, $0.end <= sent ? .unanswered : .notSent) } + [.close(reason)]
    }

    /// Nothing where a field does not fit its place, which our settings and messages do.
    private mutating func write(
        _ operation: PDU.Operation,
        sequence: UInt32,
        status: CommandStatus = .ok
    ) -> [Action] {
        do throws(PDUError) {
            let octets = try PDU(operation, sequence: sequence, status: status).octets()
            written += UInt64(octets.count)
            return [.write(octets)]
        } catch {
            return []
        }
    }

    /// 1 to 0x7FFFFFFF, then from 1 again; none that still waits for its answer.
    private mutating func nextSequence() -> UInt32 {
        repeat {
            lastSequence = lastSequence >= 0x7FFF_FFFF ? 1 : lastSequence + 1
        } while submitted[lastSequence] != nil
        return lastSequence
    }
}
