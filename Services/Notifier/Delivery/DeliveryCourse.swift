/// Whom a notification may still be given to, after what was tried. A value.
struct DeliveryCourse: Equatable, Sendable {
    typealias Seat = ProviderBoard.Seat

    /// Attempts so far.
    private(set) var attempts = 0
    /// Rounds in which every provider was tried.
    private(set) var rounds = 0
    /// Providers that failed in this round.
    private var tried: Set<Seat> = []
    /// Providers that are not asked again: they refused, or may have taken it.
    private var spent: Set<Seat> = []
    /// Where it may be already, and does no harm a second time: nobody else is asked.
    private var bound: Seat?
    /// Somebody may have delivered it.
    private(set) var mayHaveArrived = false

    func admits(_ seat: Seat) -> Bool {
        bound.map { $0 == seat } ?? (!spent.contains(seat) && !tried.contains(seat))
    }

    /// Whether it may be given to the provider, now or in a later round.
    func isLeft(_ seat: Seat) -> Bool {
        bound.map { $0 == seat } ?? !spent.contains(seat)
    }

    /// Whether it goes to that provider alone.
    func isBound(to seat: Seat) -> Bool { bound == seat }

    mutating func note(_ outcome: DeliveryOutcome, of seat: Seat, isIdempotent: Bool) {
        attempts += 1
        switch outcome {
        case .sent, .rejected, .invalidDestination: break
        case .refused: spent.insert(seat)
        case .failed: if bound == nil { tried.insert(seat) }
        case .unanswered, .unknown:
            mayHaveArrived = true
            if isIdempotent { bound = seat } else { spent.insert(seat) }
        }
    }

    mutating func beginRound() {
        rounds += 1
        tried = []
    }
}
