/// How `token.unassign` and `token.compromise` name a device.
package enum DeviceTarget: Sendable {
    /// One of the key's user, or on a `~` key one of the stock.
    case token(TokenID)
    /// On a `~` key: whoever holds it.
    case serial(String)
}

/// What unassign and compromise did.
package struct DeviceChange: Equatable, Sendable {
    /// The device as it is now.
    package let token: Token
    /// In whose record it stood before: the user's, or the stock's.
    package let former: UserKey
    /// The command found nothing to do.
    package let isUnchanged: Bool
}

extension WorkingSet {
    /// Puts a device back into the stock. Counter and drift are the device's and stay; what was the user's is forgotten.
    ///
    /// - Throws: `token_not_found`, `version_conflict`, `not_hardware`, `not_assigned`, `wrong_status`.
    package mutating func unassign(
        _ target: DeviceTarget,
        ifVersion: Int64?,
        reason: String?,
        _ context: DecisionContext
    ) throws(Rejection) -> DeviceChange {
        let found = try find(target, ifVersion, context)
        _ = try self[found.holder].admit(.unassign, to: found.token, context)
        var token = found.token
        token.returnToStock(reason: reason, at: context.now)
        place(token, with: .stock(of: token.tenant), from: found.holder)
        return DeviceChange(token: token, former: found.holder, isUnchanged: false)
    }

    /// Ends a device for good: its seed may be known to others. It stays with whoever had it.
    ///
    /// - Throws: `token_not_found`, `version_conflict`, `not_hardware`.
    package mutating func compromise(
        _ target: DeviceTarget,
        ifVersion: Int64?,
        reason: String?,
        _ context: DecisionContext
    ) throws(Rejection) -> DeviceChange {
        let found = try find(target, ifVersion, context)
        let admission = try self[found.holder].admit(.compromise, to: found.token, context)
        var token = found.token
        if admission != .unchanged {
            token.status = .compromised
            token.statusReason = reason
            token.touch(at: context.now)
            self[found.holder][token.id] = token
            self[found.holder].voidChallenges(of: token.id)
        }
        return DeviceChange(token: token, former: found.holder, isUnchanged: admission == .unchanged)
    }

    private func find(
        _ target: DeviceTarget,
        _ ifVersion: Int64?,
        _ context: DecisionContext
    ) throws(Rejection) -> FoundDevice {
        switch target {
        case .token(let id):
            let holder = context.user.holder
            return FoundDevice(token: try self[holder].token(id, ifVersion: ifVersion), holder: holder)
        case .serial(let serial):
            guard let found = device(DeviceKey(tenant: context.user.tenant, serial: serial)) else {
                throw Rejection(.tokenNotFound)
            }
            try found.token.requireVersion(ifVersion)
            return found
        }
    }
}

extension Token {
    /// Nobody's any more; nothing of the last holder remains.
    mutating func returnToStock(reason: String?, at now: Instant) {
        userID = nil
        status = .unassigned
        statusReason = reason
        description = nil
        lockout = Lockout()
        times.activatedAt = nil
        times.activateBefore = nil
        times.lastUsedAt = nil
        times.expiresAt = device.endOfLife
        touch(at: now)
    }
}
