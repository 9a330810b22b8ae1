import TestSupport
import TokenCore

/// A HOTP or TOTP device, and how far its values are spent: counters and steps never go back.
struct ModelDevice {
    let seed: [UInt8]
    let isHOTP: Bool
    var algorithm: HashAlgorithm
    var digits: Int
    var period: Int
    /// The lowest counter or step that is not spent.
    var next: Int64 = 0
    var drift = 0
    /// Whether `next` follows an accepted value, not an imported position.
    var hasAccepted = false

    /// What the device shows.
    func shown(_ factor: Int64) -> String {
        let device = HMACDevice(seed: seed, algorithm: algorithm)
        let modulus: UInt32 = digits == 6 ? 1_000_000 : digits == 7 ? 10_000_000 : 100_000_000
        let value = device.truncatedMAC(movingFactor: UInt64(max(0, factor))) % modulus
        return String(String(modulus + value).dropFirst())
    }

    func step(_ now: Instant) -> Int64 { now.seconds / Int64(period) }

    /// Where the person with the device is: the next counter, or the present step by the device's clock.
    func position(_ now: Instant) -> Int64 { isHOTP ? next : step(now) + Int64(drift) }

    enum Found: Equatable {
        case fits(Int64)
        case replayed
        /// At an imported position: the value before it was spent elsewhere, or never shown.
        case replayedPerhaps
        case wrong
    }

    /// `otp.verify`: lookAhead n is the expected counter and n after it; window n is n steps either side of now plus
    /// drift.
    func find(_ value: String, _ rules: TypePolicy.OTPRules, _ now: Instant) -> Found {
        guard value.utf8.count == digits else { return .wrong }
        if isHOTP {
            if next > 0, shown(next - 1) == value { return hasAccepted ? .replayed : .replayedPerhaps }
            let fit = (next...next + Int64(rules.lookAhead)).first { shown($0) == value }
            return fit.map { .fits($0) } ?? .wrong
        }
        let center = position(now)
        let fits = (center - Int64(rules.window)...center + Int64(rules.window)).filter { shown($0) == value }
        if fits.contains(where: { $0 < next }) { return .replayed }
        return fits.first.map { .fits($0) } ?? .wrong
    }

    enum FoundPair: Equatable {
        case fits(second: Int64)
        case swapped
        case replayed
        case wrong
    }

    /// `token.reset`: resetWindow n is counters up to n ahead, or steps up to n either side of now, above the last
    /// accepted.
    func find(_ first: String, _ second: String, window: Int, _ now: Instant) -> FoundPair {
        let low = isHOTP ? next : step(now) - Int64(window)
        let high = isHOTP ? next + Int64(window) : step(now) + Int64(window)
        func pair(_ factor: Int64) -> (String, String) { (shown(factor), shown(factor + 1)) }
        let open = max(low, next)
        if open <= high, let fit = (open...high).first(where: { pair($0) == (first, second) }) {
            return .fits(second: fit + 1)
        }
        // Values that were spent already: for HOTP the last accepted counter and the one before it.
        let past = isHOTP ? max(0, next - 2)..<next : low..<max(low, min(next, high + 1))
        if past.contains(where: { pair($0) == (first, second) }) { return .replayed }
        let isSwapped = open <= high && (open...high).contains { pair($0) == (second, first) }
        return isSwapped ? .swapped : .wrong
    }

    mutating func accept(_ factor: Int64, _ now: Instant) {
        next = factor + 1
        hasAccepted = true
        if !isHOTP { drift = Int(factor - step(now)) }
    }
}
