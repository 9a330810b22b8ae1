/// A refusal: an answer, not an error of the system. What it counted or locked is committed with it.
package struct Rejection: Error, Equatable, Sendable {
    package let code: Code
    package var details: Details

    package init(_ code: Code, _ details: Details = Details()) {
        self.code = code
        self.details = details
    }

    /// `malformed`, naming the field: a JSON pointer into the data, a header, or `key`.
    package static func malformed(field: String) -> Rejection {
        Rejection(.malformed, Details(field: field))
    }

    /// The members of `details`; an absent one is not written.
    package struct Details: Equatable, Sendable {
        package var attemptsLeft: Int?
        package var field: String?
        package var limit: String?
        package var lockedUntil: Instant?
        package var maximum: Int?
        package var minimum: Int?
        package var retryAfter: Int64?
        package var status: TokenStatus?
        package var version: Int64?

        package init(
            attemptsLeft: Int? = nil,
            field: String? = nil,
            limit: String? = nil,
            lockedUntil: Instant? = nil,
            maximum: Int? = nil,
            minimum: Int? = nil,
            retryAfter: Int64? = nil,
            status: TokenStatus? = nil,
            version: Int64? = nil
        ) {
            self.attemptsLeft = attemptsLeft
            self.field = field
            self.limit = limit
            self.lockedUntil = lockedUntil
            self.maximum = maximum
            self.minimum = minimum
            self.retryAfter = retryAfter
            self.status = status
            self.version = version
        }
    }
}
