/// Which topics a command may name for its reply (section 2, `REPLY_TOPICS`): names, or beginnings of names.
///
/// A pattern matches a topic as a whole; a trailing `*` stands for at least one of `[A-Za-z0-9._-]`. Topics of commands,
/// users, notifications, events, dead letters and Kafka's own (`__…`) never match.
package struct ReplyTopicRule: Sendable, Equatable {
    /// A pattern that no topic name can match. It is an operator's text, so it is told.
    package struct InvalidPattern: Error, Equatable, CustomStringConvertible {
        /// As the operator wrote it.
        package var pattern: String
        package var description: String { "no topic name matches the pattern '\(pattern)'" }
    }

    private let topics: Topics
    private let patterns: [String]

    /// `<prefix>replies` and `<prefix>replies.*`.
    package init(topics: Topics) {
        self.topics = topics
        patterns = [topics.replies, topics.replies + ".*"]
    }

    /// - Parameter setting: patterns, comma-separated; spaces around them are dropped.
    /// - Throws: `InvalidPattern` for the first that is wrong; an empty list is one.
    package init(_ setting: String, topics: Topics) throws(InvalidPattern) {
        self.topics = topics
        var patterns: [String] = []
        for part in setting.split(separator: ",", omittingEmptySubsequences: false) {
            let pattern = String(part.trimmingSpaces)
            guard Self.canMatch(pattern) else { throw InvalidPattern(pattern: pattern) }
            patterns.append(pattern)
        }
        self.patterns = patterns
    }

    /// Whether a reply may go to `topic`; whether it exists is the broker's to say.
    package func allows(_ topic: String) -> Bool {
        guard Topics.isValidName(topic), !topic.hasPrefix("__"), !topics.isClosedToReplies(topic) else { return false }
        return patterns.contains { pattern in
            guard pattern.hasSuffix("*") else { return pattern == topic }
            let stem = pattern.dropLast()
            return topic.hasPrefix(stem) && topic.utf8.count > stem.utf8.count
        }
    }

    private static func canMatch(_ pattern: String) -> Bool {
        guard pattern.hasSuffix("*") else { return Topics.isValidName(pattern) }
        // One more character must fit behind the stem.
        let stem = pattern.utf8.dropLast()
        return stem.count < 249 && stem.allSatisfy(Topics.isNameByte)
    }
}
