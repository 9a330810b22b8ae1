extension Token {
    /// Why the token is out of date at `now`, whether or not the expiry scanner has come by; nil where it is not.
    ///
    /// COMPROMISED and DELETED are final and never become OBSOLETE.
    package func obsolescence(in catalogue: TypeCatalogue, at now: Instant) -> ObsolescenceReason? {
        switch status {
        case .obsolete, .compromised, .deleted:
            return nil
        case .pending, .active, .disabled, .unassigned:
            if let end = times.expiresAt, end <= now { return .expired }
            if catalogue[type.name]?.isRetired == true { return .typeRetired }
            if status == .pending, let end = times.activateBefore, end <= now { return .notActivated }
            return nil
        }
    }

    /// The status that holds at `now`: the stored one, or OBSOLETE from the instant of an end on (contract section 5,
    /// "Time").
    package func effectiveStatus(in catalogue: TypeCatalogue, at now: Instant) -> TokenStatus {
        obsolescence(in: catalogue, at: now) == nil ? status : .obsolete
    }
}

extension TokenStatus {
    /// Whether an OTP may be requested and verified for `purpose` (contract section 7).
    package func admits(_ purpose: Purpose) -> Bool {
        switch self {
        case .pending: purpose == .enrollment
        case .active: purpose != .enrollment
        case .disabled, .obsolete, .compromised, .unassigned, .deleted: false
        }
    }
}
