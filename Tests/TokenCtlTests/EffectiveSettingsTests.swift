import Contract
import Settings
import Testing

@testable import TokenCtl

@Suite("Effective settings")
struct EffectiveSettingsTests {
    private let required = [
        "KAFKA_BOOTSTRAP_SERVERS": "b:9092", "POSTGRES_URL": "postgresql://u:hunter2@h/d", "KEYS_FILE": "/k",
    ]

    private func values(_ more: [String: String] = [:]) throws -> [String: String] {
        let settings = try ServiceSettings(environment: required.merging(more) { $1 })
        var reader = SettingsReader(environment: more)
        let scanner = ScannerSettings(&reader)
        let effective = EffectiveSettings(settings, topics: Topics(prefix: "site."), scanner: scanner)
        return Dictionary(uniqueKeysWithValues: effective.values.map { ($0.name, $0.value) })
    }

    @Test("what may be a secret is redacted", arguments: ["SASL_PASSWORD", "SSL_KEY_PEM", "SASL_OAUTHBEARER_CONFIG"])
    func secrets(property: String) throws {
        let values = try values(["KAFKA_PROPERTY_\(property)": "hunter2"])
        #expect(values["KAFKA_PROPERTY_\(property)"] == "‹redacted›")
        #expect(!values.values.contains { $0.contains("hunter2") })
    }

    @Test("defaults are told in the contract's words")
    func defaults() throws {
        let values = try values()
        #expect(values["REPLY_TOPICS"] == "site.replies,site.replies.*")
        #expect(values["MAX_QUEUE_AGE"] == "1m")
        #expect(values["SEND_LIMIT_USER"] == "5/15m,20/1d")
        #expect(values["SEND_LIMIT_TENANT"] == "none")
        #expect(values["ADMIN_LISTEN"] == "127.0.0.1:0")
    }

    @Test("what is told can be set: reading it again gives the same")
    func roundTrip() throws {
        let told = try values([
            "SMS_COUNTRIES": "41,+49", "SEND_LIMIT_PREFIX": "3/90s", "INBOX_RETENTION": "25h",
            "KAFKA_PROPERTY_CLIENT_ID": "x",
        ])
        #expect(told["SMS_COUNTRIES"] == "+41,+49")
        #expect(try values(told.filter { $0.value != "‹redacted›" }) == told)
    }

    @Test("a command reads only what it needs, and tells every mistake in that")
    func needs() throws {
        let broken = ["KAFKA_PROPERTY_NOTHING": "1", "TOPIC_PREFIX": "a b", "POSTGRES_URL": "nonsense"]
        #expect(
            try ToolSettings.read(environment: ["KEYS_FILE": "/k"].merging(broken) { $1 }) { $0.keysFile() } == "/k"
        )
        let error = #expect(throws: SettingsError.self) {
            _ = try ToolSettings.read(environment: broken) { settings in
                let (broker, _) = (settings.broker(), settings.database())
                return broker
            }
        }
        #expect(
            error?.mistakes.map { $0.prefix { $0 != ":" } } == [
                "KAFKA_BOOTSTRAP_SERVERS", "TOPIC_PREFIX", "KAFKA_PROPERTY_NOTHING", "POSTGRES_URL",
            ]
        )
        #expect(error.map { "\($0)".contains("nonsense") } == false)
    }
}
