/// Stops messages to numbers at which nobody verifies: premium numbers whose owners earn by each SMS.
///
/// It learns from our own data alone. A prefix is suspect when enough was sent to it and the share that was verified is
/// below what is asked for, and below half of what the tenant's other numbers reach: where nobody verifies anywhere,
/// something else is broken. What is blocked sends nothing, so that the window forgets it in time.
package struct PumpingGuard: Equatable, Sendable {
    package enum Mode: String, CaseIterable, Sendable {
        case off
        /// Suspects are named in events, and get their messages.
        case dryRun = "dry-run"
        /// Suspects are answered `destination_blocked`.
        case enforce
    }

    package var mode: Mode
    /// What is looked at: the time before the last whole bucket.
    package var windowSeconds: Int64
    /// Messages to a prefix in the window below which nothing is judged.
    package var minimumSent: Int
    /// The share of verified messages below which a prefix may be suspect.
    package var minimumRate: Double

    package init(
        mode: Mode = .dryRun,
        windowSeconds: Int64 = 3_600,
        minimumSent: Int = 50,
        minimumRate: Double = 0.1
    ) {
        self.mode = mode
        self.windowSeconds = windowSeconds
        self.minimumSent = minimumSent
        self.minimumRate = minimumRate
    }

    package func isSuspect(_ phone: String, of tenant: String, _ ledger: ConversionLedger) -> Bool {
        guard mode != .off,
            let conversion = ledger.past[.init(tenant: tenant, prefix: ConversionLedger.prefix(of: phone))],
            conversion.sent >= minimumSent, let rate = conversion.rate
        else { return false }
        let all = ledger.past[.init(tenant: tenant, prefix: nil)] ?? conversion
        let others = Conversion(sent: all.sent - conversion.sent, verified: all.verified - conversion.verified)
        let usual = others.sent >= minimumSent ? others.rate ?? 0 : 1
        return rate < min(minimumRate, usual / 2)
    }
}
