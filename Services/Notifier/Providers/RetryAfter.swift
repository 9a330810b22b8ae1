import Foundation
import Glibc

/// `Retry-After` (RFC 9110 §10.2.3).
enum RetryAfter {
    /// Seconds; a provider that asks for more is not heard.
    private static let longest: Int64 = 86_400

    /// - Parameter text: seconds, or a date in the form that senders have to use (IMF-fixdate, §5.6.7).
    static func pause(_ text: String, at now: Date = Date()) -> Duration? {
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
        let seconds = isNumber ? Int64(text) : date(text).map { max(0, Int64($0.timeIntervalSince(now).rounded(.up))) }
        return seconds.flatMap { $0 <= longest ? .seconds($0) : nil }
    }

    private static func date(_ text: String) -> Date? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.date(from: text)
    }
}
