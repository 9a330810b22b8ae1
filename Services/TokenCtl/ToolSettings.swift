import Contract
import Foundation
import Messaging
import Postgres
import Settings
import WorkerRuntime

/// What a command reads from the environment; all of its mistakes at once.
struct ToolSettings {
    private var reader: SettingsReader

    private init(environment: [String: String]) {
        reader = SettingsReader(environment: environment)
    }

    /// - Parameter read: reads all that the command needs; nil only after a mistake.
    /// - Throws: `SettingsError` with every mistake.
    static func read<Value>(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        _ read: (inout ToolSettings) -> Value?
    ) throws(SettingsError) -> Value {
        var settings = ToolSettings(environment: environment)
        let value = read(&settings)
        try settings.reader.finish()
        guard let value else { throw SettingsError(mistakes: ["a setting is not usable"]) }
        return value
    }

    /// The broker and the names of the topics; nil after a mistake.
    mutating func broker() -> BrokerSettings? {
        let kafka = Settings.KafkaSettings(&reader)
        let topics = Topics(prefix: TopicSettings(&reader).prefix)
        kafka.checkSecretFiles(&reader)
        do {
            return BrokerSettings(
                kafka: try Messaging.KafkaSettings(properties: kafka.properties),
                topics: topics
            )
        } catch {
            for problem in error.problems where problem.reason != .missing {
                let variable = "KAFKA_PROPERTY_" + problem.property.uppercased().replacing(".", with: "_")
                reader.refuse(variable, problem.reason.rawValue)
            }
            return nil
        }
    }

    /// `POSTGRES_URL`.
    mutating func database() -> PostgresURL {
        let url = PostgresURL(reader.required("POSTGRES_URL"))
        if !url.value.isEmpty, !PGConnection.understands(url.value) {
            reader.refuse("POSTGRES_URL", "a libpq URI or conninfo string")
        }
        return url
    }

    /// `KEYS_FILE`.
    mutating func keysFile() -> String { reader.required("KEYS_FILE") }

    /// `KEYS_FILE`; nil where it is not set.
    mutating func optionalKeysFile() -> String? { reader.optional("KEYS_FILE") }

    /// `TOPIC_PREFIX`.
    mutating func topicPrefix() -> String { TopicSettings(&reader).prefix }

    /// Whether a variable has a value.
    mutating func isSet(_ name: String) -> Bool { reader.optional(name) != nil }

    /// `INBOX_RETENTION`.
    mutating func inboxRetention() -> Duration { reader.duration("INBOX_RETENTION", default: .seconds(86_400)) }
}
