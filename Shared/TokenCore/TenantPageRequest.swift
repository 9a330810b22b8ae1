/// Which of a tenant's tokens a listing looks at, in the order of their ids.
package struct TenantPageRequest: Equatable, Sendable {
    package var after: TokenID?
    /// Tokens at most.
    package var limit: Int
    package var status: TokenStatus?
    package var tokenType: String?
    package var serialPrefix: String?
    package var expiresBefore: Instant?

    package init(
        after: TokenID?,
        limit: Int,
        status: TokenStatus? = nil,
        tokenType: String? = nil,
        serialPrefix: String? = nil,
        expiresBefore: Instant? = nil
    ) {
        self.after = after
        self.limit = limit
        self.status = status
        self.tokenType = tokenType
        self.serialPrefix = serialPrefix
        self.expiresBefore = expiresBefore
    }
}
