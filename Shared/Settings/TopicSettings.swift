/// Topic names, and where replies may go.
///
/// ## Settings
/// - `TOPIC_PREFIX`: `tokens.`
/// - `REPLY_TOPICS`: names, a trailing `*` allowed; `<prefix>replies,<prefix>replies.*`
package struct TopicSettings: Hashable, Sendable {
    package let prefix: String
    package let replyTopics: ReplyTopics

    package init(_ reader: inout SettingsReader) {
        prefix = reader.optional("TOPIC_PREFIX") ?? "tokens."
        if !isTopicName(prefix) || prefix.utf8.count > 200 {
            reader.refuse("TOPIC_PREFIX", "letters, digits, '.', '_' and '-' only, at most 200")
        }
        let patterns = reader.list("REPLY_TOPICS") ?? ["\(prefix)replies", "\(prefix)replies.*"]
        let valid = patterns.allSatisfy { $0 == "*" || isTopicName($0.hasSuffix("*") ? $0.dropLast() : $0[...]) }
        if !valid { reader.refuse("REPLY_TOPICS", "topic names, comma-separated, a trailing * allowed") }
        replyTopics = ReplyTopics(prefix: prefix, patterns: patterns)
    }
}

/// The allow-list of reply topics.
package struct ReplyTopics: Hashable, Sendable {
    private let prefix: String
    private let patterns: [String]

    package init(prefix: String, patterns: [String]) {
        self.prefix = prefix
        self.patterns = patterns
    }

    /// Whether a reply may be written to `topic`. A topic that a worker reads (commands, users, notifications)
    /// never matches, nor does a dead-letter topic: a reply there would be taken for input.
    package func admits(_ topic: String) -> Bool {
        guard isTopicName(topic), !topic.hasPrefix("\(prefix)commands."), !topic.hasSuffix(".dlq"),
            topic != "\(prefix)users", topic != "\(prefix)notifications"
        else { return false }
        return patterns.contains { pattern in
            guard pattern.hasSuffix("*") else { return topic == pattern }
            return topic.hasPrefix(pattern.dropLast()) && topic.utf8.count >= pattern.utf8.count
        }
    }
}

/// Kafka's own rule: 1-249 of `[A-Za-z0-9._-]`, neither `.` nor `..`.
private func isTopicName(_ name: some StringProtocol) -> Bool {
    guard (1...249).contains(name.utf8.count), name != ".", name != ".." else { return false }
    return name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
