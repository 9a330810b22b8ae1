package import TokenCore

/// `otp.request`: an OTP is made and sent.
package struct RequestOTP: CommandContent {
    /// The user's only deliverable token where absent.
    package var tokenId: UUIDValue?
    package var purpose: PurposeName
    package var context: ApprovalContext?
    package var locale: String?

    package init(_ fields: FieldReader) throws(FieldError) {
        tokenId = try fields.optionalUUID("tokenId")
        purpose = try fields.stringEnum("purpose")
        context = try fields.approvalContext()
        locale = try fields.optionalLocale("locale")
    }
}
