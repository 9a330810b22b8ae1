/// How many OTP messages by SMS went to numbers of a prefix, and how many of them were verified.
package struct Conversion: Equatable, Sendable {
    package var sent: Int
    package var verified: Int

    package init(sent: Int = 0, verified: Int = 0) {
        self.sent = sent
        self.verified = verified
    }

    /// Verified messages among those sent; nil where none was.
    package var rate: Double? { sent > 0 ? Double(verified) / Double(sent) : nil }
}

/// What the guard against pumping has learnt, and what this batch adds to it.
package struct ConversionLedger: Equatable, Sendable {
    /// Numbers of one tenant that begin alike; `prefix` nil: all of the tenant's.
    package struct Scope: Hashable, Sendable {
        package let tenant: String
        package let prefix: String?

        package init(tenant: String, prefix: String?) {
            self.tenant = tenant
            self.prefix = prefix
        }
    }

    /// A scope at a time: a message is counted at the time at which its challenge began, a verification at the same.
    package struct Cell: Hashable, Sendable {
        package let scope: Scope
        /// The beginning of a span of `ConversionLedger.bucketSeconds`.
        package let bucket: Instant
    }

    package static let bucketSeconds: Int64 = 300

    /// Over the guard's window, whole buckets only: what was sent just now had no time to be verified.
    package let past: [Scope: Conversion]
    package private(set) var added: [Cell: Conversion] = [:]

    package init(_ past: [Scope: Conversion] = [:]) {
        self.past = past
    }

    package mutating func recordSent(_ tenant: String, _ prefix: String, begun: Instant) {
        for cell in Self.cells(tenant, prefix, begun) { added[cell, default: Conversion()].sent += 1 }
    }

    package mutating func recordVerified(_ tenant: String, _ prefix: String, begun: Instant) {
        for cell in Self.cells(tenant, prefix, begun) { added[cell, default: Conversion()].verified += 1 }
    }

    /// `+` and the first six digits of a number: country and, mostly, operator or area.
    package static func prefix(of phone: String) -> String { String(phone.prefix(7)) }

    private static func cells(_ tenant: String, _ prefix: String, _ begun: Instant) -> [Cell] {
        let bucket = Instant(seconds: begun.seconds - begun.seconds % bucketSeconds)
        return [prefix, nil].map { Cell(scope: Scope(tenant: tenant, prefix: $0), bucket: bucket) }
    }
}
