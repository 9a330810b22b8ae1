import TokenCore
import TokenCrypto

/// Random values from the system's CSPRNG; words are drawn for many ids at a time.
package final class SystemRandomSource: RandomSource {
    private var ahead: [UInt64] = []
    private static let wordsAhead = 256

    package init() {}

    package func words() -> (UInt64, UInt64) {
        if ahead.count < 2 { ahead = SecureRandom.words(Self.wordsAhead) }
        return (ahead.removeLast(), ahead.removeLast())
    }

    package func digits(_ count: Int) -> String { SecureRandom.digits(count) }

    package func bytes(_ count: Int) -> [UInt8] { SecureRandom.bytes(count) }
}
