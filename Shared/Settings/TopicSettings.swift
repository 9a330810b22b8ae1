/// Topic names, and where replies may go.
///
/// ## Settings
/// - `TOPIC_PREFIX`: `tokens.`
/// - `REPLY_TOPICS`: names, a trailing `*` allowed; judged by the contract's rule for reply topics
package struct TopicSettings: Hashable, Sendable {
    package let prefix: String
    /// As set; nil: the contract's default.
    package let replyTopics: String?

    package init(_ reader: inout SettingsReader) {
        prefix = reader.optional("TOPIC_PREFIX") ?? "tokens."
        if !isTopicName(prefix) || prefix.utf8.count > 200 {
            reader.refuse("TOPIC_PREFIX", "letters, digits, '.', '_' and '-' only, at most 200")
        }
        replyTopics = reader.optional("REPLY_TOPICS")
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
