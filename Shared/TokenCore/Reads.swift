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
