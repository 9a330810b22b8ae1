import Contract
import Foundation
import Messaging
import Postgres
import TestSupport
import TokenCrypto
import TokenStore

/// Servers and files of one benchmark.
final class BenchmarkWorld {
    let topics = Topics()
    let database: String
    let kafka: KafkaSettings
    let keys: KeySource
    let postgres: ChildProcess
    let broker: ChildProcess
    private(set) var verifier: ChildProcess?
    private let folder: URL
    private let environment: [String: String]
    static let partitions: Int32 = 4

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "usertokens-bench-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755]
        )
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        postgres = try ChildProcess(
            root.appending(path: "deploy/postgres/run").path,
            ["--dir", folder.appending(path: "pg").path, "--durable"]
        )
        let port = try FreePort.next()
        broker = try ChildProcess(root.appending(path: "deploy/broker/run").path, ["--port", "\(port)"])
        try postgres.waitForOutput("postgresql://", timeout: .seconds(60))
        try broker.waitForOutput("ready", timeout: .seconds(180))
        guard let url = postgres.outputSoFar.split(separator: "\n").first(where: { $0.hasPrefix("postgresql") }) else {
            throw ChildFailed(description: "PostgreSQL said no address")
        }
        database = String(url)
        let properties = [
            "bootstrap.servers": "127.0.0.1:\(port)", "session.timeout.ms": "6000", "heartbeat.interval.ms": "1000",
            "fetch.wait.max.ms": "10",
        ]
        kafka = try KafkaSettings(properties: properties)
        let keyFile = folder.appending(path: "keys.json").path
        try KeyFile.create(path: keyFile)
        keys = try KeySource(path: keyFile)
        environment = [
            "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:\(port)", "KAFKA_PROPERTY_SESSION_TIMEOUT_MS": "6000",
            "KAFKA_PROPERTY_HEARTBEAT_INTERVAL_MS": "1000", "KAFKA_PROPERTY_FETCH_WAIT_MAX_MS": "10",
            "POSTGRES_URL": database, "KEYS_FILE": keyFile,
        ]
        try prepare()
    }

    private func prepare() throws {
        let connection = try connect()
        defer { connection.close() }
        _ = try Schema.migrator.migrate(connection)
        try Tenants.add("default", connection)
        let admin = try KafkaAdmin(kafka)
        defer { admin.close() }
        let names = topics.all + topics.read.map { topics.dlq(of: $0) } + [Floor.input, Floor.output]
        _ = try admin.create(
            names.map { TopicSpec(name: $0, partitions: Self.partitions, replicationFactor: 1) },
            timeoutMilliseconds: 20_000
        )
    }

    func connect() throws -> PGConnection {
        try PGConnection(
            database,
            applicationName: "benchmark",
            sessionSettings: ["plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"]
        )
    }

    /// The executable that was built beside this one.
    func startVerifier() throws {
        let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "verifier")
        let child = try ChildProcess(program.path, [], environment: environment)
        verifier = child
    }

    func stop() {
        for child in [verifier, broker, postgres].compactMap(\.self) {
            child.signal(15)
            do { _ = try child.waitForExit(timeout: .seconds(20)) } catch { child.kill() }
        }
        do { try FileManager.default.removeItem(at: folder) } catch { print("left behind: \(folder.path)") }
    }
}

struct ChildFailed: Error, CustomStringConvertible {
    let description: String
}
