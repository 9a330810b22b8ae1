import Postgres
package import TokenCore

/// All that a batch commits.
package struct BatchResult: Sendable {
    /// The state as it was loaded and as the decisions left it; what differs is written.
    package var before: WorkingSet
    package var after: WorkingSet
    /// The lanes as they shall be; the audit heads are moved while writing.
    package var lanes: [LaneID: LaneRow]
    package var inbox: [InboxRow]
    package var audit: [(lane: LaneID, entry: AuditEntry)]
    package var instant: Instant
    /// The scanner's: notices that were given, and when to look at tokens next.
    package var marks: [ExpiryMark] = []
    package var scans: [(token: TokenID, next: Instant?)] = []

    package init(
        before: WorkingSet,
        after: WorkingSet,
        lanes: [LaneID: LaneRow],
        inbox: [InboxRow],
        audit: [(lane: LaneID, entry: AuditEntry)],
        instant: Instant
    ) {
        self.before = before
        self.after = after
        self.lanes = lanes
        self.inbox = inbox
        self.audit = audit
        self.instant = instant
    }
}

/// Steps 10 and 11 of a batch (write, COMMIT) as one pipelined round trip: the difference between the state that was
/// loaded and the state that the decisions left.
struct BatchWrite {
    private(set) var steps: [PipelineStep] = []

    init(_ result: BatchResult) {
        addStateChanges(from: result.before, to: result.after)
        if !result.after.conversions.added.isEmpty, let lane = result.lanes.keys.min() {
            steps.append(ConversionQueries.addition(result.after.conversions.added, lane: lane))
        }
        if !result.marks.isEmpty { steps.append(ScanQueries.addition(result.marks)) }
        if !result.scans.isEmpty { steps.append(ScanQueries.rescheduling(result.scans)) }
        if !result.inbox.isEmpty { steps.append(InboxQueries.insertion(result.inbox, at: result.instant)) }
        var lanes = result.lanes
        if !result.audit.isEmpty { steps.append(AuditTrail.insertion(result.audit, heads: &lanes)) }
        steps.append(LaneQueries.advancing(lanes.values.sorted { $0.id < $1.id }))
        steps.append(PipelineStep(.commit))
    }

    private mutating func addStateChanges(from before: WorkingSet, to after: WorkingSet) {
        var changes = StateChanges()
        for (user, record) in after.users {
            changes.add(from: before.users[user] ?? UserRecord(key: user), to: record)
        }
        changes.settle()
        steps += changes.steps
        steps += TokenTypeWrite.steps(from: before.catalogues, to: after.catalogues)
        if !after.sends.added.isEmpty { steps.append(SendQueries.insertion(after.sends.added)) }
    }
}

/// The rows that decisions changed, gathered over all users of a batch.
private struct StateChanges {
    private var newUsers: [(key: UUIDValue, user: UserKey, lockout: Lockout)] = []
    private var changedUsers: [(key: UUIDValue, user: UserKey, lockout: Lockout)] = []
    private var newTokens: [Token] = []
    /// Tokens that were in a record before, and are in none or in another one now.
    private var left: [TokenID: Token] = [:]
    /// Tokens that are in a record where they were not before.
    private var arrived: [Token] = []
    private var movedTokens: [Token] = []
    private var editedTokens: [Token] = []
    private var removedTokens: [TokenID] = []
    private var secrets: [(id: TokenID, secret: SealedSecret)] = []
    private var challenges: [(user: UUIDValue, challenge: Challenge)] = []
    private var contacts: [(user: UUIDValue, entry: DirectoryEntry)] = []
    private var removedContacts: [UUIDValue] = []

    mutating func add(from before: UserRecord, to after: UserRecord) {
        guard before != after else { return }
        let key = StoreKeys.user(after.key)
        if let lockout = after.lockout, lockout != before.lockout {
            if before.lockout == nil {
                newUsers.append((key, after.key, lockout))
            } else {
                changedUsers.append((key, after.key, lockout))
            }
        }
        if before.tokens != after.tokens {
            for token in after.tokens {
                if let old = before[token.id] { add(token, replacing: old) } else { arrived.append(token) }
            }
            for token in before.tokens where after[token.id] == nil { left[token.id] = token }
        }
        if before.challenges != after.challenges {
            for challenge in after.challenges where before[challenge.id] != challenge {
                challenges.append((key, challenge))
            }
        }
        if before.contact != after.contact {
            if let entry = after.contact { contacts.append((key, entry)) } else { removedContacts.append(key) }
        }
    }

    /// Once all records were added: a token that left one and arrived in another changed hands; one that only left is
    /// DELETED, one that only arrived is new.
    mutating func settle() {
        for token in arrived {
            if let old = left.removeValue(forKey: token.id) {
                add(token, replacing: old)
            } else {
                newTokens.append(token)
                if let secret = token.oath?.secret { secrets.append((token.id, secret)) }
            }
        }
        for token in left.values { remove(token) }
    }

    private mutating func add(_ token: Token, replacing old: Token) {
        guard token != old else { return }
        movedTokens.append(token)
        if detailsDiffer(token, old) { editedTokens.append(token) }
        if let secret = token.oath?.secret, secret != old.oath?.secret { secrets.append((token.id, secret)) }
    }

    /// A token that left its user's record is DELETED; the row stays as a tombstone.
    private mutating func remove(_ token: Token) {
        var tombstone = token
        tombstone.status = .deleted
        tombstone.version += 1
        movedTokens.append(tombstone)
        removedTokens.append(token.id)
    }

    private func detailsDiffer(_ token: Token, _ old: Token) -> Bool {
        var times = old.times
        times.lastUsedAt = token.times.lastUsedAt
        return token.statusReason != old.statusReason || token.description != old.description
            || token.device != old.device || token.times != times || token.userID != old.userID
    }

    var steps: [PipelineStep] {
        var steps: [PipelineStep] = []
        // New rows are locked by writing them: in the order in which other batches do.
        if !newUsers.isEmpty { steps.append(UserQueries.insertion(newUsers.sorted { $0.key < $1.key })) }
        if !changedUsers.isEmpty { steps.append(UserQueries.change(changedUsers)) }
        // Before the tombstones, of which nothing is to be left.
        if !movedTokens.isEmpty { steps.append(TokenUpdates.positions(movedTokens)) }
        // What is freed comes before what is taken: a new token may take a deleted one's serial number or seed.
        if !removedTokens.isEmpty { steps += TokenUpdates.removals(removedTokens) }
        if !newTokens.isEmpty { steps.append(TokenQueries.insertion(newTokens)) }
        if !editedTokens.isEmpty { steps.append(TokenUpdates.detailChanges(editedTokens)) }
        if !secrets.isEmpty {
            // Two batches that bring the same seeds wait for each other in one order.
            let sorted = secrets.sorted { left, right in
                (left.secret.digest?.bytes ?? []).lexicographicallyPrecedes(right.secret.digest?.bytes ?? [])
            }
            steps.append(TokenUpdates.secrets(sorted))
        }
        if !challenges.isEmpty { steps.append(ChallengeQueries.changes(challenges)) }
        if !contacts.isEmpty { steps.append(ContactQueries.changes(contacts.sorted { $0.user < $1.user })) }
        if !removedContacts.isEmpty { steps.append(ContactQueries.removal(removedContacts)) }
        return steps
    }
}
