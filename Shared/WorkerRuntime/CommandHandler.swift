package import Contract
package import TokenCore

/// One command type: reads its data, decides. The runtime does all the rest.
///
/// A decision is a pure function: no I/O, no clock, no randomness of its own. It changes `state` only by what has to
/// be committed; a rejection is an answer and is committed too.
package protocol CommandHandler<Command>: Sendable {
    associatedtype Command: CommandContent

    /// What has to be loaded beside the record of the command's user.
    static var reads: Reads { get }

    /// Whether the command may come on a key that begins with `~`.
    static var acceptsTenantKey: Bool { get }

    /// Whether the command only looks: then it leaves no audit row.
    static var isReadOnly: Bool { get }

    func decide(_ command: Command, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome

    /// The page of the tenant's tokens that a command on a `~` key looks at; nil for any other command.
    func tenantPage(_ command: Command) throws(Rejection) -> TenantPageRequest?
}

extension CommandHandler {
    package static var reads: Reads { [] }
    package static var acceptsTenantKey: Bool { false }
    package static var isReadOnly: Bool { false }
    package func tenantPage(_ command: Command) throws(Rejection) -> TenantPageRequest? { nil }
}

/// What the directory says of a user: decided like a command, but nobody is answered.
package protocol DirectoryHandler: Sendable {
    /// - Parameter record: nil for a tombstone.
    func decide(_ record: DirectoryRecord?, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome
}
