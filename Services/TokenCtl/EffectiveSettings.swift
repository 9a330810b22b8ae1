import Contract
import Settings

/// The settings by name, as they take effect; what is or may be a secret is redacted.
struct EffectiveSettings {
    let values: [(name: String, value: String)]

    private static let redacted = "‹redacted›"
    /// Parts of the names of librdkafka's properties that hold secrets.
    private static let secretWords = ["password", "secret", "pem", "token", "oauthbearer", "jaas", "key"]

    init(_ settings: ServiceSettings, topics: Topics, scanner: ScannerSettings) {
        let kafka = settings.kafka.properties
        let properties = kafka.filter { $0.key != "bootstrap.servers" }.sorted { $0.key < $1.key }.map { name, value in
            (
                "KAFKA_PROPERTY_" + name.uppercased().replacing(".", with: "_"),
                Self.secretWords.contains { name.contains($0) } ? Self.redacted : value
            )
        }
        let (commands, sending, observation) = (settings.commands, settings.sending, settings.observation)
        let signing = commands.signing.map { signing in
            [
                ("COMMAND_JWKS_FILE", signing.jwksFile), ("COMMAND_JWT_ISSUER", signing.issuer),
                ("COMMAND_JWT_ALGORITHMS", signing.algorithms.map(\.rawValue).joined(separator: ",")),
                ("COMMAND_JWT_BINDING", signing.binding.rawValue),
            ]
        }
        let tokens = settings.keyTokens.map { [("PKCS11_MODULE", $0.module), ("PKCS11_PIN_FILE", $0.pinFile)] }
        values =
            [("KAFKA_BOOTSTRAP_SERVERS", kafka["bootstrap.servers"] ?? "")] + properties + [
                ("POSTGRES_URL", Self.redacted),
                ("TOPIC_PREFIX", topics.prefix),
                ("KEYS_FILE", settings.keysFile),
                ("REPLY_TOPICS", settings.topics.replyTopics ?? "\(topics.replies),\(topics.replies).*"),
                ("INBOX_RETENTION", Self.text(commands.inboxRetention)),
                ("MAX_QUEUE_AGE", Self.text(commands.maxQueueAge)),
                ("SCAN_INTERVAL", Self.text(scanner.scanInterval)),
                ("AUDIT_CHECKPOINT_INTERVAL", Self.text(scanner.checkpointInterval)),
                ("SEND_LIMIT_USER", Self.text(sending.user)),
                ("SEND_LIMIT_DESTINATION", Self.text(sending.destination)),
                ("SEND_LIMIT_PREFIX", Self.text(sending.prefix)),
                ("SEND_LIMIT_TENANT", Self.text(sending.tenant)),
                ("SEALED_COMMANDS", commands.sealing.rawValue),
                ("SMS_COUNTRIES", sending.smsCountries?.joined(separator: ",") ?? ""),
                ("PUMPING_GUARD", sending.pumping.mode.rawValue),
                ("PUMPING_WINDOW", Self.text(sending.pumping.window)),
                ("PUMPING_MINIMUM_SENT", "\(sending.pumping.minimumSent)"),
                ("PUMPING_MINIMUM_PERCENT", "\(sending.pumping.minimumPercent)"),
            ] + (tokens ?? []) + (signing ?? []) + [
                ("ADMIN_LISTEN", "\(observation.adminListen)"),
                ("LOG_LEVEL", observation.logLevel.rawValue),
                ("LOG_FORMAT", observation.logFormat.rawValue),
            ]
    }

    private static func text(_ limits: [SendLimit]) -> String {
        limits.isEmpty ? "none" : limits.map { "\($0.count)/\(text($0.window))" }.joined(separator: ",")
    }

    /// In the largest unit that leaves nothing over.
    private static func text(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        for (unit, length) in [("d", Int64(86_400)), ("h", 3_600), ("m", 60)] where seconds % length == 0 && seconds > 0
        {
            return "\(seconds / length)\(unit)"
        }
        return "\(seconds)s"
    }
}
