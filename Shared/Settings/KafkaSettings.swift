/// Where the broker is, and any librdkafka property beside it.
///
/// ## Settings
/// - `KAFKA_BOOTSTRAP_SERVERS`: required
/// - `KAFKA_PROPERTY_<NAME>`: the property whose name is `<NAME>` in small letters with `.` for `_`;
///   may be a secret (`KAFKA_PROPERTY_SASL_PASSWORD`)
package struct KafkaSettings: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// librdkafka property by name; holds `bootstrap.servers`.
    package let properties: [String: String]

    package init(_ reader: inout SettingsReader) {
        let servers = reader.required("KAFKA_BOOTSTRAP_SERVERS")
        var properties: [String: String] = [:]
        for (name, value) in reader.all(withPrefix: "KAFKA_PROPERTY_") {
            properties[name.lowercased().replacing("_", with: ".")] = value
        }
        if let other = properties["bootstrap.servers"], other != servers {
            reader.refuse("KAFKA_PROPERTY_BOOTSTRAP_SERVERS", "disagrees with KAFKA_BOOTSTRAP_SERVERS")
        }
        properties["bootstrap.servers"] = servers
        self.properties = properties
    }

    /// Names only; a value may be a password.
    package var description: String { "KafkaSettings(\(properties.keys.sorted().joined(separator: ", ")))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
