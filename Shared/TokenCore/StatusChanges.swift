/// What enable, disable and delete did.
package struct StatusChange: Sendable, Equatable {
    /// The token as it is now; after a delete as it was last, with status DELETED.
    package let token: Token
    /// The command found nothing to do.
    package let isUnchanged: Bool
    /// `activeTokensLeft`: ACTIVE tokens after the change, recovery codes not counted.
    package let activeTokensLeft: Int
}

extension UserRecord {
    /// DISABLED → ACTIVE.
    ///
    /// - Throws: `token_not_found`, `version_conflict`, `wrong_status`, `malformed`.
    package mutating func enable(
        _ id: TokenID,
        ifVersion: Int64? = nil,
        reason: String? = nil,
        _ context: DecisionContext
    ) throws(Rejection) -> StatusChange {
        try change(.enable, id, ifVersion, reason, context) { token in
            token.status = .active
            token.statusReason = reason
        }
    }

    /// ACTIVE → DISABLED; open challenges of the token are void.
    ///
    /// - Throws: `token_not_found`, `version_conflict`, `wrong_status`, `last_active_token`, `malformed`.
    package mutating func disable(
        _ id: TokenID,
        ifVersion: Int64? = nil,
        reason: String? = nil,
        _ context: DecisionContext
    ) throws(Rejection) -> StatusChange {
        let change = try change(.disable, id, ifVersion, reason, context) { token in
            token.status = .disabled
            token.statusReason = reason
        }
        if !change.isUnchanged { voidChallenges(of: id) }
        return change
    }

    /// Takes the token out of the record: the store keeps a tombstone without secret or contact data. Open challenges
    /// of the token are void.
    ///
    /// - Throws: `token_not_found`, `version_conflict`, `last_active_token`, `malformed`.
    package mutating func delete(
        _ id: TokenID,
        ifVersion: Int64? = nil,
        reason: String? = nil,
        _ context: DecisionContext
    ) throws(Rejection) -> StatusChange {
        let change = try change(.delete, id, ifVersion, reason, context) { token in
            token.status = .deleted
            token.statusReason = reason
        }
        voidChallenges(of: id)
        self[id] = nil
        return change
    }

    private mutating func change(
        _ command: StatusTable.Command,
        _ id: TokenID,
        _ ifVersion: Int64?,
        _ reason: String?,
        _ context: DecisionContext,
        _ edit: (inout Token) -> Void
    ) throws(Rejection) -> StatusChange {
        try TextRules.check(reason, field: "/reason")
        var token = try token(id, ifVersion: ifVersion)
        let isUnchanged = try admit(command, to: token, context) == .unchanged
        if !isUnchanged {
            edit(&token)
            token.touch(at: context.now)
            self[id] = token
        }
        return StatusChange(
            token: token,
            isUnchanged: isUnchanged,
            activeTokensLeft: activeTokenCount(context)
        )
    }
}
