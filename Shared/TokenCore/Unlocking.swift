extension UserRecord {
    /// `token.unlock`: ends the lock and forgets the failures that led to it.
    ///
    /// - Returns: whether there was anything to forget.
    /// - Throws: `token_not_found`, `version_conflict`.
    package mutating func unlock(
        _ tokenID: TokenID,
        ifVersion version: Int64? = nil,
        at now: Instant
    ) throws(Rejection) -> Bool {
        guard var token = self[tokenID] else { throw Rejection(.tokenNotFound) }
        try token.requireVersion(version)
        guard token.lockout != Lockout() else { return false }
        token.change { token in
            token.lockout.clear()
            token.times.updatedAt = now
        }
        self[tokenID] = token
        return true
    }

    /// `user.unlock`: the same for the user; a user who has no count gets none. Tokens keep their locks.
    package mutating func unlock() -> Bool {
        guard let before = lockout, before != Lockout() else { return false }
        lockout = Lockout()
        return true
    }
}
