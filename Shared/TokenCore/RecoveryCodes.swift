/// The unused codes of a recovery token, as keyed digests; each verifies once.
package struct RecoveryCodes: Equatable, Sendable {
    /// Decimal digits of each code.
    package let digits: Int
    /// In the order in which they were handed over.
    package var unused: [KeyedDigest]

    /// Codes as they are stored.
    package init(digits: Int, unused: [KeyedDigest]) {
        self.digits = digits
        self.unused = unused
    }

    /// Digits of a new code: far beyond guessing with the attempts that a lock leaves (NIST SP 800-63B §3.1.2).
    package static let standardDigits = 10

    /// Codes where a command does not say how many.
    package static let standardCount = 10

    /// Makes `count` codes for a token.
    ///
    /// - Returns: what is stored, and the codes to hand over once.
    package static func make(
        count: Int,
        for token: TokenID,
        in context: DecisionContext
    ) -> (stored: RecoveryCodes, codes: [String]) {
        var codes: [String] = []
        while codes.count < count {
            let code = context.random.digits(standardDigits)
            if !codes.contains(code) { codes.append(code) }
        }
        let digests = codes.map { context.cryptography.digest(otp: $0, of: scope(token)) }
        return (RecoveryCodes(digits: standardDigits, unused: digests), codes)
    }

    /// The unused code that `otp` is, to be removed by who accepts it.
    func position(of otp: SubmittedOTP, token: TokenID, cryptography: any TokenCryptography) -> Int? {
        guard let text = otp.digits, text.utf8.count == digits else { return nil }
        return unused.firstIndex { cryptography.matches(otp: text, digest: $0, of: Self.scope(token)) }
    }

    /// Codes are bound to their token as an OTP is to its challenge; ids of both are UUIDs that never meet.
    private static func scope(_ token: TokenID) -> ChallengeID {
        ChallengeID(token.value)
    }
}
