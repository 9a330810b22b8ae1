import Testing

@testable import Notifier

@Suite("Decision after an attempt")
struct DeliveryPolicyTests {
    private let policy = DeliveryPolicy(
        firstPause: .seconds(1),
        longestPause: .seconds(8),
        shortestAttempt: .milliseconds(500)
    )

    private func step(
        _ outcome: DeliveryOutcome,
        attempt: Int = 0,
        providers: Int = 1,
        left: Duration = .seconds(100),
        chance: Double = 0.5
    ) -> DeliveryPolicy.Step {
        policy.step(after: outcome, attempt: attempt, providers: providers, timeLeft: left, chance: chance)
    }

    @Test("what is settled ends")
    func settled() {
        #expect(step(.sent(providerMessageIDs: ["x"])) == .end(.sent(providerMessageIDs: ["x"])))
        #expect(step(.refused, providers: 3) == .end(.rejectedByProvider))
        #expect(step(.invalidDestination) == .end(.invalidDestination))
    }

    @Test("an unknown outcome is never tried again: that could deliver twice")
    func unknown() {
        #expect(step(.unknown, providers: 5) == .end(.unknown))
    }

    @Test("the next provider is tried at once, the next round after a pause that doubles up to its bound")
    func rounds() {
        #expect(step(.failed(retryAfter: nil), attempt: 0, providers: 2) == .retry(after: .zero))
        #expect(step(.failed(retryAfter: nil), attempt: 1, providers: 2) == .retry(after: .milliseconds(500)))
        #expect(step(.failed(retryAfter: nil), attempt: 3, providers: 2) == .retry(after: .seconds(1)))
        #expect(step(.failed(retryAfter: nil), attempt: 5, providers: 2) == .retry(after: .seconds(2)))
        #expect(step(.failed(retryAfter: nil), attempt: 2_000, providers: 1) == .retry(after: .seconds(4)))
        #expect(step(.failed(retryAfter: nil), chance: 0) == .retry(after: .zero))
    }

    @Test("nothing is begun that the deadline would cut off")
    func deadline() {
        #expect(step(.failed(retryAfter: nil), left: .milliseconds(999)) == .end(.unavailable))
        #expect(step(.failed(retryAfter: nil), left: .milliseconds(1_000)) == .retry(after: .milliseconds(500)))
        #expect(step(.failed(retryAfter: nil), left: .seconds(-1), chance: 0) == .end(.unavailable))
        #expect(step(.failed(retryAfter: nil), providers: 0) == .end(.unavailable))
    }

    @Test("Retry-After holds where the same provider is next")
    func retryAfter() {
        #expect(step(.failed(retryAfter: .seconds(30))) == .retry(after: .seconds(30)))
        #expect(step(.failed(retryAfter: .seconds(30)), providers: 2) == .retry(after: .zero))
        #expect(step(.failed(retryAfter: .seconds(30)), left: .seconds(30)) == .end(.unavailable))
    }

    @Test("a provider that fails five times in a row rests; one success makes it well")
    func health() {
        var health = ProviderHealth()
        let now = ContinuousClock.now
        for _ in 0..<4 { health.record(.failed(retryAfter: nil), at: now) }
        #expect(health.isUsable(at: now))
        health.record(.unknown, at: now)
        #expect(!health.isUsable(at: now) && !health.isUsable(at: now + .seconds(14)))
        let later = now + .seconds(15)
        #expect(health.isUsable(at: later))
        health.record(.failed(retryAfter: nil), at: later)
        #expect(!health.isUsable(at: later))
        health.record(.sent(providerMessageIDs: []), at: later)
        health.record(.failed(retryAfter: nil), at: later)
        #expect(health.isUsable(at: later))
    }
}
