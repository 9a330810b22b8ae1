import Settings
import Testing

@Suite("Service settings")
struct ServiceSettingsTests {
    private let least = [
        "KAFKA_BOOTSTRAP_SERVERS": "localhost:9092", "POSTGRES_URL": "postgres://u:hunter2@db/t",
        "KEYS_FILE": "keys.json",
    ]

    private func read(_ more: [String: String]) throws(SettingsError) -> ServiceSettings {
        try ServiceSettings(environment: least.merging(more) { $1 })
    }

    private func mistakes(_ more: [String: String]) -> [String] {
        do {
            _ = try read(more)
            return []
        } catch {
            return error.mistakes
        }
    }

    @Test("three settings are required")
    func required() {
        let error = #expect(throws: SettingsError.self) { try ServiceSettings(environment: [:]) }
        #expect(
            error?.mistakes == ["KAFKA_BOOTSTRAP_SERVERS: required", "POSTGRES_URL: required", "KEYS_FILE: required"]
        )
    }

    @Test("the library of a key's token and the file with its PIN are set together or not at all")
    func keyTokens() throws {
        #expect(try read([:]).keyTokens == nil)
        let both = try read(["PKCS11_MODULE": "/m.so", "PKCS11_PIN_FILE": "/pin"]).keyTokens
        #expect(both?.module == "/m.so" && both?.pinFile == "/pin")
        #expect(mistakes(["PKCS11_MODULE": "/m.so"]) == ["PKCS11_PIN_FILE: required with PKCS11_MODULE"])
        #expect(mistakes(["PKCS11_PIN_FILE": "/pin"]) == ["PKCS11_MODULE: required with PKCS11_PIN_FILE"])
    }

    @Test("the defaults are the contract's")
    func defaults() throws {
        let settings = try read([:])
        #expect(settings.topics.prefix == "tokens.")
        #expect(settings.commands.maxQueueAge == .seconds(60))
        #expect(settings.commands.inboxRetention == .seconds(86_400))
        #expect(settings.commands.sealing == .optional)
        #expect(settings.commands.signing == nil)
        #expect(settings.sending.user.map(\.count) == [5, 20])
        #expect(settings.sending.destination.map(\.window) == [.seconds(900)])
        #expect(settings.sending.prefix.isEmpty && settings.sending.tenant.isEmpty)
        #expect(settings.sending.admits(phone: "+4179"))
        #expect(settings.observation.adminListen.description == "127.0.0.1:0")
        #expect(settings.observation.logLevel == .info && settings.observation.logFormat == .json)
    }

    @Test("librdkafka properties come by their names")
    func kafkaProperties() throws {
        let kafka = try read(["KAFKA_PROPERTY_SASL_MECHANISM": "PLAIN", "KAFKA_PROPERTY_SASL_PASSWORD": "hunter2"])
            .kafka
        #expect(
            kafka.properties == [
                "bootstrap.servers": "localhost:9092", "sasl.mechanism": "PLAIN", "sasl.password": "hunter2",
            ]
        )
        #expect(mistakes(["KAFKA_PROPERTY_BOOTSTRAP_SERVERS": "elsewhere"]).count == 1)
    }

    @Test("no way of printing the settings shows a password")
    func redacted() throws {
        let settings = try read(["KAFKA_PROPERTY_SASL_PASSWORD": "hunter2"])
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!dumped.contains("hunter2"))
        #expect(!"\(settings)".contains("hunter2"))
        #expect(!String(reflecting: settings).contains("hunter2"))
        #expect(settings.postgres.value.contains("hunter2"))
    }

    @Test("key file and issuer of signed commands go together")
    func signing() throws {
        #expect(
            mistakes(["COMMAND_JWKS_FILE": "f"]) == ["COMMAND_JWT_ISSUER: required where COMMAND_JWKS_FILE is set"]
        )
        #expect(
            mistakes(["COMMAND_JWT_ISSUER": "i"]) == ["COMMAND_JWKS_FILE: required where COMMAND_JWT_ISSUER is set"]
        )
        #expect(mistakes(["COMMAND_JWT_ALGORITHMS": "ES256"]).count == 1)
        #expect(mistakes(["COMMAND_JWT_BINDING": "required"]).count == 1)
        #expect(
            mistakes(["COMMAND_JWKS_FILE": "f", "COMMAND_JWT_ISSUER": "i", "COMMAND_JWT_ALGORITHMS": "none"]).count == 1
        )
        let signing = try read(["COMMAND_JWKS_FILE": "f", "COMMAND_JWT_ISSUER": "i"]).commands.signing
        #expect(signing?.algorithms == [.edDSA, .es256])
    }

    @Test("a prefix is part of a topic name")
    func topicPrefix() throws {
        #expect(try read([:]).topics.prefix == "tokens.")
        #expect(mistakes(["TOPIC_PREFIX": "a b"]).count == 1)
    }

    @Test("countries are E.164 prefixes")
    func countries() throws {
        let sending = try read(["SMS_COUNTRIES": "+41, 49"]).sending
        #expect(sending.admits(phone: "+41791234567") && sending.admits(phone: "+4930"))
        #expect(!sending.admits(phone: "+33123") && !sending.admits(phone: "41"))
        for bad in ["+0", "CH", "+", "+1234567890123456"] {
            #expect(mistakes(["SMS_COUNTRIES": bad]).count == 1)
        }
    }

    @Test("an address to listen on is a host and a port")
    func listenAddress() {
        #expect(ListenAddress(text: "[::1]:80") == ListenAddress(host: "::1", port: 80))
        #expect(ListenAddress(text: "[::1]:80")?.description == "[::1]:80")
        #expect(ListenAddress(text: "0.0.0.0:9464")?.port == 9_464)
        for bad in ["", "127.0.0.1", ":80", "::1:80", "h:99999", "h:-1", "a b:1"] {
            #expect(ListenAddress(text: bad) == nil)
        }
    }
}
