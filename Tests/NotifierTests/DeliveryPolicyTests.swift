import Testing
import TokenCore

@testable import Notifier

@Suite("Decision after an attempt")
struct DeliveryPolicyTests {
    private let policy = DeliveryPolicy(
        firstPause: .seconds(1),
        longestPause: .seconds(8),
        shortestAttempt: .milliseconds(500)
    )
    private let now = ContinuousClock.now
    private let failed = DeliveryOutcome.failed(retryAfter: nil)

    /// A notification with some providers, all well, and what was tried of it.
    private struct Story {
        var board: ProviderBoard
        var course = DeliveryCourse()

        init(providers: Int, idempotent: Set<Int> = []) {
            board = ProviderBoard(
                (0..<providers).map { .sample("p\($0)", isIdempotent: idempotent.contains($0)) }
            )
        }
    }

    private func step(
        _ story: inout Story,
        _ outcome: DeliveryOutcome,
        of seat: Int = 0,
        left: Duration = .seconds(100),
        chance: Double = 0.5
    ) -> DeliveryPolicy.Step {
        let id = NotificationID(UUIDValue(high: 0, low: 1))
        story.board.end(id, at: seat, outcome, now: now, chance: 0)
        story.course.note(outcome, of: seat, isIdempotent: story.board.members[seat].isIdempotent)
        return policy.step(
            after: outcome,
            &story.course,
            .sms,
            story.board,
            at: now,
            timeLeft: left,
            chance: chance
        )
    }

    /// After one attempt of the first provider.
    private func first(
        _ outcome: DeliveryOutcome,
        providers: Int = 1,
        left: Duration = .seconds(100),
        chance: Double = 0.5
    ) -> DeliveryPolicy.Step {
        var story = Story(providers: providers)
        return step(&story, outcome, left: left, chance: chance)
    }

    @Test("what is settled ends")
    func settled() {
        #expect(first(.sent(providerMessageIDs: ["x"])) == .end(.sent(providerMessageIDs: ["x"])))
        #expect(first(.rejected, providers: 3) == .end(.rejectedByProvider))
        #expect(first(.invalidDestination) == .end(.invalidDestination))
    }

    @Test("what one refuses is given to the next, and never to the same one again")
    func refused() {
        var story = Story(providers: 2)
        #expect(step(&story, .refused) == .retry(after: .zero))
        #expect(!story.course.admits(0) && story.course.admits(1))
        #expect(step(&story, failed, of: 1) == .retry(after: .milliseconds(500)))
        #expect(!story.course.admits(0) && story.course.admits(1))
        #expect(step(&story, .refused, of: 1) == .end(.rejectedByProvider))
    }

    @Test("what may have been taken is tried nowhere else: that could deliver twice")
    func unknown() {
        #expect(first(.unknown, providers: 5) == .end(.unknown))
        #expect(first(.unanswered) == .end(.unknown))
    }

    @Test("one that was silent until its time-out is left for the next, and not asked again")
    func unanswered() {
        var story = Story(providers: 2)
        #expect(step(&story, .unanswered) == .retry(after: .zero))
        #expect(!story.course.admits(0) && story.course.admits(1))
        #expect(step(&story, failed, of: 1) == .retry(after: .milliseconds(500)))
        #expect(!story.course.admits(0) && story.course.admits(1))
        #expect(step(&story, .unanswered, of: 1) == .end(.unknown))
    }

    @Test("where the provider recognises a repetition it is asked again, and nobody else is")
    func idempotent() {
        var story = Story(providers: 2, idempotent: [0])
        #expect(step(&story, .unknown) == .retry(after: .milliseconds(500)))
        #expect(story.course.admits(0) && !story.course.admits(1))
        #expect(step(&story, .unanswered) == .retry(after: .seconds(1)))
        #expect(step(&story, failed) == .retry(after: .seconds(2)))
        #expect(story.course.admits(0) && !story.course.admits(1))
        #expect(step(&story, failed, left: .seconds(1)) == .end(.unknown))
    }

    @Test("the next provider is tried at once, the next round after a pause that doubles up to its bound")
    func rounds() {
        var story = Story(providers: 2)
        #expect(step(&story, failed, of: 0) == .retry(after: .zero))
        #expect(step(&story, failed, of: 1) == .retry(after: .milliseconds(500)))
        #expect(step(&story, failed, of: 0) == .retry(after: .zero))
        var single = Story(providers: 1)
        var pauses: [DeliveryPolicy.Step] = []
        for _ in 0..<3 { pauses.append(step(&single, failed)) }
        #expect(pauses == [.retry(after: .milliseconds(500)), .retry(after: .seconds(1)), .retry(after: .seconds(2))])
        #expect(first(failed, chance: 0) == .retry(after: .zero))
        var long = DeliveryCourse()
        for _ in 0..<2_000 { long.beginRound() }
        long.note(failed, of: 0, isIdempotent: false)
        let pause = policy.step(
            after: failed,
            &long,
            .sms,
            ProviderBoard([.sample("p")]),
            at: now,
            timeLeft: .seconds(100),
            chance: 0.5
        )
        #expect(pause == .retry(after: .seconds(4)))
    }

    @Test("nothing is begun that the deadline would cut off")
    func deadline() {
        #expect(first(failed, left: .milliseconds(999)) == .end(.unavailable))
        #expect(first(failed, left: .milliseconds(1_000)) == .retry(after: .milliseconds(500)))
        #expect(first(failed, left: .seconds(-1), chance: 0) == .end(.unavailable))
    }

    @Test("Retry-After holds where nobody else is left")
    func retryAfter() {
        #expect(first(.failed(retryAfter: .seconds(30))) == .retry(after: .seconds(30)))
        #expect(first(.failed(retryAfter: .seconds(30)), providers: 2) == .retry(after: .zero))
        #expect(first(.failed(retryAfter: .seconds(30)), left: .seconds(30)) == .end(.unavailable))
    }

    @Test("an open circuit is waited for where all are open, and only until the deadline")
    func circuits() {
        var story = Story(providers: 1)
        for _ in 0..<3 { _ = step(&story, failed, chance: 0) }
        #expect(step(&story, failed, chance: 0) == .retry(after: .seconds(10)))
        #expect(step(&story, failed, left: .seconds(10), chance: 0) == .end(.unavailable))
    }
}
