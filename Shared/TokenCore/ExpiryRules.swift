/// What time does to a user's tokens: the expiry scanner's decisions.
package struct ExpiryChanges: Equatable, Sendable {
    /// A token that became OBSOLETE, as it is now.
    package struct Obsoleted: Equatable, Sendable {
        package let token: Token
        package let reason: ObsolescenceReason
    }

    /// A token whose end comes near.
    package struct Expiring: Equatable, Sendable {
        package let token: Token
        /// The policy's mark (`expiryNotices`) that is due: it is not told again.
        package let mark: Int
        /// Whole days to the end, rounded up.
        package let daysLeft: Int
    }

    package var obsoleted: [Obsoleted] = []
    /// Devices that nobody activated in time, in the stock as they are now.
    package var returned: [Token] = []
    package var expiring: [Expiring] = []

    package init() {}
}

extension WorkingSet {
    /// What time does to the record of a user, or to what is loaded of a stock: out of date is OBSOLETE, and a device
    /// that was not activated in time goes back into the stock.
    ///
    /// - Parameter told: by token, the marks told already for its present `expiresAt`.
    package mutating func expire(
        _ holder: UserKey,
        at now: Instant,
        catalogue: TypeCatalogue,
        told: [TokenID: Set<Int>] = [:]
    ) -> ExpiryChanges {
        var changes = self[holder].expire(at: now, catalogue: catalogue, told: told)
        for var device in self[holder].tokens where device.isLapsed(at: now) {
            device.returnToStock(reason: ObsolescenceReason.notActivated.rawValue, at: now)
            place(device, with: .stock(of: holder.tenant), from: holder)
            changes.returned.append(device)
        }
        return changes
    }
}

extension UserRecord {
    /// Makes OBSOLETE, with their open challenges void, what is out of date at `now`, and tells which notices are due.
    ///
    /// - Parameter told: by token, the marks told already for its present `expiresAt`.
    package mutating func expire(
        at now: Instant,
        catalogue: TypeCatalogue,
        told: [TokenID: Set<Int>] = [:]
    ) -> ExpiryChanges {
        var changes = ExpiryChanges()
        for index in tokens.indices {
            if let reason = tokens[index].obsolescence(in: catalogue, at: now) {
                tokens[index].makeObsolete(reason)
                voidChallenges(of: tokens[index].id)
                changes.obsoleted.append(.init(token: tokens[index], reason: reason))
                continue
            }
            let token = tokens[index]
            let marks = catalogue.policy(of: token).life.expiryNotices
            if let due = token.dueNotice(at: now, marks: marks, told: told[token.id] ?? []) {
                changes.expiring.append(.init(token: token, mark: due.mark, daysLeft: due.daysLeft))
            }
        }
        return changes
    }
}

extension Token {
    /// The nearest mark that the token is inside of, where it was not told yet; those further off are passed over.
    package func dueNotice(at now: Instant, marks: [Int], told: Set<Int>) -> (mark: Int, daysLeft: Int)? {
        guard isLiving, let end = times.expiresAt, now < end else { return nil }
        let daysLeft = Int((now.secondsUntil(end) + 86_399) / 86_400)
        guard let mark = marks.filter({ daysLeft <= $0 }).min(), !told.contains(where: { $0 <= mark }) else {
            return nil
        }
        return (mark, daysLeft)
    }
}

extension Token {
    /// When time next changes something about the token: an end, or a notice of one; nil: never.
    package func nextScan(after now: Instant, policy: TypePolicy) -> Instant? {
        guard isLiving || status == .unassigned else { return nil }
        var instants = [times.expiresAt]
        if status == .pending { instants.append(times.activateBefore) }
        if let end = times.expiresAt, isLiving {
            instants += policy.life.expiryNotices.map { end.adding(seconds: -86_400 * Int64($0)) }
        }
        return instants.compactMap(\.self).filter { now < $0 }.min()
    }
}
