package import TokenCore

extension UserRecord {
    /// Enrols for this record's user alone, with the seeds that its tokens hold.
    @discardableResult
    package mutating func enroll(
        _ request: EnrollmentRequest,
        _ context: DecisionContext
    ) throws(Rejection) -> ProvisionedToken {
        var state = WorkingSet(users: [key: self])
        for token in tokens {
            guard let seed = token.oath?.secret.bytes else { continue }
            state.seeds.take(context.cryptography.digests(ofSeed: seed, tenant: key.tenant), for: token.id)
        }
        defer { self = state[key] }
        return try state.enroll(request, context).result.get()
    }
}
