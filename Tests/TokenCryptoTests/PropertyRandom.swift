import Foundation

/// A reproducible generator (SplitMix64) for property tests.
///
/// It prints its seed; `USER_TOKENS_SEED=<seed>` runs a failure again.
struct PropertyRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ test: String = #function) {
        let asked = ProcessInfo.processInfo.environment["USER_TOKENS_SEED"].flatMap { UInt64($0) }
        let seed = asked ?? .random(in: 0 ... .max)
        state = seed
        print("\(test): seed \(seed)")
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0 ... .max, using: &self) }
    }

    /// `bytes` after one to four random changes: a bit, a byte put in, some taken out, a piece repeated.
    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &self)
            let end = min(bytes.count, place + Int.random(in: 1...20, using: &self))
            switch Int.random(in: 0..<4, using: &self) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 1: bytes.insert(.random(in: 0 ... .max, using: &self), at: place)
            case 2: bytes.removeSubrange(place..<end)
            default: bytes.insert(contentsOf: bytes[place..<end], at: place)
            }
        }
        return bytes
    }
}
