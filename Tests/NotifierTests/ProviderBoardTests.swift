import Testing
import TokenCore

@testable import Notifier

@Suite("Whose turn it is to deliver")
struct ProviderBoardTests {
    private let now = ContinuousClock.now

    private func id(_ number: UInt64) -> NotificationID { NotificationID(UUIDValue(high: 0, low: number)) }

    private func board(_ count: Int = 2, concurrency: Int = 4) -> ProviderBoard {
        ProviderBoard((0..<count).map { .sample("p\($0)", concurrency: concurrency) })
    }

    private func choice(_ board: ProviderBoard, after: Duration = .zero) -> ProviderBoard.Choice {
        board.choice(.sms, among: DeliveryCourse(), at: now + after)
    }

    @Test("the first is preferred; where it has no room it is waited for, not passed over")
    func preference() {
        var board = board(concurrency: 1)
        #expect(choice(board) == .seat(0))
        board.begin(id(1), at: 0, now: now)
        #expect(choice(board) == .full)
        #expect(board.choice(.email, among: DeliveryCourse(), at: now) == .closed)
    }

    @Test("one whose circuit is open is passed over; then one message goes to it as a probe")
    func circuit() {
        var board = board()
        for number in 0..<4 as Range<UInt64> {
            board.begin(id(number), at: 0, now: now)
            board.end(id(number), at: 0, .failed(retryAfter: nil), now: now, chance: 0)
        }
        #expect(board.circuit(0, at: now) == .open && choice(board) == .seat(1))
        #expect(choice(board, after: .seconds(10)) == .seat(0))
        board.begin(id(9), at: 0, now: now + .seconds(10))
        #expect(choice(board, after: .seconds(10)) == .seat(1))
    }

    @Test("one that asked for time is left alone so long, and its circuit stays closed")
    func rest() {
        var board = board()
        for number in 0..<9 as Range<UInt64> {
            board.begin(id(number), at: 0, now: now)
            board.end(id(number), at: 0, .failed(retryAfter: .seconds(3)), now: now, chance: 0)
        }
        #expect(board.circuit(0, at: now) == .closed && choice(board) == .seat(1))
        #expect(board.admission(of: [0], at: now) == now + .seconds(3))
        #expect(board.admission(of: [0, 1], at: now) == nil)
        #expect(choice(board, after: .seconds(3)) == .seat(0))
    }

    @Test("one that has been silent for a quarter of its time-out gets no more messages while another is there")
    func stuck() {
        var board = board()
        board.begin(id(1), at: 0, now: now)
        #expect(choice(board, after: .seconds(2)) == .seat(0))
        #expect(choice(board, after: .seconds(3)) == .seat(1))
        #expect(self.board(1).seats(of: .sms) == [0])
        board.begin(id(2), at: 1, now: now)
        #expect(choice(board, after: .seconds(3)) == .seat(0), "both are: the first is as good")
        // It answers: only slow.
        board.begin(id(3), at: 0, now: now + .seconds(1))
        board.end(id(3), at: 0, .refused, now: now + .seconds(2), chance: 0)
        #expect(choice(board, after: .seconds(3)) == .seat(0))
    }
}
