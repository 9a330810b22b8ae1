extension WorkingSet {
    /// `otp.verify` of the context's user; a message by SMS that was verified is counted as one.
    ///
    /// - Returns: nil for a user without a record, who gets none.
    package mutating func verify(
        _ attempt: VerificationAttempt,
        in context: DecisionContext
    ) -> CountedOutcome<Verification>? {
        let sent = (users[context.user]?.challenges ?? []).filter { $0.state == .open && $0.smsPrefix != nil }
        let outcome = users[context.user]?.verify(attempt, in: context)
        for challenge in sent where users[context.user]?[challenge.id]?.state == .used {
            if let prefix = challenge.smsPrefix {
                conversions.recordVerified(context.user.tenant, prefix, begun: challenge.createdAt)
            }
        }
        return outcome
    }
}
