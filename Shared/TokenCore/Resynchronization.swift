/// The search for two consecutive values in a large window (RFC 4226 §7.4, RFC 6238 §6): `token.reset`.
package enum Resynchronization {
    /// What a search for two values found.
    package enum Match: Equatable, Sendable {
        /// The counter or step of the second value.
        case accepted(second: Int64)
        /// The values are consecutive, the other way round.
        case wrongOrder
        /// They are consecutive, and at least the first was accepted before or is older than one that was.
        case replayed
        case none
    }

    /// Looks for `first` followed by `second`.
    ///
    /// HOTP: `first` is a counter from the expected one to `window` after it. TOTP: a step up to `window` on either
    /// side of now, above the last accepted one.
    package static func search(
        _ first: SubmittedOTP,
        _ second: SubmittedOTP,
        on device: any OATHDevice,
        _ state: OATHState,
        kind: TokenKind,
        window: Int,
        at now: Instant
    ) -> Match {
        guard let earlier = first.number(digits: state.digits), let later = second.number(digits: state.digits) else {
            return .none
        }
        let (lowest, highest) = range(state, kind: kind, window: Int64(window), at: now)
        guard lowest <= highest else { return .none }
        var match = Match.none
        var value = HOTP.value(of: device, at: lowest, digits: state.digits)
        for factor in lowest...highest {
            let next = HOTP.value(of: device, at: factor + 1, digits: state.digits)
            defer { value = next }
            if value == earlier, next == later {
                if factor >= state.movingFactor { return .accepted(second: factor + 1) }
                match = .replayed
            } else if value == later, next == earlier, match == .none, factor >= state.movingFactor {
                match = .wrongOrder
            }
        }
        return match
    }

    /// The factors that `first` may have, and those just below that tell a replay.
    private static func range(
        _ state: OATHState,
        kind: TokenKind,
        window: Int64,
        at now: Instant
    ) -> (Int64, Int64) {
        if kind == .hotp { return (max(0, state.movingFactor - 2), state.movingFactor + window) }
        let step = TOTP.step(at: now, period: state.period)
        return (max(0, step - window), step + window)
    }
}
