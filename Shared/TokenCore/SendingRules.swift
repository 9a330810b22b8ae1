/// Whether one more OTP message may go out (contract section 5, "Sending limits").
struct SendingRules {
    let limits: SendingLimits
    let user: UserKey
    let channel: Channel
    let address: String
    let now: Instant

    /// - Throws: `destination_blocked`; `too_many_requests` with `limit` and `retryAfter`.
    func check(_ ledger: SendLedger) throws(Rejection) {
        if channel == .sms, let countries = limits.countries, !countries.contains(where: address.hasPrefix) {
            throw Rejection(.destinationBlocked)
        }
        for (name, scope, limits) in scopes {
            if let wait = limits.compactMap({ wait($0, ledger.sent[scope] ?? []) }).max() {
                throw Rejection(.tooManyRequests, .init(limit: name, retryAfter: wait))
            }
        }
    }

    func record(in ledger: inout SendLedger) {
        for (_, scope, _) in scopes { ledger.record(scope, at: now) }
    }

    private var scopes: [(String, SendLedger.Scope, [SendingLimits.Limit])] {
        var scopes: [(String, SendLedger.Scope, [SendingLimits.Limit])] = [
            ("user", .user(user), limits.user), ("destination", .destination(address), limits.destination),
        ]
        if channel == .sms { scopes.append(("prefix", .prefix(String(address.prefix(7))), limits.prefix)) }
        scopes.append(("tenant", .tenant(user.tenant), limits.tenant))
        return scopes
    }

    /// Seconds until the limit allows another message; nil where it does now.
    private func wait(_ limit: SendingLimits.Limit, _ sent: [Instant]) -> Int64? {
        let recent = sent.filter { now < $0.adding(seconds: limit.seconds) }
        guard recent.count >= limit.count, limit.count > 0 else { return limit.count > 0 ? nil : limit.seconds }
        return now.secondsUntil(recent[limit.count - 1].adding(seconds: limit.seconds))
    }
}
