/// Where a token stands in its life (contract section 7). A lock is no status.
package enum TokenStatus: String, Sendable, CaseIterable {
    case pending = "PENDING"
    case active = "ACTIVE"
    case disabled = "DISABLED"
    case obsolete = "OBSOLETE"
    case compromised = "COMPROMISED"
    case unassigned = "UNASSIGNED"
    case deleted = "DELETED"
}

/// Why a token became OBSOLETE: the closed set of `token.obsoleted`.
package enum ObsolescenceReason: String, Sendable, CaseIterable {
    case expired
    case typeRetired = "type_retired"
    case contactRemoved = "contact_removed"
    case notActivated = "not_activated"
}

/// What an operator's page may offer for a token: the closed set of `actions`.
package enum TokenAction: String, Sendable, CaseIterable {
    case edit
    case test
    case disable
    case enable
    case delete
    case reset
    case unassign
    case compromise
    case unlock
    case provision
}
