package import Contract
package import TokenCore

/// One command type: reads its data, decides. The runtime does all the rest.
///
/// A decision is a pure function: no I/O, no clock, no randomness of its own. It changes `state` only by what has to
/// be committed; a rejection is an answer and is committed too.
package protocol CommandHandler<Command>: Sendable {
    associatedtype Command: CommandData

    /// What has to be loaded beside the record of the command's user.
    static var reads: Reads { get }

    func decide(_ command: Command, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome
}

extension CommandHandler {
    package static var reads: Reads { [] }
}
