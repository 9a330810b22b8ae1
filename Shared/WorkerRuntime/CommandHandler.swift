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

    func decide(_ command: Command, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome
}

extension CommandHandler {
    package static var reads: Reads { [] }
}

/// What a decision reads beside the user's lock, tokens and open challenges.
package struct Reads: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The user's entry of the directory.
    package static let contact = Reads(rawValue: 1 << 0)
    /// When messages were sent to the user and to the addresses of the user's tokens.
    package static let sends = Reads(rawValue: 1 << 1)
    /// How far the messages of the user's challenges got.
    package static let deliveries = Reads(rawValue: 1 << 2)
}
