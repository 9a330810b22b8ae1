/// Keeps a sick provider from adding its time-out to each message. A value: time and chance are handed in.
///
/// Closed while attempts end well. It opens at a share of failures among those of the last minute; after a pause one
/// probe is let through, which closes it or opens it for longer.
struct CircuitBreaker: Sendable {
    enum State: String, Sendable, CaseIterable {
        case closed
        case open
        /// A probe may pass, or is under way.
        case halfOpen = "half_open"
    }

    /// How long an attempt's end says something about the provider.
    static let memory: Duration = .seconds(60)
    /// Ends remembered at most.
    static let mostRemembered = 200

    private let settings: CircuitSettings
    private var ends: [(at: ContinuousClock.Instant, isFailure: Bool)] = []
    private var opensUntil: ContinuousClock.Instant?
    private var failedProbes = 0
    private var isProbing = false

    init(_ settings: CircuitSettings) {
        self.settings = settings
    }

    func state(at now: ContinuousClock.Instant) -> State {
        guard let opensUntil else { return .closed }
        return now < opensUntil ? .open : .halfOpen
    }

    /// Whether an attempt may begin now.
    func admits(at now: ContinuousClock.Instant) -> Bool {
        switch state(at: now) {
        case .closed: true
        case .open: false
        case .halfOpen: !isProbing
        }
    }

    /// When an attempt may begin, as far as is known: a probe under way can end at any time.
    var admitsFrom: ContinuousClock.Instant? { opensUntil }

    /// An attempt begins.
    mutating func begin(at now: ContinuousClock.Instant) {
        if state(at: now) == .halfOpen { isProbing = true }
    }

    /// - Parameters:
    ///   - isFailure: nil where the end says nothing about the provider.
    ///   - chance: uniform in `0..<1`; spreads the probes of several notifiers.
    mutating func end(isFailure: Bool?, at now: ContinuousClock.Instant, chance: Double) {
        guard let isFailure else {
            isProbing = false
            return
        }
        switch state(at: now) {
        case .closed:
            ends.removeAll { $0.at + Self.memory < now }
            if ends.count == Self.mostRemembered { ends.removeFirst() }
            ends.append((now, isFailure))
            let failures = ends.count { $0.isFailure }
            if ends.count >= settings.minimum, Double(failures) >= settings.failureRate * Double(ends.count) {
                open(at: now, chance: chance)
            }
        case .open:
            // One that began before it opened.
            break
        case .halfOpen:
            isProbing = false
            if isFailure {
                failedProbes += 1
                open(at: now, chance: chance)
            } else {
                ends = []
                opensUntil = nil
                failedProbes = 0
            }
        }
    }

    private mutating func open(at now: ContinuousClock.Instant, chance: Double) {
        ends = []
        opensUntil = now + settings.openFor * (1 << min(failedProbes, 3)) * (1 + chance / 4)
    }
}
