/// The topics of section 1, all named from one prefix (`TOPIC_PREFIX`).
package struct Topics: Sendable, Equatable {
    /// `TOPIC_PREFIX` where it is not set.
    package static let defaultPrefix = "tokens."

    /// What all names begin with.
    package let prefix: String
    /// Commands for the enrollment service.
    package let commandsEnrollment: String
    /// Commands for the verifier.
    package let commandsVerification: String
    /// The directory's contact data; compacted.
    package let users: String
    /// Messages to deliver.
    package let notifications: String
    /// Replies that no command sent elsewhere.
    package let replies: String
    /// Facts for anyone.
    package let events: String

    /// - Parameter prefix: a valid beginning of topic names.
    package init(prefix: String = Topics.defaultPrefix) {
        self.prefix = prefix
        commandsEnrollment = prefix + "commands.enrollment"
        commandsVerification = prefix + "commands.verification"
        users = prefix + "users"
        notifications = prefix + "notifications"
        replies = prefix + "replies"
        events = prefix + "events"
    }

    /// The topics that services write or read in the course of their work, dead letters aside.
    package var all: [String] {
        [commandsEnrollment, commandsVerification, users, notifications, replies, events]
    }

    /// The topics whose records can end as dead letters: those that a service reads.
    package var read: [String] { [commandsEnrollment, commandsVerification, users, notifications] }

    /// The name of a command topic.
    package func name(of topic: CommandTopic) -> String {
        switch topic {
        case .enrollment: commandsEnrollment
        case .verification: commandsVerification
        }
    }

    /// Where a topic's reader puts what it could not decode or handle.
    package func dlq(of topic: String) -> String { topic + Self.dlqSuffix }

    /// Whether a topic holds commands, under this prefix or another, dead letters, or what readers believe is ours: no
    /// reply ever goes there.
    package func isClosedToReplies(_ topic: String) -> Bool {
        topic.hasSuffix(Self.dlqSuffix) || topic.hasPrefix(prefix + "commands.")
            || topic.hasSuffix("commands.enrollment") || topic.hasSuffix("commands.verification")
            || [users, notifications, events].contains(topic)
    }

    /// Whether Kafka accepts a topic of this name: 1 to 249 of `[A-Za-z0-9._-]`, neither `.` nor `..`.
    package static func isValidName(_ topic: String) -> Bool {
        (1...249).contains(topic.utf8.count) && topic != "." && topic != ".." && topic.utf8.allSatisfy(isNameByte)
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static let dlqSuffix = ".dlq"
}

/// The two topics that commands come from.
package enum CommandTopic: Sendable, CaseIterable {
    case enrollment
    case verification
}
