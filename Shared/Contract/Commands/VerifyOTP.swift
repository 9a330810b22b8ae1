package import TokenCore

/// `otp.verify`: an OTP that a person entered is judged.
package struct VerifyOTP: CommandContent {
    package var otp: SensitiveText
    package var purpose: PurposeName
    package var tokenId: UUIDValue?
    package var challengeId: UUIDValue?
    package var context: ApprovalContext?

    package init(_ fields: FieldReader) throws(FieldError) {
        otp = try fields.otp("otp")
        purpose = try fields.stringEnum("purpose")
        tokenId = try fields.optionalUUID("tokenId")
        challengeId = try fields.optionalUUID("challengeId")
        context = try fields.approvalContext()
    }
}
