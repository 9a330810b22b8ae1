package import CommandSigning
package import Contract
import HardwareKeys
package import Logging
package import Messaging
import Postgres
package import Settings
package import Telemetry
import TokenCore
package import TokenCrypto
package import TokenStore

/// Settings, keys and instruments of a service, read and judged before anything connects.
package struct WorkerSetup: Sendable {
    package let service: String
    package let environment: [String: String]
    package let settings: ServiceSettings
    package let topics: Topics
    package let replyTopics: ReplyTopicRule
    package let kafka: Messaging.KafkaSettings
    package let keys: KeySource
    /// Nil where commands are not signed.
    package let signatures: CommandVerifier?
    package let logger: Logger
    package let metrics: MetricRegistry
    package let health: HealthState
    package let faults: FaultReporter
    package let stop: StopSignal

    /// - Parameters:
    ///   - rings: the key rings that the service needs an active key of.
    ///   - more: reads what only this service has.
    /// - Throws: `ProcessExit` 78 with one line for each mistake.
    package init(
        service: String,
        rings: [Ring],
        environment: [String: String],
        reading more: (inout SettingsReader) -> Void = { _ in }
    ) throws(ProcessExit) {
        var reader = SettingsReader(environment: environment)
        let settings = ServiceSettings(&reader)
        more(&reader)
        let topics = Topics(prefix: settings.topics.prefix)
        let logger = Logger(service: service, settings: settings.observation)
        if !settings.postgres.value.isEmpty, !PGConnection.understands(settings.postgres.value) {
            reader.refuse("POSTGRES_URL", "no libpq URI or conninfo")
        }
        let rule = Self.replyTopics(settings.topics.replyTopics, topics, &reader)
        let kafka = Self.kafka(settings.kafka, logger, &reader)
        let keys = settings.keysFile.isEmpty ? nil : Self.keys(settings, rings, &reader)
        let signatures = settings.commands.signing.flatMap { Self.signatures($0, &reader) }
        do {
            try reader.finish()
        } catch {
            throw ProcessExit(code: ProcessExit.configuration, lines: error.mistakes)
        }
        guard let rule, let kafka, let keys else {
            throw ProcessExit(code: ProcessExit.configuration, lines: ["the configuration is not usable"])
        }
        self.service = service
        self.environment = environment
        self.settings = settings
        self.topics = topics
        self.replyTopics = rule
        self.kafka = kafka
        self.keys = keys
        self.signatures = signatures
        self.logger = logger
        metrics = MetricRegistry()
        health = HealthState(conditions: [.database, .schema, .topics, .group])
        faults = FaultReporter(health: health, metrics: metrics, logger: logger)
        stop = StopSignal()
    }

    /// What the decisions of the service depend on.
    package var decisions: DecisionSettings {
        DecisionSettings(
            source: "/usertokens/\(service)",
            service: service,
            horizon: settings.commands.inboxRetention.components.seconds,
            limits: SendingLimits(settings.sending)
        )
    }

    /// `MAX_QUEUE_AGE` in seconds.
    package var maximumQueueAge: Int64 { settings.commands.maxQueueAge.components.seconds }

    package var store: StoreSettings {
        StoreSettings(url: settings.postgres.value, applicationName: "usertokens-\(service)")
    }

    /// Whose rights the database has to give it.
    ///
    /// - Precondition: the service is an executable that works, not the tool.
    var databaseRole: DatabaseRole {
        guard let role = DatabaseRole(rawValue: service) else { preconditionFailure("\(service) has no database role") }
        return role
    }

    package func envelopes() -> SealedEnvelopes {
        SealedEnvelopes(keys: keys, requiresSealing: settings.commands.sealing == .required)
    }

    private static func replyTopics(
        _ setting: String?,
        _ topics: Topics,
        _ reader: inout SettingsReader
    ) -> ReplyTopicRule? {
        guard let setting else { return ReplyTopicRule(topics: topics) }
        do {
            return try ReplyTopicRule(setting, topics: topics)
        } catch {
            reader.refuse("REPLY_TOPICS", "\(error)")
            return nil
        }
    }

    private static func kafka(
        _ settings: Settings.KafkaSettings,
        _ logger: Logger,
        _ reader: inout SettingsReader
    ) -> Messaging.KafkaSettings? {
        settings.checkSecretFiles(&reader)
        do {
            return try Messaging.KafkaSettings(
                properties: settings.properties,
                onLog: { line in
                    logger.debug("librdkafka", metadata: ["facility": "\(line.facility)", "line": "\(line.message)"])
                },
                onError: { error in
                    logger.debug("librdkafka reports", metadata: [LogKey.errorMessage: "\(error)"])
                }
            )
        } catch {
            for problem in error.problems where problem.reason != .missing {
                let variable = "KAFKA_PROPERTY_" + problem.property.uppercased().replacing(".", with: "_")
                reader.refuse(variable, "a librdkafka property that may be set (\(problem.reason.rawValue))")
            }
            return nil
        }
    }

    private static func keys(
        _ settings: ServiceSettings,
        _ rings: [Ring],
        _ reader: inout SettingsReader
    ) -> KeySource? {
        do {
            // Who opens no seed needs no token.
            let tokens = rings.contains(.kek) ? try settings.keyTokens.map(hardwareKeys) : nil
            let keys = try KeySource(path: settings.keysFile, keyEncryption: tokens ?? FileKeyEncryption())
            reader.refuse(lines: keys.current.problems(needing: rings))
            if rings.contains(.kek) {
                for key in keys.current.keys where key.location != nil {
                    guard let tokens else {
                        reader.refuse("PKCS11_MODULE", "required: kid \(key.kid) is on a PKCS#11 token")
                        break
                    }
                    try tokens.check(key)
                }
            }
            return keys
        } catch let error as KeysError {
            reader.refuse(lines: error.problems)
        } catch {
            reader.refuse(lines: ["\(error)"])
        }
        return nil
    }

    private static func hardwareKeys(_ settings: KeyTokenSettings) throws(KeyEncryptionError) -> HardwareKeys {
        try HardwareKeys(module: settings.module, pinFile: settings.pinFile)
    }

    private static func signatures(
        _ settings: CommandSettings.Signing,
        _ reader: inout SettingsReader
    ) -> CommandVerifier? {
        do {
            return try CommandVerifier(settings)
        } catch {
            reader.refuse(lines: error.problems)
            return nil
        }
    }
}

extension PumpingGuard {
    fileprivate init(_ settings: PumpingSettings) {
        let mode: Mode =
            switch settings.mode {
            case .off: .off
            case .dryRun: .dryRun
            case .enforce: .enforce
            }
        self.init(
            mode: mode,
            windowSeconds: settings.window.components.seconds,
            minimumSent: settings.minimumSent,
            minimumRate: Double(settings.minimumPercent) / 100
        )
    }
}

extension SendingLimits {
    init(_ settings: SendingSettings) {
        func limits(_ some: [SendLimit]) -> [Limit] {
            some.map { Limit(count: $0.count, seconds: $0.window.components.seconds) }
        }
        self.init(
            user: limits(settings.user),
            destination: limits(settings.destination),
            prefix: limits(settings.prefix),
            tenant: limits(settings.tenant),
            countries: settings.smsCountries,
            pumping: PumpingGuard(settings.pumping)
        )
    }
}
