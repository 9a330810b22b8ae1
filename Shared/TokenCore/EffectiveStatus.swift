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
            return isOverdue(at: now) && !type.isHardware ? .notActivated : nil
        }
    }

    /// The status that holds at `now`: the stored one, or from the instant of an end on what it leads to (contract
    /// section 5, "Time"): OBSOLETE, or UNASSIGNED for a device that was never activated.
    package func effectiveStatus(in catalogue: TypeCatalogue, at now: Instant) -> TokenStatus {
        if obsolescence(in: catalogue, at: now) != nil { return .obsolete }
        return isLapsed(at: now) ? .unassigned : status
    }

    /// PENDING hardware whose first OTP did not come in time: it goes back to the stock, also before the expiry scanner
    /// puts it there.
    package func isLapsed(at now: Instant) -> Bool { type.isHardware && isOverdue(at: now) }

    private func isOverdue(at now: Instant) -> Bool {
        status == .pending && times.activateBefore.map { $0 <= now } ?? false
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
