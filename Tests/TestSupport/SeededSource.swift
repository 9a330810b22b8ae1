import TokenCore

/// A random source whose run can be repeated from its seed.
package final class SeededSource: RandomSource {
    private var generator: SeededRandom

    package init(seed: UInt64) {
        generator = SeededRandom(seed: seed)
    }

    package func words() -> (UInt64, UInt64) { (generator.next(), generator.next()) }

    package func digits(_ count: Int) -> String {
        String((0..<count).map { _ in Character(String(Int.random(in: 0...9, using: &generator))) })
    }

    package func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
