package import TokenCore

/// `otp.request`: an OTP is made and sent.
package struct RequestOTP: CommandContent {
    /// The user's only deliverable token where absent.
    package var tokenId: UUIDValue?
    /// What the OTP will be good for.
    package var purpose: PurposeName
    /// What is approved; needed by `approval` only.
    package var context: ApprovalContext?
    /// Language of the message; the directory's where absent.
    package var locale: String?

    package init(_ fields: FieldReader) throws(FieldError) {
        tokenId = try fields.optionalUUID("tokenId")
        purpose = try fields.stringEnum("purpose")
        context = try fields.approvalContext()
        locale = try fields.optionalLocale("locale")
    }
}
