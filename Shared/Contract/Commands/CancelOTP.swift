package import TokenCore

/// `otp.cancel`: a challenge is given up.
package struct CancelOTP: CommandContent {
    package var challengeId: UUIDValue

    package init(_ fields: FieldReader) throws(FieldError) {
        challengeId = try fields.uuid("challengeId")
    }
}
