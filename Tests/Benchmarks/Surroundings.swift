import CommandSigning
import Contract
import Foundation
import Messaging
import Postgres
import Settings
import TestSupport
import TokenCrypto
import TokenStore

/// A private durable PostgreSQL, a private broker and a key file; all gone with this value.
final class Surroundings {
    let broker: BrokerProcess
    let keys: KeySource
    let keyFile: String
    private let server: ChildProcess
    private let directory: URL
    private let serverURL: String

    /// - Parameters:
    ///   - brokerBinary: Tansu's own executable, to be used without the relay; nil: `deploy/broker/run`.
    init(brokerBinary: String?) throws {
        let name = "ut-bench-\(getpid())"
        directory = FileManager.default.temporaryDirectory.appending(path: name)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        keyFile = directory.appending(path: "keys.json").path
        try KeyFile.create(path: keyFile)
        keys = try KeySource(path: keyFile)
        broker = try BrokerProcess(binary: brokerBinary)
        // Durable: what a commit costs is part of what is measured.
        let data = FileManager.default.temporaryDirectory.appending(path: name + "-pg").path
        server = try ChildProcess(
            Self.script("postgres/run"),
            [
                "--dir", data, "--durable", "--temporary", "--", "-c", "shared_buffers=256MB", "-c",
                "max_wal_size=4GB", "-c", "checkpoint_timeout=15min", "-c", "max_locks_per_transaction=256",
            ]
        )
        try server.waitForOutput("\n")
        serverURL = String(server.outputSoFar.prefix { $0 != "\n" })
    }

    deinit {
        // SIGTERM, so that the script removes the server's directory.
        server.signal(SIGTERM)
        do {
            try server.waitForExit()
            try FileManager.default.removeItem(at: directory)
        } catch {
            print("not everything could be removed: \(error)")
        }
    }

    /// The settings of a service whose commands are signed.
    func signing(_ algorithm: SignatureAlgorithm) throws -> [String: String] {
        let file = directory.appending(path: "jwks.json")
        try Data(SampleKeys.wholeSet.utf8).write(to: file)
        return [
            "COMMAND_JWKS_FILE": file.path, "COMMAND_JWT_ISSUER": SignedLoad.issuer,
            "COMMAND_JWT_ALGORITHMS": algorithm.rawValue,
        ]
    }

    var postgresProcess: pid_t { server.pid }

    /// Makes an empty database with the schema and the tenant, or a copy of one; returns its URL.
    func database(_ name: String, copyOf template: String? = nil) throws -> String {
        try withConnection(serverURL) { connection in
            try connection.execute("CREATE DATABASE \(name)" + (template.map { " TEMPLATE \($0)" } ?? ""))
        }
        let url = url(of: name)
        if template == nil {
            try withConnection(url) { connection in
                _ = try Schema.migrator.migrate(connection)
                try Tenants.add(Population.tenant, connection)
            }
        }
        return url
    }

    /// Brings statistics and the visibility map up to date, and the checkpoint behind us.
    func settle(_ database: String) throws {
        try withConnection(url(of: database)) { try $0.execute("VACUUM ANALYZE") }
        try withConnection(serverURL) { try $0.execute("CHECKPOINT") }
    }

    func backend(of applicationName: String) throws -> pid_t? {
        try withConnection(serverURL) { connection in
            let result = try connection.query(
                Statement(
                    name: "backend",
                    sql: "SELECT pid FROM pg_stat_activity WHERE application_name = $1::text"
                ),
                [.text(applicationName)]
            )
            return result.rowCount == 0 ? nil : result.int32(0, 0)
        }
    }

    func createTopics(_ topics: Topics, partitions: Int32) throws {
        let admin = try KafkaAdmin(Messaging.KafkaSettings(properties: broker.properties))
        defer { admin.close() }
        let names = topics.all + topics.read.map { topics.dlq(of: $0) }
        _ = try admin.create(
            names.map { TopicSpec(name: $0, partitions: partitions, replicationFactor: 1) },
            timeoutMilliseconds: 10_000
        )
    }

    private func withConnection<Result>(_ url: String, _ body: (PGConnection) throws -> Result) throws -> Result {
        let connection = try PGConnection(url, applicationName: "benchmark")
        defer { connection.close() }
        return try body(connection)
    }

    private func url(of database: String) -> String { serverURL.replacing("/postgres?", with: "/\(database)?") }

    static func script(_ name: String) -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../deploy").standardized
        return root.appending(path: name).path
    }
}

/// The embedded broker, behind its relay or alone.
final class BrokerProcess {
    let properties: [String: String]
    let isDirect: Bool
    private let process: ChildProcess

    init(binary: String?) throws {
        let address = "127.0.0.1:\(try FreePort.next())"
        isDirect = binary != nil
        if let binary {
            process = try ChildProcess(
                "setpriv",
                [
                    "--pdeathsig", "KILL", binary, "broker", "--listener-url", "tcp://\(address)",
                    "--advertised-listener-url", "tcp://\(address)", "--storage-engine", "memory://tansu/",
                ]
            )
        } else {
            process = try ChildProcess(
                Surroundings.script("broker/run"),
                ["--port", String(address.split(separator: ":")[1])]
            )
            try process.waitForOutput("ready", timeout: .seconds(180))
        }
        var properties = [
            "bootstrap.servers": address,
            "session.timeout.ms": "6000",
            "heartbeat.interval.ms": "1000",
            "partition.assignment.strategy": "range,roundrobin",
            "reconnect.backoff.max.ms": "200",
        ]
        // By itself it does not wake a waiting fetch: this is how often it is asked.
        if binary != nil { properties["fetch.wait.max.ms"] = "10" }
        self.properties = properties
    }

    /// SIGTERM lets the script end its children.
    deinit {
        process.signal(SIGTERM)
        do { try process.waitForExit(timeout: .seconds(8)) } catch { process.kill() }
    }

    var pid: pid_t { process.pid }
}
