package import TokenCore

/// `token.list`: tokens of the key's user, or of the tenant on a tenant-wide key.
package struct ListTokens: CommandContent {
    /// The statuses that a view can have (section 7); DELETED is never shown.
    package static let statuses = ["PENDING", "ACTIVE", "DISABLED", "OBSOLETE", "COMPROMISED", "UNASSIGNED"]
    /// How many tokens a page may have.
    package static let limits: ClosedRange<Int64> = 1...500
    /// How many it has where the command does not say.
    package static let defaultLimit: Int64 = 50

    /// One of `statuses`.
    package var status: String?
    /// Name of a token type.
    package var tokenType: String?
    /// How a serial number begins.
    package var serial: String?
    /// Tokens with an end before this.
    package var expiresBefore: Instant?
    /// Within `limits`.
    package var limit: Int64
    /// As an earlier reply gave it; what is none is `invalid_cursor`.
    package var cursor: String?

    package init(_ fields: FieldReader) throws(FieldError) {
        status = try fields.optional("status") { value in
            value.stringValue.flatMap { Self.statuses.contains($0) ? $0 : nil }
        }
        tokenType = try fields.optionalString("tokenType")
        serial = try fields.optionalText("serial")
        expiresBefore = try fields.optionalInstant("expiresBefore")
        limit = try fields.optionalInteger("limit", in: Self.limits) ?? Self.defaultLimit
        cursor = try fields.optionalString("cursor")
    }
}
