import Contract
import Messaging
import Testing
import TokenCore

@testable import Notifier

@Suite("The notifications that are held")
struct DeliveryBookTests {
    private let now = ContinuousClock.now
    private let left = TopicPartition(topic: "n", partition: 0)
    private let right = TopicPartition(topic: "n", partition: 1)

    private func parcel(
        _ number: UInt64,
        _ channel: Channel = .sms,
        offset: Int64 = 0,
        in partition: TopicPartition? = nil,
        until deadline: Instant = .never,
        of tenant: String = "default"
    ) throws -> Parcel {
        Parcel(
            subject: DeliverySubject(
                id: NotificationID(UUIDValue(high: 0, low: number)),
                recordKey: try #require(RecordKey(tenant: tenant, userID: "alice")),
                challenge: nil,
                tokenID: TokenID(UUIDValue(high: 0, low: 1)),
                channel: channel,
                correlation: Correlation()
            ),
            content: .message(.sample),
            deadline: deadline,
            writtenAt: Instant(seconds: 0),
            places: [RecordPlace(partition: partition ?? left, offset: offset)]
        )
    }

    /// One provider for each channel.
    private func board(_ room: Int) -> ProviderBoard {
        ProviderBoard([.sample("mail", .email, concurrency: room), .sample("gateway", concurrency: room)])
    }

    private func leave(
        _ book: inout DeliveryBook,
        _ board: ProviderBoard,
        after seconds: Int = 0,
        clock: Int64 = 0
    ) -> [UInt64] {
        book.due(at: now + .seconds(seconds), clock: Instant(seconds: clock), board).map(\.journey.parcel.id.value.low)
    }

    private func id(_ number: UInt64) -> NotificationID { NotificationID(UUIDValue(high: 0, low: number)) }

    @Test("each channel leaves in order as far as its providers have room, whatever the other does")
    func limits() throws {
        var (book, board) = (DeliveryBook(), board(2))
        for number in 1...4 as ClosedRange<UInt64> { book.accept(try parcel(number)) }
        book.accept(try parcel(9, .email))
        #expect(leave(&book, board) == [9, 1, 2])
        #expect(leave(&book, board) == [9, 1, 2], "asking changes nothing")
        for number in [1, 2] as [UInt64] {
            book.depart(id(number))
            board.begin(id(number), at: 1, now: now)
        }
        #expect(leave(&book, board) == [9])
        book.end(id(1))
        board.end(id(1), at: 1, .sent(providerMessageIDs: []), now: now, chance: 0)
        #expect(leave(&book, board) == [9, 3])
        #expect(board.underWay(.sms) == 1 && book.count == 5)
    }

    @Test("tenants take turns, however many one of them sends; whose last left longest ago comes first")
    func tenants() throws {
        var (book, board) = (DeliveryBook(), board(3))
        for number in 1...500 as ClosedRange<UInt64> { book.accept(try parcel(number, of: "flood")) }
        book.accept(try parcel(1_001, of: "quiet"))
        book.accept(try parcel(2_001, of: "other"))
        book.accept(try parcel(2_002, of: "other"))
        #expect(leave(&book, board) == [1, 1_001, 2_001])
        for number in [1, 1_001, 2_001] as [UInt64] {
            book.depart(id(number))
            board.begin(id(number), at: 1, now: now)
        }
        book.accept(try parcel(1_002, of: "quiet"))
        #expect(leave(&book, board) == [])
        for number in [1, 1_001, 2_001] as [UInt64] {
            _ = book.remove(id(number))
            board.end(id(number), at: 1, .sent(providerMessageIDs: []), now: now, chance: 0)
        }
        #expect(leave(&book, board) == [2, 1_002, 2_002])
        // With one seat at a time nobody gets it twice before the others had it.
        var left: [UInt64] = []
        let single = self.board(1)
        for _ in 0..<5 {
            let next = try #require(leave(&book, single).first)
            left.append(next)
            book.depart(id(next))
            _ = book.remove(id(next))
        }
        #expect(left == [2, 1_002, 2_002, 3, 4])
    }

