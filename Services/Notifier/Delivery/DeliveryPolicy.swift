/// What to do after an attempt; time and chance are handed in, nothing here waits.
///
/// A sick provider is left for the next one at once. When all have been tried, a pause with full jitter comes before
/// the next round, doubling from round to round, and always inside the deadline: an OTP that is late is worth nothing.
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
        /// Try the provider that is next in turn, after a pause.
        case retry(after: Duration)
    }

    /// - Parameters:
    ///   - attempt: 0 for the first.
    ///   - providers: of the channel, those that may be used now.
    ///   - timeLeft: until the deadline.
    ///   - chance: uniform in `0..<1`.
    func step(
        after outcome: DeliveryOutcome,
        attempt: Int,
        providers: Int,
        timeLeft: Duration,
        chance: Double
    ) -> Step {
        switch outcome {
        case .sent(let ids): return .end(.sent(providerMessageIDs: ids))
        case .refused: return .end(.rejectedByProvider)
        case .invalidDestination: return .end(.invalidDestination)
        case .unknown, .unanswered: return .end(.unknown)
        case .failed(let retryAfter):
            guard providers > 0 else { return .end(.unavailable) }
            let isRoundOver = (attempt + 1) % providers == 0
            let round = (attempt + 1) / providers - 1
            // `retryAfter` is one provider's word: it holds where that one is next again.
            let asked = providers == 1 ? retryAfter ?? .zero : .zero
            let pause = isRoundOver ? max(asked, jitter(round: round, chance: chance)) : .zero
            return pause + shortestAttempt <= timeLeft ? .retry(after: pause) : .end(.unavailable)
        }
    }

    /// Full jitter: uniform between 0 and a bound that doubles with each round.
    private func jitter(round: Int, chance: Double) -> Duration {
        let bound = min(longestPause, firstPause * (1 << min(round, 20)))
        return bound * chance
    }
}

/// Rests a provider that fails again and again; a value, time is handed in.
struct ProviderHealth: Sendable {
    /// Failures in a row after which it rests.
    static let tolerated = 5
    /// How long; then one success makes it well, one failure rests it again.
    static let rest: Duration = .seconds(15)

    private var failures = 0
    private var restsUntil: ContinuousClock.Instant?

    func isUsable(at now: ContinuousClock.Instant) -> Bool {
        restsUntil.map { $0 <= now } ?? true
    }

    /// A refusal of one message is a sign of health.
    mutating func record(_ outcome: DeliveryOutcome, at now: ContinuousClock.Instant) {
        switch outcome {
        case .sent, .refused:
            failures = 0
            restsUntil = nil
        case .failed, .unanswered, .unknown:
            failures += 1
            if failures >= Self.tolerated { restsUntil = now + Self.rest }
        case .invalidDestination: break
        }
    }
}
