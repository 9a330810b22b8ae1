/// Why nothing is taken from a file. The description is one line, and safe to print: no value of the file is in it.
package struct UnreadableFile: Error, Sendable, Equatable, CustomStringConvertible {
    /// The closed set of reasons.
    package enum Reason: String, Sendable, CaseIterable {
        /// Of none of the forms that are read.
        case unrecognized
        /// Longer, deeper or of more parts than any such file is.
        case tooLarge
        /// A text in no encoding that is read.
        case encoding
        /// Not well-formed XML or JSON.
        case syntax
        /// A document type declaration.
        case documentType
        /// A reference to an entity.
        case entity
        /// Known, but sealed in a way that is not read.
        case unsupported
        /// Sealed, and no key or password was given.
        case missingKey
        /// Sealed with another key or password, or changed since.
        case wrongKey
        /// Sealed without the MACs that would tell a change.
        case missingMAC
        /// Whole, and without a token.
        case empty
    }

    package let reason: Reason
    package let description: String

    init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
