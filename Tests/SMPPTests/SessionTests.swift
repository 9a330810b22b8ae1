import TestSupport
import Testing

@testable import SMPP

/// A session and the time that it is given.
private struct Conversation {
    var session: Session
    var now = ContinuousClock.now
    /// All that was to be written, read again.
    var sent: [PDU] = []

    init(window: Int = 3) {
        session = Session(
            Session.Settings(
                bind: BindRequest(systemID: "tokens", password: "hunter2"),
                window: window,
                enquireLink: .seconds(30),
                responseTime: .seconds(10)
            )
        )
    }

    /// The actions that are no writing; that is noted.
    mutating func note(_ actions: [Session.Action]) throws -> [Session.Action] {
        var rest: [Session.Action] = []
        for action in actions {
            if case .write(let octets) = action {
                sent.append(try PDU(octets: octets))
            } else {
                rest.append(action)
            }
        }
        return rest
    }

    mutating func bind() throws {
        _ = try note(session.start(at: now))
        #expect(try hear(.bindTransceiverResponse(systemID: "smsc"), sent[0].sequence) == [.bound])
        sent = []
    }

    mutating func submit(_ ticket: UInt64, within limit: Duration = .seconds(5)) throws -> [Session.Action] {
        try note(session.submit(SubmittedMessage(), ticket: ticket, deadline: now + limit))
    }

    mutating func hear(
        _ operation: PDU.Operation,
        _ sequence: UInt32,
        _ status: CommandStatus = .ok
    ) throws -> [Session.Action] {
        try note(session.received(try PDU(operation, sequence: sequence, status: status).octets(), at: now))
    }

    mutating func pass(_ time: Duration) throws -> [Session.Action] {
        now += time
        return try note(session.tick(at: now))
    }
}

@Suite("SMPP session")
struct SessionTests {
    private var talk = Conversation()

    @Test("it binds, and submits nothing before")
    mutating func binds() throws {
        #expect(talk.session.hasRoom == false)
        #expect(try talk.submit(1) == [.ended(ticket: 1, .notSent)])
        try talk.bind()
        #expect(talk.session.phase == .bound && talk.session.hasRoom)
    }

    @Test("a bind that is refused, nacked or not answered ends it")
    func refusedBind() throws {
        var talk = Conversation()
        _ = try talk.note(talk.session.start(at: talk.now))
        let status = CommandStatus(rawValue: 0x0E)
        #expect(try talk.hear(.bindTransceiverResponse(systemID: ""), 1, status) == [.close(.bindRefused(status))])
        talk = Conversation()
        _ = try talk.note(talk.session.start(at: talk.now))
        #expect(try talk.hear(.genericNack, 1, .invalidCommand) == [.close(.bindRefused(.invalidCommand))])
        talk = Conversation()
        _ = try talk.note(talk.session.start(at: talk.now))
        #expect(talk.session.nextEvent == talk.now + .seconds(10))
        #expect(try talk.pass(.milliseconds(9_999)) == [])
        #expect(try talk.pass(.milliseconds(1)) == [.close(.bindUnanswered)])
        #expect(try talk.pass(.seconds(100)) == [] && talk.session.nextEvent == nil)
    }

