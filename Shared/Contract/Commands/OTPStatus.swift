package import TokenCore

/// `otp.status`: how a challenge and its message stand.
package struct OTPStatus: CommandContent {
    package var challengeId: UUIDValue

    package init(_ fields: FieldReader) throws(FieldError) {
        challengeId = try fields.uuid("challengeId")
    }
}
