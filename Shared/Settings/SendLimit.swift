/// At most `count` messages within any `window`.
package struct SendLimit: Hashable, Sendable {
    package let count: Int
    package let window: Duration

    package init(count: Int, window: Duration) {
        self.count = count
        self.window = window
    }

    /// `5/15m`; nil for anything else.
    package init?(text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[0]), (1...1_000_000_000).contains(count),
            let window = parseDuration(parts[1]), window > .zero
        else { return nil }
        self.init(count: count, window: window)
    }
}

/// How many OTP messages may go out, by whom they are counted, and where they may go.
///
/// ## Settings
/// - `SEND_LIMIT_USER`: `5/15m,20/24h`
/// - `SEND_LIMIT_DESTINATION`: `5/15m`
/// - `SEND_LIMIT_PREFIX`, `SEND_LIMIT_TENANT`: none
/// - `SMS_COUNTRIES`: E.164 prefixes; absent: all
package struct SendingSettings: Hashable, Sendable {
    package let user: [SendLimit]
    package let destination: [SendLimit]
    package let prefix: [SendLimit]
    package let tenant: [SendLimit]
    /// Prefixes with their `+`, such as `+41`; nil admits every country.
    package let smsCountries: [String]?
    package let pumping: PumpingSettings

    package init(_ reader: inout SettingsReader) {
        let quarter = SendLimit(count: 5, window: .seconds(15 * 60))
        let day = SendLimit(count: 20, window: .seconds(86_400))
        user = reader.limits("SEND_LIMIT_USER", default: [quarter, day])
        destination = reader.limits("SEND_LIMIT_DESTINATION", default: [quarter])
        prefix = reader.limits("SEND_LIMIT_PREFIX", default: [])
        tenant = reader.limits("SEND_LIMIT_TENANT", default: [])
        pumping = PumpingSettings(&reader)
        let words = reader.list("SMS_COUNTRIES")
        smsCountries = words?.map { $0.hasPrefix("+") ? $0 : "+" + $0 }
        let valid = (smsCountries ?? []).allSatisfy { country in
            let digits = country.utf8.dropFirst()
            return (1...15).contains(digits.count) && digits.allSatisfy { (48...57).contains($0) }
                && digits.first != UInt8(ascii: "0")
        }
        if !valid { reader.refuse("SMS_COUNTRIES", "E.164 prefixes such as +41,+49") }
    }

    /// Whether an SMS to this E.164 number is admitted.
    package func admits(phone: String) -> Bool {
        guard let smsCountries else { return true }
        return smsCountries.contains { phone.hasPrefix($0) }
    }
}