    @Test("what rests takes no place, and comes back before those who came later")
    func resting() throws {
        var (book, board) = (DeliveryBook(), board(1))
        for number in 1...3 as ClosedRange<UInt64> { book.accept(try parcel(number)) }
        book.depart(id(1))
        var course = DeliveryCourse()
        course.note(.failed(retryAfter: nil), of: 1, isIdempotent: false)
        course.beginRound()
        book.rest(id(1), until: now + .seconds(3), course)
        #expect(leave(&book, board) == [2])
        #expect(book.nextDue == now + .seconds(3))
        book.depart(id(2))
        board.begin(id(2), at: 1, now: now)
        #expect(leave(&book, board, after: 3) == [])
        board.end(id(2), at: 1, .sent(providerMessageIDs: []), now: now, chance: 0)
        #expect(leave(&book, board, after: 3) == [1])
        #expect(book[id(1)]?.course.attempts == 1 && book.nextDue == nil)
    }

    @Test("what fails and may leave again at once stands in line once")
    func atOnce() throws {
        var (book, board) = (DeliveryBook(), board(2))
        book.accept(try parcel(1))
        #expect(leave(&book, board) == [1])
        book.depart(id(1))
        book.rest(id(1), until: now)
        #expect(leave(&book, board) == [1])
    }

    @Test("what has been tried with one provider leaves with another, though the line before it stands")
    func another() throws {
        var board = ProviderBoard([.sample("first", concurrency: 1), .sample("second", concurrency: 1)])
        var book = DeliveryBook()
        for number in 1...3 as ClosedRange<UInt64> { book.accept(try parcel(number)) }
        book.depart(id(1))
        var course = DeliveryCourse()
        course.note(.refused, of: 0, isIdempotent: false)
        book.rest(id(1), until: now, course)
        board.begin(id(9), at: 0, now: now)
        let due = book.due(at: now, clock: Instant(seconds: 0), board)
        #expect(due.map(\.journey.parcel.id) == [id(1)] && due.map(\.seat) == [1])
    }

    @Test("what is past its end leaves without a provider; what stood there without one is told apart")
    func late() throws {
        var (book, board) = (DeliveryBook(), board(1))
        board.end(id(9), at: 1, .failed(retryAfter: .seconds(60)), now: now, chance: 0)
        book.accept(try parcel(1, until: Instant(seconds: 10)))
        #expect(leave(&book, board) == [])
        #expect(book[id(1)]?.wasTaken == true)
        book.accept(try parcel(2, until: Instant(seconds: 10)))
        #expect(book[id(2)]?.wasTaken == false)
        let due = book.due(at: now, clock: Instant(seconds: 10), board)
        #expect(due.map(\.seat) == [nil, nil])
    }

    @Test("a second record of a notification waits for the first one's end, and both are finished with it")
    func copies() throws {
        var book = DeliveryBook()
        book.accept(try parcel(1, offset: 5))
        book.depart(id(1))
        book.accept(try parcel(1, offset: 6))
        #expect(book.count == 1 && leave(&book, board(4)).isEmpty)
        book.end(id(1))
        #expect(book.remove(id(1))?.places.map(\.offset) == [5, 6])
        #expect(book.remove(id(1)) == nil && book.count == 0)
    }

    @Test("what is not under way goes with its partition; what is stays until its end, without its place")
    func givingBack() throws {
        var book = DeliveryBook()
        book.accept(try parcel(1))
        book.accept(try parcel(2))
        book.accept(try parcel(3, in: right))
        book.accept(try parcel(4))
        book.depart(id(1))
        book.rest(id(4), until: now)
        #expect(book.isTravelling(for: [left]) && !book.isTravelling(for: [right]))
        #expect(Set(book.giveBack([left])) == [id(2), id(4)])
        #expect(book[id(1)]?.parcel.places.isEmpty == true)
        #expect(leave(&book, board(4)) == [3])
        // Assigned again while it is under way: it is not sent a second time.
        book.accept(try parcel(1))
        #expect(leave(&book, board(4)) == [3] && book[id(1)]?.parcel.places.count == 1)
    }
}

extension DeliverableMessage {
    static let sample = DeliverableMessage(
        notificationID: "n-1",
        to: "+41791234567",
        subject: "",
        text: "123456",
        expiresAt: "",
        date: 0
    )
}

extension ProviderBoard.Member {
    static func sample(
        _ name: String,
        _ channel: Channel = .sms,
        concurrency: Int = 4,
        isIdempotent: Bool = false
    ) -> ProviderBoard.Member {
        ProviderBoard.Member(
            name: name,
            channel: channel,
            concurrency: concurrency,
            timeout: .seconds(8),
            circuit: CircuitSettings(failureRate: 0.5, minimum: 4, openFor: .seconds(10)),
            isIdempotent: isIdempotent,
            givesReceipts: false
        )
    }
}
