/// Who holds the seeds that a batch's commands bring, as the store knows it and the batch's decisions have changed it:
/// two devices that show the same values would be one factor under two names.
package struct SeedLedger: Equatable, Sendable {
    private var holders: [KeyedDigest: TokenID]

    package init(_ holders: [KeyedDigest: TokenID] = [:]) {
        self.holders = holders
    }

    /// The token that holds the seed behind one of the digests.
    package func holder(of digests: [KeyedDigest]) -> TokenID? {
        digests.lazy.compactMap { holders[$0] }.first
    }

    package mutating func take(_ digests: [KeyedDigest], for token: TokenID) {
        for digest in digests { holders[digest] = token }
    }

    /// The token is gone, or has another seed.
    package mutating func release(_ token: TokenID) {
        holders = holders.filter { $0.value != token }
    }
}
