package import TokenCore

/// Ids of the messages that a command gives rise to: the same again whenever the command is handled (sections 3 and 8).
package enum DerivedID {
    /// - Parameter identity: the command's key in the inbox, a digest of tenant, source and id.
    package static func reply(of identity: UUIDValue) -> String { "\(identity).r" }

    /// - Parameter index: which of the command's events, from 1.
    package static func event(_ index: Int, of identity: UUIDValue) -> String { "\(identity).e\(index)" }

    /// - Parameter index: which of the command's notifications, from 1.
    package static func notification(_ index: Int, of identity: UUIDValue) -> String { "\(identity).n\(index)" }
}
