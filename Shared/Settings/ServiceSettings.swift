/// The settings that every worker has; section 11 of the contract.
///
/// All are read and judged before anything connects. What only one executable needs (`NOTIFIER_CONFIG`,
/// `SCAN_INTERVAL`) that one reads with the same reader, before `finish()`.
///
/// ## Settings
/// - `POSTGRES_URL`: required, secret; libpq URI or conninfo
/// - `KEYS_FILE`: required; JWK Set of mode 0600
/// - and those of `KeyTokenSettings`, `KafkaSettings`, `TopicSettings`, `CommandSettings`, `SendingSettings`, `ObservationSettings`
package struct ServiceSettings: Sendable {
    package let kafka: KafkaSettings
    package let topics: TopicSettings
    package let postgres: PostgresURL
    package let keysFile: String
    package let keyTokens: KeyTokenSettings?
    package let commands: CommandSettings
    package let sending: SendingSettings
    package let observation: ObservationSettings

    package init(_ reader: inout SettingsReader) {
        kafka = KafkaSettings(&reader)
        topics = TopicSettings(&reader)
        postgres = PostgresURL(reader.required("POSTGRES_URL"))
        keysFile = reader.required("KEYS_FILE")
        keyTokens = KeyTokenSettings(&reader)
        commands = CommandSettings(&reader)
        sending = SendingSettings(&reader)
        observation = ObservationSettings(&reader)
    }

    /// - Throws: all mistakes, one line each.
    package init(environment: [String: String]) throws(SettingsError) {
        var reader = SettingsReader(environment: environment)
        self.init(&reader)
        try reader.finish()
    }
}

/// libpq's connection string; it may hold a password, so it shows itself to nobody but libpq.
package struct PostgresURL: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package let value: String

    package init(_ value: String) {
        self.value = value
    }

    package var description: String { "‹redacted›" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension SettingsReader {
    /// `NOTIFIER_CONFIG`: path of the notifier's YAML file; required there.
    package mutating func notifierConfiguration() -> String {
        required("NOTIFIER_CONFIG")
    }
}
