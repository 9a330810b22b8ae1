/// A value to judge, and what it is said to be for.
package struct VerificationAttempt: Sendable {
    /// What was typed.
    package let otp: SubmittedOTP
    /// What it is to be good for.
    package let purpose: Purpose
    /// The token that alone may accept it.
    package let tokenID: TokenID?
    /// The challenge that alone may accept it.
    package let challengeID: ChallengeID?
    /// The approval's context in RFC 8785 form.
    package let context: [UInt8]?

    /// An attempt; what is nil is not named.
    package init(
        otp: SubmittedOTP,
        purpose: Purpose,
        tokenID: TokenID? = nil,
        challengeID: ChallengeID? = nil,
        context: [UInt8]? = nil
    ) {
        self.otp = otp
        self.purpose = purpose
        self.tokenID = tokenID
        self.challengeID = challengeID
        self.context = context
    }
}

/// A value was accepted, and will not be again.
package struct Verification: Equatable, Sendable {
    /// The token that it is credited to.
    package let tokenID: TokenID
    /// The name of the token's type.
    package let tokenType: String
    /// What the value was for.
    package let purpose: Purpose
    /// The instant of the command.
    package let verifiedAt: Instant
    /// The reference of the approval that the challenge was bound to.
    package let boundTo: String?
    /// The token was PENDING.
    package let isActivation: Bool
    /// The token's address was replaced by the one that was proved (`contact-change`).
    package let isContactChange: Bool
}

/// The answer to a command that counts failures, and the locks that began with it.
package struct CountedOutcome<Success: Sendable>: Sendable {
    /// The answer.
    package let result: Result<Success, Rejection>
    /// The token that was named, or that the value is credited to.
    package let tokenID: TokenID?
    /// The tokens that this failure locked: the one that was named, or those whose challenges were guessed at too often.
    package let lockedTokens: [TokenID]
    /// Whether this failure locked the user.
    package let isUserLocked: Bool

    init(_ success: Success, tokenID: TokenID) {
        self.result = .success(success)
        self.tokenID = tokenID
        self.lockedTokens = []
        self.isUserLocked = false
    }

    init(_ rejection: Rejection, tokenID: TokenID?, counted: CountedFailure? = nil) {
        self.result = .failure(rejection)
        self.tokenID = tokenID
        self.lockedTokens = counted?.lockedTokens ?? []
        self.isUserLocked = counted?.isUserLocked ?? false
    }
}
