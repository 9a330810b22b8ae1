package import TokenCore

/// `token.reset`: two consecutive OTPs, in the order in which the device showed them, find its counter or clock.
package struct ResetToken: CommandContent {
    package var tokenId: UUIDValue
    /// The earlier value.
    package var otp1: SensitiveText
    /// The later value.
    package var otp2: SensitiveText
    package var ifVersion: Int64?

    package init(_ fields: FieldReader) throws(FieldError) {
        tokenId = try fields.tokenId()
        otp1 = try fields.otp("otp1")
        otp2 = try fields.otp("otp2")
        ifVersion = try fields.ifVersion()
    }
}
