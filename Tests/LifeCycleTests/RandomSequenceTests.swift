import Glibc
import Testing

@Suite("Any sequence of commands")
struct RandomSequenceTests {
    /// How much is tried; more where the environment asks for it: `LIFECYCLE_SEQUENCES=100000`, `LIFECYCLE_SEED=7`.
    private static let sequences = number("LIFECYCLE_SEQUENCES") ?? 200
    private static let isLong = number("LIFECYCLE_SEQUENCES") != nil
    private static let parts = 8
    private static let length = 60

    private static func number(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }

    /// Another one for each run, unless the environment names one.
    private static let seed =
        number("LIFECYCLE_SEED").flatMap { UInt64(exactly: $0) } ?? UInt64.random(in: 0...0xFFFF_FFFF)

    @Test("is answered as the contract says", arguments: 0..<parts)
    func follows(part: Int) {
        print("LifeCycleTests: LIFECYCLE_SEED=\(Self.seed), part \(part)")
        var commands = 0
        var words: [String: Int] = [:]
        for number in stride(from: part, to: Self.sequences, by: Self.parts) {
            var generator = Generator(seed: Self.seed &* 1_000_000 &+ UInt64(number))
            let script = generator.script(length: Self.length)
            var play = Play(script.rules)
            guard script.firstMismatch(&play, checking: .some) != nil else {
                commands += play.commands
                words.merge(play.words, uniquingKeysWith: +)
                continue
            }
            let failure = script.shrunk().map(\.description) ?? "not found again"
            Issue.record("seed \(Self.seed), sequence \(number): \(failure)")
            return
        }
        print("LifeCycleTests: part \(part), \(commands) commands")
        // A long run tells what it has seen.
        if Self.isLong { print("LifeCycleTests: part \(part), \(words.sorted { $0.value > $1.value })") }
        #expect(commands > 0)
    }
}
