package import TokenCore

/// `token.import`: devices of a vendor's delivery, for the stock or for users.
///
/// A field that is missing or ill-typed refuses the command; a value that no device has refuses its entry alone.
package struct ImportTokens: CommandContent {
    /// Entries of one command.
    package static let maximumCount = 1_000

    /// Name of a hardware type.
    package var tokenType: String
    /// In the order of the command.
    package var tokens: [Entry]

    package struct Entry: Sendable, Equatable {
        /// 1 to 255 characters.
        package var serial: String
        /// Base32 or a ciphertext.
        package var secret: SensitiveText
        package var counter: Int64?
        package var drift: Int64?
        package var digits: Int64?
        package var period: Int64?
        package var algorithm: String?
        package var manufacturer: String?
        package var model: String?
        package var batch: String?
        package var expiresAt: Instant?
        package var userId: String?
        package var status: String?

        init(_ fields: FieldReader) throws(FieldError) {
            serial = try fields.text("serial")
            guard !serial.isEmpty else { throw fields.error("serial") }
            secret = SensitiveText(try fields.string("secret"))
            counter = try fields.optionalInteger("counter")
            drift = try fields.optionalInteger("drift")
            digits = try fields.optionalInteger("digits")
            period = try fields.optionalInteger("period")
            algorithm = try fields.optionalString("algorithm")
            manufacturer = try fields.optionalText("manufacturer")
            model = try fields.optionalText("model")
            batch = try fields.optionalText("batch")
            expiresAt = try fields.optionalInstant("expiresAt")
            userId = try fields.optionalString("userId")
            status = try fields.optionalString("status")
        }
    }

    package init(_ fields: FieldReader) throws(FieldError) {
        tokenType = try fields.string("tokenType")
        tokens = []
        for entry in try fields.objects("tokens") {
            tokens.append(try Entry(entry))
            // The rest is not looked at: too many are refused.
            if tokens.count > Self.maximumCount { return }
        }
    }
}
