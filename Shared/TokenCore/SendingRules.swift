/// Whether one more OTP message may go out (contract section 5, "Sending limits").
struct SendingRules {
    let limits: SendingLimits
    let user: UserKey
    let channel: Channel
    let address: String
    let now: Instant

    /// - Throws: `destination_blocked`; `too_many_requests` with `limit` and `retryAfter`.
    /// - Returns: whether the guard against pumping would have blocked it, were it switched on.
    func check(_ ledger: SendLedger, _ conversions: ConversionLedger) throws(Rejection) -> Bool {
        if channel == .sms, let countries = limits.countries, !countries.contains(where: address.hasPrefix) {
            throw Rejection(.destinationBlocked)
        }
        let isSuspect = channel == .sms && limits.pumping.isSuspect(address, of: user.tenant, conversions)
        if isSuspect, limits.pumping.mode == .enforce { throw Rejection(.destinationBlocked) }
        for (name, scope, limits) in scopes {
            if let wait = limits.compactMap({ wait($0, ledger.sent[scope] ?? []) }).max() {
                throw Rejection(.tooManyRequests, .init(limit: name, retryAfter: wait))
            }
        }
        return isSuspect
    }

    /// By which conversion is counted; nil for mail.
    var smsPrefix: String? { channel == .sms ? ConversionLedger.prefix(of: address) : nil }

    func record(in ledger: inout SendLedger) {
        for (_, scope, _) in scopes { ledger.record(scope, at: now) }
    }

    private var scopes: [(String, SendLedger.Scope, [SendingLimits.Limit])] {
        var scopes: [(String, SendLedger.Scope, [SendingLimits.Limit])] = [
            ("user", .user(user), limits.user),
            // A mailbox in capitals is the same mailbox.
            ("destination", .destination(address.lowercased()), limits.destination),
        ]
        if let smsPrefix { scopes.append(("prefix", .prefix(smsPrefix), limits.prefix)) }
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
