extension UserRecord {
    /// `otp.cancel`: an open challenge verifies no more; for one that has ended otherwise there is nothing to do.
    ///
    /// - Throws: `challenge_not_found`, `challenge_used`.
    package mutating func cancel(_ id: ChallengeID) throws(Rejection) {
        guard var challenge = self[id] else { throw Rejection(.challengeNotFound) }
        switch challenge.state {
        case .used: throw Rejection(.challengeUsed)
        case .open:
            challenge.state = .void
            self[id] = challenge
        case .superseded, .void, .exhausted: break
        }
    }
}

extension WorkingSet {
    /// `otp.status`: how a challenge stands, and how far the message with its latest value got.
    ///
    /// - Throws: `challenge_not_found`.
    package func status(
        of id: ChallengeID,
        in context: DecisionContext
    ) throws(Rejection) -> (state: ChallengeState, delivery: DeliveryState) {
        guard let record = users[context.user], let challenge = record[id] else {
            throw Rejection(.challengeNotFound)
        }
        let delivery = deliveries[challenge.otp.notificationID] ?? .queued
        return (record.state(of: challenge, in: context), delivery)
    }
}
