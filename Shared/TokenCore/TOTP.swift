/// Time-based values (RFC 6238): HOTP over the number of steps since 1970.
package enum TOTP {
    /// The step that contains the instant: `T` of RFC 6238 §4.2, with T0 = 0.
    package static func step(at now: Instant, period: Int) -> Int64 {
        let seconds = now.seconds
        let length = Int64(period)
        return seconds >= 0 ? seconds / length : (seconds - length + 1) / length
    }

    /// Looks for a value in the `window` steps on either side of now plus the device's drift (RFC 6238 §5.2, §6).
    ///
    /// A step below the moving factor is never accepted again. All steps are computed, whatever the value, and those
    /// already passed are looked at first: a value accepted once is not accepted again, even where two steps happen to
    /// give the same.
    package static func search(
        _ otp: SubmittedOTP,
        on device: any OATHDevice,
        _ state: OATHState,
        window: Int,
        at now: Instant
    ) -> OATHMatch {
        guard let number = otp.number(digits: state.digits) else { return .none }
        let center = step(at: now, period: state.period) + Int64(state.drift)
        var match = OATHMatch.none
        for step in max(0, center - Int64(window))...max(0, center + Int64(window))
        where HOTP.value(of: device, at: step, digits: state.digits) == number {
            if step < state.movingFactor {
                match = .replayed
            } else if match == .none {
                match = .accepted(at: step)
            }
        }
        return match
    }
}
