import Contract
import Messaging
import TestSupport
import Testing
import TokenCrypto

@Suite("Setting up with tokenctl", .timeLimit(.minutes(3)))
struct SetUpTests {
    @Test("migrating twice changes nothing the second time, and leaves the tenant 'default'")
    func migrate() throws {
        try PrivatePostgres.shared().withDatabase { url in
            let tool = Tool().with("POSTGRES_URL", url)
            let before = try tool.run("tenant", "list")
            #expect(before.code == 78 && before.errors.contains("tokenctl migrate"))
            let first = try tool.run("migrate")
            #expect(first.code == 0 && first.output.contains("applied 1 token_schema"), "\(first.errors)")
            let second = try tool.run("migrate")
            #expect(second.code == 0 && second.output == "schema is current\n", "\(second.errors)")
            #expect(try tool.run("tenant", "list").lines.map { $0.prefix { $0 != "\t" } } == ["default"])
        }
    }

    @Test("a tenant is added once and listed")
    func tenants() throws {
        try PrivatePostgres.shared().withDatabase { url in
            let tool = Tool().with("POSTGRES_URL", url)
            try #require(tool.run("migrate").code == 0)
            #expect(try tool.run("tenant", "add", "acme").output == "added acme\n")
            #expect(try tool.run("tenant", "add", "acme").output == "acme is there already\n")
            #expect(try tool.run("tenant", "list").lines.map { $0.prefix { $0 != "\t" } } == ["acme", "default"])
        }
    }

    @Test("a database that is away, or a name for none, is told in one line")
    func noDatabase() throws {
        let away = try Tool().with("POSTGRES_URL", "postgresql://u:hunter2@/d?host=%2Fnowhere").run("migrate")
        #expect(away.code == 75)
        #expect(away.errors.split(separator: "\n").count == 1 && !away.errors.contains("hunter2"))
        let wrong = try Tool().with("POSTGRES_URL", "hunter2").run("tenant", "list")
        #expect(wrong.code == 78)
        #expect(wrong.errors == "tokenctl: POSTGRES_URL: a libpq URI or conninfo string\n")
    }

    @Test("topics are made once; those that are there stay")
    func topics() throws {
        let broker = try PrivateBroker.shared
        let tool = Tool(broker)
        let first = try tool.run("topics", "create", "--partitions", "2")
        #expect(first.code == 0 && first.lines.count == 10, "\(first.errors)")
        #expect(first.lines.allSatisfy { $0.hasPrefix("created ") })
        let second = try tool.run("topics", "create", "--partitions", "5")
        #expect(second.code == 0 && second.lines.allSatisfy { $0.hasSuffix(" is there already") }, "\(second.errors)")

        let admin = try KafkaAdmin(KafkaSettings(properties: broker.properties))
        defer { admin.close() }
        let made = try admin.list(timeoutMilliseconds: 10_000)
        #expect(tool.topics.all.allSatisfy { made[$0] == 2 })
        #expect(tool.topics.read.allSatisfy { made[tool.topics.dlq(of: $0)] == 1 })
    }

    @Test("a key file is written once, rotated and listed without its secrets")
    func keys() throws {
        try withTemporaryPath { path in
            let tool = Tool().with("KEYS_FILE", path)
            #expect(try tool.run("keys", "status").code == 78)
            #expect(try tool.run("keys", "init").code == 0)
            let made = try KeyRings.load(path: path)
            let again = try tool.run("keys", "init")
            #expect(again.code == 78 && again.errors.contains("File exists"))
            #expect(try KeyRings.load(path: path).keys.map(\.kid) == made.keys.map(\.kid))

            #expect(try tool.run("keys", "rotate", "otp").code == 0)
            let status = try tool.run("keys", "status")
            let rows = status.lines.map { $0.split(separator: "\t") }
            #expect(rows.count == 8 && rows.allSatisfy { $0.count == ($0[2] == "retired" ? 4 : 3) })
            #expect(rows.filter { $0[2] == "retired" }.map { $0[3] } == ["unknown"], "there is no database to ask")
            #expect(rows.filter { $0[1] == "otp" }.map { $0[2] } == ["retired", "active"])
            for key in made.keys {
                #expect(!status.output.contains(key.secret.withBytes { Base64URL.encode($0) }))
            }
        }
    }

    @Test("check-configuration tells every mistake in a line of its own and no value")
    func checkConfiguration() throws {
        let wrong = try Tool().with("POSTGRES_URL", "hunter2").with("LOG_LEVEL", "hunter2").run("check-configuration")
        #expect(wrong.code == 78 && wrong.output.isEmpty)
        let names = wrong.errors.split(separator: "\n").map { $0.dropFirst("tokenctl: ".count).prefix { $0 != ":" } }
        #expect(Set(names) == ["KAFKA_BOOTSTRAP_SERVERS", "KEYS_FILE", "LOG_LEVEL", "POSTGRES_URL"])
        #expect(!wrong.errors.contains("hunter2"))

        try withTemporaryPath { path in
            let tool = Tool().with("KEYS_FILE", path).with("POSTGRES_URL", "postgresql://u:hunter2@h/d")
                .with("KAFKA_BOOTSTRAP_SERVERS", "b:9092").with("KAFKA_PROPERTY_SASL_PASSWORD", "hunter2")
            try #require(tool.run("keys", "init").code == 0)
            let right = try tool.run("check-configuration")
            #expect(right.code == 0, "\(right.errors)")
            #expect(right.lines.contains("TOPIC_PREFIX=tokens.") && right.lines.contains("POSTGRES_URL=‹redacted›"))
            #expect(!right.output.contains("hunter2"))
        }
    }

    @Test("--version and --help need no setting")
    func help() throws {
        #expect(try Tool().run("--version").lines.count == 1)
        let help = try Tool().run("--help")
        #expect(help.code == 0 && help.output.contains("check-configuration"))
    }
}
