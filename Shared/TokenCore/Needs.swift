/// What a command names beside the user of its key: locked and loaded before it is decided.
package struct Needs: Equatable, Sendable {
    /// Others whose tokens it may change.
    package var users: Set<UserKey> = []
    /// Devices by serial number, in the stock or in a user's hands.
    package var serials: Set<String> = []
    /// Devices of the stock by id; those that a user holds are not meant.
    package var stocked: Set<TokenID> = []
    /// Seeds that it brings, whose holders are asked for.
    package var seeds: [SubmittedSeed] = []
    /// The tenant's token types, to be changed.
    package var changesTypes = false
    /// A page of the tenant's tokens.
    package var page: TenantPageRequest?

    package init() {}
}

/// A seed as a command brought it, sealed or in Base32.
package struct SubmittedSeed: Equatable, Sendable {
    package let text: String
    package let owner: SecretOwner

    package init(_ text: String, owner: SecretOwner) {
        self.text = text
        self.owner = owner
    }
}

extension SubmittedSeed: CustomStringConvertible, CustomReflectable {
    package var description: String { "‹redacted›" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
