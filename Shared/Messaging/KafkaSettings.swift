import CRdKafka

/// A line of librdkafka's own log.
package struct KafkaLogLine: Sendable {
    /// As in syslog: 3 error, 4 warning, 5 notice, 6 info, 7 debug.
    package let level: Int
    /// librdkafka's tag, such as `FAIL` or `MAXPOLL`.
    package let facility: String
    package let message: String
}

/// How to reach the cluster: any property of librdkafka, checked when the value is made.
package struct KafkaSettings: Sendable {
    /// librdkafka's properties by name, `bootstrap.servers` included.
    package let properties: [String: String]
    /// Receives librdkafka's log, on any thread; `nil` drops it.
    package var onLog: (@Sendable (KafkaLogLine) -> Void)?
    /// Receives errors that librdkafka itself gets over (a broker gone, a topic not there yet), on the thread that
    /// uses the client; `nil` drops them.
    package var onError: (@Sendable (KafkaError) -> Void)?

    /// Checks names and values of the properties; nothing connects yet.
    ///
    /// - Throws: `KafkaSettingsError` naming every property that is wrong.
    package init(
        properties: [String: String],
        onLog: (@Sendable (KafkaLogLine) -> Void)? = nil,
        onError: (@Sendable (KafkaError) -> Void)? = nil
    ) throws(KafkaSettingsError) {
        let problems = Self.problems(in: properties)
        guard problems.isEmpty else { throw KafkaSettingsError(problems: problems) }
        self.properties = properties
        self.onLog = onLog
        self.onError = onError
    }

    /// Properties that belong to this product: its guarantees rest on them. Names and aliases.
    package static let reserved: Set<String> = [
        "acks", "auto.commit.enable", "auto.offset.reset", "delivery.report.only.error", "delivery.timeout.ms",
        "enable.auto.commit", "enable.auto.offset.store", "enable.idempotence", "group.id", "log.queue",
        "message.timeout.ms", "partitioner", "request.required.acks", "transactional.id",
    ]

    private static func problems(in properties: [String: String]) -> [KafkaSettingsError.Problem] {
        var problems: [KafkaSettingsError.Problem] = []
        if properties["bootstrap.servers", default: ""].isEmpty {
            problems.append(.init(property: "bootstrap.servers", reason: .missing))
        }
        let scratch = rd_kafka_conf_new()
        defer { rd_kafka_conf_destroy(scratch) }
        for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
            if reserved.contains(name) {
                problems.append(.init(property: name, reason: .reserved))
                continue
            }
            // No buffer for the message: it quotes the value.
            switch rd_kafka_conf_set(scratch, name, value, nil, 0) {
            case RD_KAFKA_CONF_OK: break
            case RD_KAFKA_CONF_UNKNOWN: problems.append(.init(property: name, reason: .unknown))
            default: problems.append(.init(property: name, reason: .invalidValue))
            }
        }
        return problems
    }
}

/// What is wrong with the properties of `KafkaSettings`. Names properties, never values.
package struct KafkaSettingsError: Error, Equatable, Sendable, CustomStringConvertible {
    package struct Problem: Equatable, Sendable {
        /// Why a property was refused.
        package enum Reason: String, Sendable {
            case missing = "is missing"
            case unknown = "is not a property of librdkafka"
            case invalidValue = "has a value that librdkafka refuses"
            case reserved = "is set by the product and cannot be changed"
        }

        package let property: String
        package let reason: Reason
    }

    /// Every problem found, by property name.
    package let problems: [Problem]

    package var description: String {
        problems.map { "Kafka property \($0.property) \($0.reason.rawValue)" }.joined(separator: "; ")
    }
}
