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
        in partition: TopicPartition? = nil
    ) throws -> Parcel {
        Parcel(
            id: NotificationID(UUIDValue(high: 0, low: number)),
            recordKey: try #require(RecordKey(tenant: "default", userID: "alice")),
            challenge: nil,
            tokenID: TokenID(UUIDValue(high: 0, low: 1)),
            channel: channel,
            content: .message(.sample),
            deadline: .never,
            correlation: Correlation(),
            writtenAt: Instant(seconds: 0),
            places: [RecordPlace(partition: partition ?? left, offset: offset)]
        )
    }

    private func numbers(_ journeys: [DeliveryBook.Journey]) -> [UInt64] { journeys.map(\.parcel.id.value.low) }

    private func id(_ number: UInt64) -> NotificationID { NotificationID(UUIDValue(high: 0, low: number)) }

    @Test("each channel leaves in order up to its own limit, whatever the other does")
    func limits() throws {
        var book = DeliveryBook(limit: 2)
        for number in 1...4 as ClosedRange<UInt64> { book.accept(try parcel(number)) }
        book.accept(try parcel(9, .email))
        #expect(numbers(book.due(at: now)) == [9, 1, 2])
        #expect(numbers(book.due(at: now)) == [9, 1, 2], "asking changes nothing")
        for number in [1, 2] as [UInt64] { book.depart(id(number)) }
        #expect(numbers(book.due(at: now)) == [9])
        book.end(id(1))
        #expect(numbers(book.due(at: now)) == [9, 3])
        #expect(book.travelling(.sms) == 1 && book.count == 5)
    }

    @Test("what rests takes no place among those under way, and comes back when it is due")
    func resting() throws {
        var book = DeliveryBook(limit: 1)
        for number in 1...2 as ClosedRange<UInt64> { book.accept(try parcel(number)) }
        book.depart(id(1))
        book.rest(id(1), until: now + .seconds(3), attempts: 1)
        #expect(numbers(book.due(at: now)) == [2])
        #expect(book.nextDue == now + .seconds(3))
        book.depart(id(2))
        _ = book.remove(id(2))
        #expect(numbers(book.due(at: now + .seconds(2))) == [])
        let due = book.due(at: now + .seconds(3))
        #expect(numbers(due) == [1] && due[0].attempt == 1)
        #expect(book.nextDue == nil)
    }

    @Test("a second record of a notification waits for the first one's end, and both are finished with it")
    func copies() throws {
        var book = DeliveryBook(limit: 4)
        book.accept(try parcel(1, offset: 5))
        book.depart(id(1))
        book.accept(try parcel(1, offset: 6))
        #expect(book.count == 1 && book.due(at: now).isEmpty)
        book.end(id(1))
        #expect(book.remove(id(1))?.places.map(\.offset) == [5, 6])
        #expect(book.remove(id(1)) == nil && book.count == 0)
    }

    @Test("what is not under way goes with its partition; what is stays until its end, without its place")
    func givingBack() throws {
        var book = DeliveryBook(limit: 4)
        book.accept(try parcel(1))
        book.accept(try parcel(2))
        book.accept(try parcel(3, in: right))
        book.accept(try parcel(4))
        book.depart(id(1))
        book.rest(id(4), until: now)
        #expect(book.isTravelling(for: [left]) && !book.isTravelling(for: [right]))
        #expect(Set(book.giveBack([left])) == [id(2), id(4)])
        #expect(book[id(1)]?.parcel.places.isEmpty == true)
        #expect(numbers(book.due(at: now)) == [3])
        // Assigned again while it is under way: it is not sent a second time.
        book.accept(try parcel(1))
        #expect(numbers(book.due(at: now)) == [3] && book[id(1)]?.parcel.places.count == 1)
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
