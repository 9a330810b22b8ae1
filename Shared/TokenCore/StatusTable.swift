/// Which command a token takes in which status: the table of contract section 7, as data.
package enum StatusTable {
    /// What is asked of a token, as far as its status decides about it.
    package enum Command: Sendable, CaseIterable {
        case view
        case list
        case delete
        case edit
        case enable
        case disable
        /// An OTP with purpose `enrollment`, requested or verified.
        case activate
        /// An OTP with any other purpose, requested or verified.
        case use
        case reset
        case unassign
        case compromise
        case provision
        case unlock
    }

    package enum Admission: Equatable, Sendable {
        case allowed
        /// The token already is what the command would make of it: `ok`, and nothing changes.
        case unchanged
        case refused(Rejection.Code)
    }

    /// The table's cell. DELETED tokens take nothing: for every command they are not there.
    package static func admission(_ command: Command, _ status: TokenStatus) -> Admission {
        let row = row(of: command)
        switch status {
        case .pending: return row.pending
        case .active: return row.active
        case .disabled: return row.disabled
        case .obsolete: return row.obsolete
        case .compromised: return row.compromised
        case .unassigned: return row.unassigned
        case .deleted: return .refused(.tokenNotFound)
        }
    }

    private struct Row {
        let pending: Admission
        let active: Admission
        let disabled: Admission
        let obsolete: Admission
        let compromised: Admission
        let unassigned: Admission

        init(_ cells: (Admission, Admission, Admission, Admission, Admission, Admission)) {
            (pending, active, disabled, obsolete, compromised, unassigned) = cells
        }
    }

    private static func row(of command: Command) -> Row {
        let yes = Admission.allowed
        let same = Admission.unchanged
        let no = Admission.refused(.wrongStatus)
        let unheld = Admission.refused(.notAssigned)
        return switch command {
        //                           PENDING  ACTIVE  DISABLED  OBSOLETE  COMPROMISED  UNASSIGNED
        case .view, .list: Row((yes, yes, yes, yes, yes, yes))
        case .delete: Row((yes, yes, yes, yes, yes, yes))
        case .edit: Row((yes, yes, yes, no, no, no))
        case .enable: Row((no, same, yes, no, no, no))
        case .disable: Row((no, yes, same, no, no, no))
        case .activate: Row((yes, no, no, no, no, no))
        case .use: Row((no, yes, no, no, no, no))
        case .reset: Row((yes, yes, yes, no, no, no))
        case .unassign: Row((yes, yes, yes, no, no, unheld))
        case .compromise: Row((yes, yes, yes, yes, same, yes))
        case .provision: Row((yes, no, no, no, no, no))
        case .unlock: Row((yes, yes, yes, no, no, no))
        }
    }
}
