import TokenCore

/// Which provider takes the next message: how many attempts each has under way, how its last ones ended, whether it
/// asked to be left alone. Pure: time and chance are handed in.
struct ProviderBoard: Sendable {
    /// A provider's place among all of the configuration.
    typealias Seat = Int

    /// What is known of a provider beforehand.
    struct Member: Sendable {
        let name: String
        let channel: Channel
        /// Attempts at a time.
        let concurrency: Int
        /// Bounds one attempt.
        let timeout: Duration
        let circuit: CircuitSettings
        /// It recognises a message that it got before.
        let isIdempotent: Bool
        /// It tells later what became of a message.
        let givesReceipts: Bool
    }

    enum Choice: Equatable {
        case seat(Seat)
        /// One that is well has no room at the moment.
        case full
        /// None may be used now.
        case closed
    }

    private struct Condition: Sendable {
        var breaker: CircuitBreaker
        var restsUntil: ContinuousClock.Instant?
        /// When the attempts under way began.
        var begun: [NotificationID: ContinuousClock.Instant] = [:]
        /// When an answer came last, of whatever kind.
        var answeredAt: ContinuousClock.Instant?
    }

    let members: [Member]
    private var conditions: [Condition]
    private let seats: [Channel: [Seat]]

    /// - Parameter members: of each channel the preferred one first.
    init(_ members: [Member]) {
        self.members = members
        conditions = members.map { Condition(breaker: CircuitBreaker($0.circuit)) }
        seats = Dictionary(grouping: members.indices) { members[$0].channel }
    }

    func seats(of channel: Channel) -> [Seat] { seats[channel] ?? [] }

    func underWay(_ channel: Channel) -> Int { seats(of: channel).reduce(0) { $0 + conditions[$1].begun.count } }

    func circuit(_ seat: Seat, at now: ContinuousClock.Instant) -> CircuitBreaker.State {
        conditions[seat].breaker.state(at: now)
    }

    /// Whether the provider may be used now, room or not.
    func admits(_ seat: Seat, at now: ContinuousClock.Instant) -> Bool {
        conditions[seat].breaker.admits(at: now) && conditions[seat].restsUntil.map { $0 <= now } ?? true
    }

    /// The earliest instant at which one of them may be used, as far as is known; nil where that is now.
    func admission(of seats: some Sequence<Seat>, at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        var earliest: ContinuousClock.Instant?
        for seat in seats {
            guard !admits(seat, at: now) else { return nil }
            let from =
                [conditions[seat].breaker.admitsFrom, conditions[seat].restsUntil].compactMap { $0 }.max() ?? now
            earliest = min(earliest ?? from, from)
        }
        return earliest
    }

    /// The first in order of preference that may be used and isn't stuck; one that is stuck, where there is no other.
    func choice(_ channel: Channel, among course: DeliveryCourse, at now: ContinuousClock.Instant) -> Choice {
        var stuck: Choice?
        for seat in seats(of: channel) where course.admits(seat) && admits(seat, at: now) {
            let choice: Choice = conditions[seat].begun.count < members[seat].concurrency ? .seat(seat) : .full
            guard isStuck(seat, at: now) else { return choice }
            stuck = stuck ?? choice
        }
        return stuck ?? .closed
    }

    mutating func begin(_ id: NotificationID, at seat: Seat, now: ContinuousClock.Instant) {
        conditions[seat].begun[id] = now
        conditions[seat].breaker.begin(at: now)
    }

    mutating func end(
        _ id: NotificationID,
        at seat: Seat,
        _ outcome: DeliveryOutcome,
        now: ContinuousClock.Instant,
        chance: Double
    ) {
        conditions[seat].begun[id] = nil
        if outcome.isAnswer { conditions[seat].answeredAt = now }
        if case .failed(let wait?) = outcome {
            // "Not before" is an answer of a provider that lives.
            conditions[seat].restsUntil = max(conditions[seat].restsUntil ?? now, now + wait)
        }
        conditions[seat].breaker.end(isFailure: outcome.isProvidersFailure, at: now, chance: chance)
    }

    /// It has said nothing since its oldest attempt began, and that is long ago: until that one ends, nobody knows
    /// whether its circuit should be open, and no more messages are to find out.
    private func isStuck(_ seat: Seat, at now: ContinuousClock.Instant) -> Bool {
        let condition = conditions[seat]
        guard let oldest = condition.begun.values.min() else { return false }
        return now - oldest > members[seat].timeout / 4 && condition.answeredAt.map { $0 < oldest } ?? true
    }
}

extension DeliveryOutcome {
    /// The provider said something, good or bad.
    fileprivate var isAnswer: Bool {
        switch self {
        case .sent, .refused, .rejected, .failed(retryAfter: .some): true
        case .failed(retryAfter: nil), .invalidDestination, .unanswered, .unknown: false
        }
    }

    /// Whether it speaks against the provider; nil where it says nothing about it.
    fileprivate var isProvidersFailure: Bool? {
        switch self {
        case .sent, .refused, .rejected: false
        case .failed(retryAfter: .some), .invalidDestination: nil
        case .failed(retryAfter: nil), .unanswered, .unknown: true
        }
    }
}
