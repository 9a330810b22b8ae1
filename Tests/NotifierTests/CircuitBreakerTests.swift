import Testing

@testable import Notifier

@Suite("The circuit of a provider")
struct CircuitBreakerTests {
    private let start = ContinuousClock.now
    private let settings = CircuitSettings(failureRate: 0.5, minimum: 4, openFor: .seconds(10))

    private func breaker(_ ends: [Bool?]) -> CircuitBreaker {
        var breaker = CircuitBreaker(settings)
        for end in ends { breaker.end(isFailure: end, at: start, chance: 0) }
        return breaker
    }

    @Test("it opens at the share of failures, not before there are enough attempts, and not for what says nothing")
    func opening() {
        #expect(breaker([true, true, true]).state(at: start) == .closed)
        #expect(breaker([true, true, true, nil, nil]).state(at: start) == .closed)
        #expect(breaker([false, false, false, true, true]).state(at: start) == .closed)
        #expect(breaker([false, false, true, true]).state(at: start) == .open)
        #expect(!breaker([true, true, true, true]).admits(at: start))
    }

    @Test("old ends are forgotten")
    func memory() {
        var breaker = breaker([true, true, true])
        let later = start + CircuitBreaker.memory + .seconds(1)
        breaker.end(isFailure: true, at: later, chance: 0)
        #expect(breaker.state(at: later) == .closed)
        for _ in 0..<3 { breaker.end(isFailure: true, at: later, chance: 0) }
        #expect(breaker.state(at: later) == .open)
    }

    @Test("one probe passes after the pause; it closes the circuit, or opens it for twice as long, eight times at most")
    func probes() {
        var breaker = breaker([true, true, true, true])
        var now = start
        for seconds in [10, 20, 40, 80, 80] {
            #expect(!breaker.admits(at: now + .seconds(seconds) - .milliseconds(1)))
            now += .seconds(seconds)
            #expect(breaker.state(at: now) == .halfOpen && breaker.admits(at: now))
            breaker.begin(at: now)
            #expect(!breaker.admits(at: now), "one probe at a time")
            breaker.end(isFailure: true, at: now, chance: 0)
        }
        now += .seconds(80)
        breaker.begin(at: now)
        breaker.end(isFailure: nil, at: now, chance: 0)
        #expect(breaker.admits(at: now), "a probe that says nothing is followed by another")
        breaker.begin(at: now)
        breaker.end(isFailure: false, at: now, chance: 0)
        #expect(breaker.state(at: now) == .closed)
        for _ in 0..<4 { breaker.end(isFailure: true, at: now, chance: 0) }
        #expect(breaker.admitsFrom == now + .seconds(10), "the pause is short again")
    }

    @Test("the ends of attempts that began before it opened change nothing")
    func stragglers() {
        var breaker = breaker([true, true, true, true])
        breaker.end(isFailure: false, at: start + .seconds(1), chance: 0)
        #expect(breaker.state(at: start + .seconds(1)) == .open)
    }
}
