package import TokenCore

/// `otp.verify`: an OTP that a person entered is judged.
package struct VerifyOTP: CommandContent {
    /// As entered, or a ciphertext.
    package var otp: SensitiveText
    /// What the OTP must have been asked for.
    package var purpose: PurposeName
    /// Judges this token only.
    package var tokenId: UUIDValue?
    /// Judges this challenge only.
    package var challengeId: UUIDValue?
    /// What must have been approved.
    package var context: ApprovalContext?

    package init(_ fields: FieldReader) throws(FieldError) {
        otp = try fields.otp("otp")
        purpose = try fields.stringEnum("purpose")
        tokenId = try fields.optionalUUID("tokenId")
        challengeId = try fields.optionalUUID("challengeId")
        context = try fields.approvalContext()
    }
}