    @Test("each message ends by the answer to its number, in any order")
    mutating func answers() throws {
        try talk.bind()
        for ticket in [10, 11, 12] as [UInt64] { #expect(try talk.submit(ticket) == []) }
        let numbers = talk.sent.map(\.sequence)
        #expect(Set(numbers).count == 3)
        #expect(try talk.submit(13) == [.ended(ticket: 13, .notSent)])
        #expect(
            try talk.hear(.submitResponse(messageID: "b"), numbers[1]) == [.ended(ticket: 11, .taken(messageID: "b"))]
        )
        #expect(talk.session.hasRoom)
        #expect(
            try talk.hear(.submitResponse(messageID: ""), numbers[0], .throttled)
                == [.ended(ticket: 10, .refused(.throttled))]
        )
        #expect(
            try talk.hear(.genericNack, numbers[2], .invalidCommand)
                == [.ended(ticket: 12, .refused(.invalidCommand))]
        )
        #expect(try talk.hear(.submitResponse(messageID: "b"), numbers[1]) == [])
        #expect(try talk.hear(.submitResponse(messageID: "b"), 4_711) == [])
    }

    @Test("a message that is not answered ends at its deadline, and a late answer changes nothing")
    mutating func unanswered() throws {
        try talk.bind()
        _ = try talk.submit(1, within: .seconds(2))
        #expect(talk.session.nextEvent == talk.now + .seconds(2))
        #expect(try talk.pass(.seconds(2)) == [.ended(ticket: 1, .unanswered)])
        #expect(try talk.hear(.submitResponse(messageID: "x"), talk.sent[0].sequence) == [])
        #expect(talk.session.phase == .bound && talk.session.hasRoom)
    }

    @Test("where the connection breaks, only what left whole may have been taken")
    mutating func disconnected() throws {
        _ = try talk.note(talk.session.start(at: talk.now))
        let bind = try talk.sent[0].octets().count
        _ = try talk.hear(.bindTransceiverResponse(systemID: ""), 1)
        for ticket in [1, 2] as [UInt64] { _ = try talk.submit(ticket) }
        let first = try talk.sent[1].octets().count
        talk.session.didSend(bind + first)
        talk.session.didSend(first - 1)
        #expect(
            try talk.note(talk.session.disconnect()) == [
                .ended(ticket: 1, .unanswered), .ended(ticket: 2, .notSent), .close(.disconnected),
            ]
        )
        #expect(talk.session.disconnect() == [])
    }

    @Test("a silent peer is asked, and left where it stays silent")
    mutating func enquiries() throws {
        try talk.bind()
        #expect(talk.session.nextEvent == talk.now + .seconds(30))
        _ = try talk.pass(.seconds(29))
        #expect(talk.sent.isEmpty)
        _ = try talk.pass(.seconds(1))
        #expect(talk.sent.map(\.operation) == [.enquireLink])
        _ = try talk.pass(.seconds(5))
        #expect(try talk.hear(.enquireLinkResponse, talk.sent[0].sequence) == [])
        #expect(talk.session.nextEvent == talk.now + .seconds(30))
        _ = try talk.pass(.seconds(30))
        #expect(talk.sent.count == 2)
        _ = try talk.submit(1, within: .seconds(60))
        // Whatever else it says: it owes an answer.
        _ = try talk.hear(.enquireLinkResponse, 4_711)
        talk.session.didSend(1_000)
        #expect(try talk.pass(.seconds(10)) == [.ended(ticket: 1, .unanswered), .close(.enquiryUnanswered)])
    }

    @Test("the peer's own requests are answered by their numbers")
    mutating func requests() throws {
        _ = try talk.note(talk.session.start(at: talk.now))
        #expect(try talk.hear(.deliver(SubmittedMessage()), 5) == [])
        #expect(talk.sent.last == PDU(.deliverResponse, sequence: 5, status: .wrongBindState))
        _ = try talk.hear(.bindTransceiverResponse(systemID: "smsc"), 1)
        #expect(try talk.hear(.enquireLink, 77) == [])
        #expect(talk.sent.last == PDU(.enquireLinkResponse, sequence: 77))
        #expect(try talk.hear(.other(0x103), 78) == [])
        #expect(talk.sent.last == PDU(.genericNack, sequence: 78, status: .invalidCommand))
        let count = talk.sent.count
        #expect(try talk.hear(.other(0x8000_0103), 79) == [] && talk.sent.count == count)
        var message = SubmittedMessage()
        message.shortMessage = [1]
        #expect(try talk.hear(.deliver(message), 80) == [.received(message, sequence: 80)])
        #expect(try talk.note(talk.session.answer(80, .receiverBusy)) == [])
        #expect(talk.sent.last == PDU(.deliverResponse, sequence: 80, status: .receiverBusy))
        #expect(try talk.hear(.unbind, 81) == [.close(.unboundByPeer)])
        #expect(talk.sent.last == PDU(.unbindResponse, sequence: 81))
        #expect(talk.session.answer(80, .ok) == [])
    }

    @Test("a session ends by unbind, answered or not")
    func unbinding() throws {
        for isAnswered in [true, false] {
            var talk = Conversation()
            try talk.bind()
            _ = try talk.submit(1, within: .seconds(60))
            let submit = talk.sent[0].sequence
            #expect(try talk.note(talk.session.unbind(at: talk.now)) == [])
            #expect(talk.sent.last?.operation == .unbind && !talk.session.hasRoom)
            #expect(
                try talk.hear(.submitResponse(messageID: "a"), submit) == [.ended(ticket: 1, .taken(messageID: "a"))]
            )
            if isAnswered {
                #expect(try talk.hear(.unbindResponse, talk.sent[1].sequence) == [.close(.unbound)])
            } else {
                #expect(try talk.pass(.seconds(10)) == [.close(.unbound)])
            }
        }
        var early = Conversation()
        _ = try early.note(early.session.start(at: early.now))
        #expect(early.session.unbind(at: early.now) == [.close(.unbound)])
    }

    @Test("what can't be read is nacked; without its length the stream is left")
    mutating func unreadable() throws {
        try talk.bind()
        _ = try talk.submit(1)
        var cut = Written.receipt
        cut[20] = 0xFF
        cut.removeLast(100)
        cut.replaceSubrange(0..<4, with: [0, 0, 0, UInt8(cut.count)])
        #expect(try talk.note(talk.session.received(cut, at: talk.now)) == [])
        #expect(talk.sent.last == PDU(.genericNack, sequence: 9, status: .invalidLength))
        let endless = octets("00000013 80000004 00000000 0000000\(talk.sent[0].sequence) 616263")
        #expect(try talk.note(talk.session.received(endless, at: talk.now)) == [.ended(ticket: 1, .unanswered)])
        _ = try talk.submit(2)
        talk.session.didSend(10_000)
        #expect(
            try talk.note(talk.session.received([0, 0, 0, 15], at: talk.now)) == [
                .ended(ticket: 2, .unanswered), .close(.unreadable(.invalidLength(15))),
            ]
        )
        #expect(try talk.hear(.enquireLink, 1) == [])
    }

    @Test("whatever comes and however time passes, each message ends once, and nothing comes after the end")
    func anything() throws {
        var random = SeededRandom(seed: 99)
        for _ in 0..<300 {
            var talk = Conversation(window: 4)
            try talk.bind()
            var ends: [UInt64: Int] = [:]
            var isClosed = false
            func count(_ actions: [Session.Action]) {
                #expect(!isClosed || actions.isEmpty)
                for case .ended(let ticket, _) in actions { ends[ticket, default: 0] += 1 }
                isClosed = isClosed || actions.contains { if case .close = $0 { true } else { false } }
            }
            for ticket in 0..<UInt64(40) {
                if talk.session.hasRoom {
                    ends[ticket] = 0
                    count(try talk.submit(ticket, within: .seconds(Int.random(in: 1...40, using: &random))))
                }
                switch Int.random(in: 0..<6, using: &random) {
                case 0: count(try talk.pass(.seconds(Int.random(in: 0...12, using: &random))))
                case 1:
                    var octets = Written.all[Int.random(in: 0..<Written.all.count, using: &random)]
                    octets[Int.random(in: 4..<octets.count, using: &random)] ^= UInt8.random(
                        in: 0...255,
                        using: &random
                    )
                    count(try talk.note(talk.session.received(octets, at: talk.now)))
                case 2:
                    if let enquiry = talk.sent.last(where: { $0.operation == .enquireLink }) {
                        count(try talk.hear(.enquireLinkResponse, enquiry.sequence))
                    }
                default:
                    let sequence = UInt32.random(in: 1...60, using: &random)
                    count(try talk.hear(.submitResponse(messageID: "m"), sequence))
                }
            }
            if !isClosed { count(talk.session.disconnect()) }
            #expect(ends.values.allSatisfy { $0 == 1 })
        }
    }
}
