import Contract
import TokenCore
import TokenCrypto

/// Serial numbers as they may be stored and printed.
package enum SerialNumber {
    /// Bytes of the longest.
    package static let longest = 128
    /// So many hexadecimal digits are a seed in the wrong column, which must not be printed.
    private static let seedLike = 32

    /// The serial number without blanks around it, or nil where it is none.
    static func usable(_ text: String) -> String? {
        let serial = text.trimmed
        guard (1...longest).contains(serial.utf8.count), TextRules.isPlain(serial) else { return nil }
        guard serial.utf8.count < seedLike || Hexadecimal.decode(serial) == nil, !looksLikeBase32(serial) else {
            return nil
        }
        return serial
    }

    private static func looksLikeBase32(_ serial: String) -> Bool {
        serial.utf8.count >= 26 && TokenCrypto.Base32.decode(serial) != nil
    }
}

/// The fields of an entry, each with its rule.
enum SeedField {
    static func serial(_ text: String?) throws(SkippedReason) -> String {
        guard let text, !text.trimmed.isEmpty else { throw .malformed("no serial number") }
        guard let serial = SerialNumber.usable(text) else { throw .malformed("no usable serial number") }
        return serial
    }

    /// Hexadecimal, as most vendors write seeds, or else Base32.
    static func secret(text: String) throws(SkippedReason) -> SeedSecret {
        let text = text.trimmed
        guard !text.isEmpty else { throw .malformed("no seed") }
        guard text.utf8.count <= 1_024,
            var bytes = Hexadecimal.decode(text) ?? TokenCrypto.Base32.decode(text), !bytes.isEmpty
        else { throw .malformed("the seed is neither hexadecimal nor Base32") }
        return .clear(Secret(consuming: &bytes))
    }

    static func digits(_ text: String) throws(SkippedReason) -> Int {
        guard let digits = Int(text.trimmed), digits > 0 else { throw .malformed("the number of digits is no number") }
        guard (6...8).contains(digits) else { throw .unsupported("values of \(digits) digits") }
        return digits
    }

    static func period(_ text: String) throws(SkippedReason) -> Int {
        guard let period = Int(text.trimmed), period > 0 else { throw .malformed("the period is no number of seconds") }
        guard period == 30 || period == 60 else { throw .unsupported("a period of \(period) s") }
        return period
    }

    static func counter(_ text: String) throws(SkippedReason) -> Int64 {
        guard let counter = Int64(text.trimmed), counter >= 0 else { throw .malformed("the counter is no number") }
        return counter
    }

    static func drift(_ text: String) throws(SkippedReason) -> Int64 {
        guard let drift = Int64(text.trimmed) else { throw .malformed("the drift is no number of steps") }
        return drift
    }

    /// `SHA1`, `HMAC-SHA256`, `hmacsha512`, …
    static func algorithm(_ text: String) throws(SkippedReason) -> HashAlgorithm {
        let name = text.uppercased().filter { $0 != "-" && $0 != "_" && !$0.isWhitespace }
        let hash = name.hasPrefix("HMAC") ? String(name.dropFirst(4)) : name
        guard let algorithm = HashAlgorithm(rawValue: hash) else { throw .unsupported("an unknown hash") }
        return algorithm
    }

    static func kind(_ text: String) throws(SkippedReason) -> SeedKind {
        switch text.trimmed.lowercased() {
        case "hotp", "event", "oath-hotp": return .hotp
        case "totp", "time", "oath-totp": return .totp
        case "ocra": throw .unsupported("an OCRA token")
        default: throw .unsupported("an unknown type of token")
        }
    }

    /// A manufacturer, a model or a batch.
    static func label(_ text: String?) throws(SkippedReason) -> String? {
        guard let label = text?.trimmed, !label.isEmpty else { return nil }
        guard TextRules.isPlain(label) else { throw .malformed("a name is too long or has control characters") }
        return label
    }

    /// A date and time of RFC 3339; one without a zone is taken as UTC.
    static func instant(_ text: String) throws(SkippedReason) -> Instant {
        let text = text.trimmed
        guard let instant = Instant(rfc3339: text) ?? Instant(rfc3339: text + "Z") else {
            throw .malformed("a date is none of RFC 3339")
        }
        return instant
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    var trimmed: String {
        let rest = drop { $0.isWhitespace }
        guard let end = rest.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(rest[...end])
    }
}
