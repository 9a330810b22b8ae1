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

    /// The keys that the command may come on; on any other it is `malformed`.
    static var keys: AcceptedKeys { get }

    /// Whether the command only looks: then it leaves no audit row.
    static var isReadOnly: Bool { get }

    func decide(_ command: Command, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome

    /// What the command names beside its user.
    ///
    /// - Throws: a refusal that needs no state; it is answered in its turn.
    func needs(_ command: Command, on key: UserKey) throws(Rejection) -> Needs
}

/// Record keys by whom they stand for.
package struct AcceptedKeys: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// `tenant/userId`.
    package static let user = AcceptedKeys(rawValue: 1 << 0)
    /// `tenant/~anything`: the stock and the token types.
    package static let tenantWide = AcceptedKeys(rawValue: 1 << 1)

    func admit(_ key: UserKey) -> Bool { contains(key.isTenantWide ? .tenantWide : .user) }
}

extension CommandHandler {
    package static var reads: Reads { [] }
    package static var keys: AcceptedKeys { .user }
    package static var isReadOnly: Bool { false }
    package func needs(_ command: Command, on key: UserKey) throws(Rejection) -> Needs { Needs() }
}

/// What the directory says of a user: decided like a command, but nobody is answered.
package protocol DirectoryHandler: Sendable {
    /// - Parameter record: nil for a tombstone.
    func decide(_ record: DirectoryRecord?, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome
}
