/// Counter-based values (RFC 4226).
package enum HOTP {
    /// The value that the device shows for a counter or step, as a number: `Snum mod 10^digits` (RFC 4226 §5.3).
    ///
    /// - Parameter digits: 6-9; a 31-bit number has no more to give.
    package static func value(of device: any OATHDevice, at movingFactor: Int64, digits: Int) -> UInt32 {
        device.truncatedMAC(movingFactor: UInt64(bitPattern: movingFactor)) % modulus(digits)
    }

    /// Looks for a value among the expected counter and the `lookAhead` counters after it (RFC 4226 §7.4).
    ///
    /// The value of the last accepted counter is recognised first: a value accepted once is not accepted again, even
    /// where a later counter happens to give the same.
    package static func search(
        _ otp: SubmittedOTP,
        on device: any OATHDevice,
        _ state: OATHState,
        lookAhead: Int
    ) -> OATHMatch {
        guard let number = otp.number(digits: state.digits) else { return .none }
        let next = state.movingFactor
        if next > 0, value(of: device, at: next - 1, digits: state.digits) == number { return .replayed }
        for counter in next...max(next, next &+ Int64(lookAhead))
        where value(of: device, at: counter, digits: state.digits) == number {
            return .accepted(at: counter)
        }
        return .none
    }

    static func modulus(_ digits: Int) -> UInt32 {
        switch digits {
        case ...6: 1_000_000
        case 7: 10_000_000
        case 8: 100_000_000
        default: 1_000_000_000
        }
    }
}

/// What a search for a value found.
package enum OATHMatch: Equatable, Sendable {
    /// The counter or step whose value it is.
    case accepted(at: Int64)
    /// It was accepted before, or is older than one that was.
    case replayed
    case none
}

extension OATHState {
    /// Looks for `otp` in the token's window.
    func search(
        _ otp: SubmittedOTP,
        on device: any OATHDevice,
        kind: TokenKind,
        rules: TypePolicy.OTPRules,
        at now: Instant
    ) -> OATHMatch {
        kind == .hotp
            ? HOTP.search(otp, on: device, self, lookAhead: rules.lookAhead)
            : TOTP.search(otp, on: device, self, window: rules.window, at: now)
    }

    /// Moves past an accepted counter or step; never back.
    mutating func accept(_ factor: Int64, kind: TokenKind, at now: Instant) {
        movingFactor = max(movingFactor, factor &+ 1)
        if kind == .totp { drift = Int(factor - TOTP.step(at: now, period: period)) }
    }
}
