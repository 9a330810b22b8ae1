import TokenCore

/// What to do after an attempt; time and chance are handed in, nothing here waits.
///
/// A provider that failed is left for the next one at once. When all have been tried, a pause with full jitter comes
/// before the next round, doubling from round to round, and always inside the deadline: an OTP that is late is worth
/// nothing. What a provider may have taken goes to no other, but for one that was silent until its time-out: people
/// wait for the code, and those who take a message mostly say so.
struct DeliveryPolicy: Sendable {
    /// Upper bound of the pause after the first round.
    let firstPause: Duration
    /// Upper bound of any pause.
    let longestPause: Duration
    /// With less time than this left, an attempt is not begun.
    let shortestAttempt: Duration

    init(
        firstPause: Duration = .milliseconds(500),
        longestPause: Duration = .seconds(15),
        shortestAttempt: Duration = .milliseconds(500)
    ) {
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.shortestAttempt = shortestAttempt
    }

    var shortestAttemptMicroseconds: Int64 { Int64(shortestAttempt / .microseconds(1)) }

    /// How a delivery ends.
    enum Ending: Equatable, Sendable {
        case sent(providerMessageIDs: [String])
        case rejectedByProvider
        case invalidDestination
        /// The deadline came first, or there is nobody to deliver.
        case unavailable
        /// It may have been delivered; trying again could deliver twice, so nobody does.
        case unknown
    }

    enum Step: Equatable, Sendable {
        case end(Ending)
        /// Try a provider of those that are left, after a pause.
        case retry(after: Duration)
    }

    /// - Parameters:
    ///   - course: of the notification, up to and with this attempt.
    ///   - board: after this attempt.
    ///   - timeLeft: until the deadline.
    ///   - chance: uniform in `0..<1`.
    func step(
        after outcome: DeliveryOutcome,
        _ course: inout DeliveryCourse,
        _ channel: Channel,
        _ board: ProviderBoard,
        at now: ContinuousClock.Instant,
        timeLeft: Duration,
        chance: Double
    ) -> Step {
        switch outcome {
        case .sent(let ids): return .end(.sent(providerMessageIDs: ids))
        case .rejected: return .end(.rejectedByProvider)
        case .invalidDestination: return .end(.invalidDestination)
        case .refused, .failed, .unanswered, .unknown: break
        }
        let left = board.seats(of: channel).filter(course.isLeft)
        // A connection that broke after the message's end: most of those that broke so had taken it.
        let isOver = outcome == .unknown && course.mayHaveArrived && !left.contains { course.isBound(to: $0) }
        guard !left.isEmpty, !isOver else {
            return .end(course.mayHaveArrived ? .unknown : .rejectedByProvider)
        }
        var pause = Duration.zero
        if !left.contains(where: { course.admits($0) && !course.isBound(to: $0) && board.admits($0, at: now) }) {
            pause = jitter(round: course.rounds, chance: chance)
            course.beginRound()
            if let opens = board.admission(of: left, at: now) { pause = max(pause, opens - now) }
        }
        return pause + shortestAttempt <= timeLeft
            ? .retry(after: pause) : .end(course.mayHaveArrived ? .unknown : .unavailable)
    }

    /// Full jitter: uniform between 0 and a bound that doubles with each round.
    private func jitter(round: Int, chance: Double) -> Duration {
        let bound = min(longestPause, firstPause * (1 << min(round, 20)))
        return bound * chance
    }
}
