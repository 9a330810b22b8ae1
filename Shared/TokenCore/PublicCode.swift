extension Rejection.Code {
    /// All that may be shown to the person who typed the value, for a rejection of `otp.verify` or `token.reset`:
    /// the precise code would tell an attacker which users, tokens and challenges there are.
    ///
    /// Nil for codes that say nothing about the value, such as `malformed`.
    package var publicCode: Rejection.Code? {
        switch self {
        case .locked:
            .locked
        case .otpMismatch, .otpReplayed, .otpWrongOrder, .challengeNotFound, .challengeExpired, .challengeUsed,
            .challengeSuperseded, .challengeVoid, .challengeExhausted, .purposeMismatch, .contextMismatch,
            .bindingRequired, .noActiveToken, .wrongStatus, .notResettable, .tokenNotFound:
            .otpMismatch
        default:
            nil
        }
    }
}
