/// Every mistake of a configuration at once, one line each: what an executable prints before it ends with `exitCode`.
///
/// The lines name settings and rules, never a value: a value may be a secret, or one put under the wrong name.
package struct SettingsError: Error, Equatable, CustomStringConvertible {
    /// EX_CONFIG of sysexits.h: the set-up is wrong, starting again doesn't help.
    package static let exitCode: Int32 = 78

    package let mistakes: [String]

    package init(mistakes: [String]) {
        self.mistakes = mistakes
    }

    package var description: String {
        mistakes.joined(separator: "\n")
    }
}

/// Reads settings by name, collecting the mistakes; `finish()` throws them all.
///
/// A setting that is present but empty counts as absent. After a mistake the reading functions return a stand-in,
/// so that the next setting is looked at too; `finish()` keeps such stand-ins from being used.
package struct SettingsReader {
    private let environment: [String: String]
    private var mistakes: [String] = []

    package init(environment: [String: String]) {
        self.environment = environment
    }

    package mutating func required(_ name: String) -> String {
        guard let value = optional(name) else {
            refuse(name, "required")
            return ""
        }
        return value
    }

    package func optional(_ name: String) -> String? {
        guard let value = environment[name], !value.isEmpty else { return nil }
        return value
    }

    /// All settings whose name begins with `prefix`, the prefix cut off.
    package func all(withPrefix prefix: String) -> [String: String] {
        var found: [String: String] = [:]
        for (name, value) in environment where name.hasPrefix(prefix) && name.utf8.count > prefix.utf8.count {
            found[String(name.dropFirst(prefix.count))] = value
        }
        return found
    }

    /// A number and `s`, `m`, `h` or `d`; zero is refused.
    package mutating func duration(_ name: String, default standard: Duration) -> Duration {
        guard let value = optional(name) else { return standard }
        guard let duration = parseDuration(value), duration > .zero else {
            refuse(name, "a duration is a number above 0 and s, m, h or d")
            return standard
        }
        return duration
    }

    package mutating func integer(_ name: String, default standard: Int, in range: ClosedRange<Int>) -> Int {
        guard let value = optional(name) else { return standard }
        guard let number = Int(value), range.contains(number) else {
            refuse(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")
            return standard
        }
        return number
    }

    /// One word of a closed set.
    package mutating func choice<Choice>(_ name: String, default standard: Choice) -> Choice
    where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
        guard let value = optional(name) else { return standard }
        guard let choice = Choice(rawValue: value) else {
            refuse(name, "one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
            return standard
        }
        return choice
    }

    /// Comma-separated words, blanks around them cut off; nil where the setting is absent.
    package mutating func list(_ name: String) -> [String]? {
        guard let value = optional(name) else { return nil }
        let words = value.split(separator: ",", omittingEmptySubsequences: false).map(trimBlanks)
        guard !words.contains("") else {
            refuse(name, "a comma-separated list without empty items")
            return nil
        }
        return words
    }

    /// Comma-separated words of a closed set.
    package mutating func choices<Choice>(_ name: String, default standard: [Choice]) -> [Choice]
    where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
        guard let words = list(name) else { return standard }
        let choices = words.compactMap(Choice.init(rawValue:))
        guard choices.count == words.count else {
            refuse(name, "a list of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
            return standard
        }
        return choices
    }

    /// `count/duration` pairs such as `5/15m,20/24h`, or `none`.
    package mutating func limits(_ name: String, default standard: [SendLimit]) -> [SendLimit] {
        if optional(name) == "none" { return [] }
        guard let words = list(name) else { return standard }
        let limits = words.compactMap(SendLimit.init(text:))
        guard limits.count == words.count else {
            refuse(name, "count/duration pairs such as 5/15m,20/24h, or none")
            return standard
        }
        return limits
    }

    /// Adds a mistake that only the caller can see; `rule` must not quote a value.
    package mutating func refuse(_ name: String, _ rule: String) {
        mistakes.append("\(name): \(rule)")
    }

    package func finish() throws(SettingsError) {
        guard mistakes.isEmpty else { throw SettingsError(mistakes: mistakes) }
    }
}
