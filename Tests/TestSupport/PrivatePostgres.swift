import Foundation
package import Postgres
import Synchronization

/// How a test's database looks at its start: prepared once in a process, then copied.
package struct DatabaseTemplate: Sendable {
    package let name: String
    package let prepare: @Sendable (PGConnection) throws -> Void

    /// - Parameters:
    ///   - name: one word, the template's identity within the process.
    ///   - prepare: runs once, on the template; migrations, for instance.
    package init(_ name: String, prepare: @escaping @Sendable (PGConnection) throws -> Void) {
        self.name = name
        self.prepare = prepare
    }

    package static let empty = DatabaseTemplate("empty") { _ in }
}

/// The test process's own PostgreSQL: started on first use without fsync, gone with the process.
///
/// With `POSTGRES_URL` in the environment that server is used instead; its user must be allowed to create databases.
package final class PrivatePostgres: Sendable {
    private struct State {
        var templates: [String: Result<String, any Error>] = [:]
        var count = 0
    }

    private static let instance = Result { try PrivatePostgres() }

    /// The server of this process.
    package static func shared() throws -> PrivatePostgres { try instance.get() }

    /// A `postgresql://` URL of the server's own database, for what concerns all databases.
    package let url: String

    private let state = Mutex(State())
    private let prefix = "test_\(getpid())_\(UInt32.random(in: 0 ... .max))"

    private init() throws {
        url = try ProcessInfo.processInfo.environment["POSTGRES_URL"] ?? Self.start()
        if ProcessInfo.processInfo.environment["POSTGRES_URL"] != nil {
            atexit { (try? PrivatePostgres.shared())?.dropTemplates() }
        }
    }

    /// Lends a fresh copy of `template`, by its URL, and drops it afterwards with whatever is still connected to it.
    package func withDatabase<R>(_ template: DatabaseTemplate = .empty, _ body: (String) throws -> R) throws -> R {
        let name = try create(template)
        defer { drop(name) }
        return try body(url(of: name))
    }

    /// As the synchronous one.
    package func withDatabase<R>(
        _ template: DatabaseTemplate = .empty,
        _ body: (String) async throws -> R
    ) async throws -> R {
        let name = try create(template)
        defer { drop(name) }
        return try await body(url(of: name))
    }

    private func create(_ template: DatabaseTemplate) throws -> String {
        let (source, name) = try state.withLock { state in
            state.count += 1
            let source = state.templates[template.name] ?? Result { try prepare(template) }
            state.templates[template.name] = source
            return (try source.get(), "\(prefix)_\(state.count)")
        }
        try administer { try $0.execute("CREATE DATABASE \(name) TEMPLATE \(source)") }
        return name
    }

    private func prepare(_ template: DatabaseTemplate) throws -> String {
        let name = "\(prefix)_\(template.name)"
        try administer { try $0.execute("CREATE DATABASE \(name)") }
        let connection = try PGConnection(url(of: name), applicationName: "template")
        defer { connection.close() }
        try template.prepare(connection)
        connection.close()
        // A template must be free of connections; this one's end may take a moment to be noticed.
        try administer {
            try $0.execute("ALTER DATABASE \(name) WITH ALLOW_CONNECTIONS false")
            try $0.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '\(name)'")
        }
        return name
    }

    private func dropTemplates() {
        for template in state.withLock({ $0.templates.values }) {
            if case .success(let name) = template { drop(name) }
        }
    }

    private func drop(_ name: String) {
        do {
            try administer { try $0.execute("DROP DATABASE IF EXISTS \(name) WITH (FORCE)") }
        } catch {
            print("could not drop \(name): \(error)")
        }
    }

    private func administer(_ body: (PGConnection) throws -> Void) throws {
        let connection = try PGConnection(url, applicationName: "tests")
        defer { connection.close() }
        try body(connection)
    }

    private func url(of database: String) -> String {
        // The path is what stands between the authority and the parameters.
        let parts = url.split(separator: "?", maxSplits: 1)
        let head = parts[0].split(separator: "/", omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
        return "\(head)/\(database)" + (parts.count > 1 ? "?\(parts[1])" : "")
    }

    /// The script ends the server, and removes its directory, once this process is gone.
    private static func start() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let directory =
            FileManager.default.temporaryDirectory.path + "/ut-pg-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let script = Process()
        let output = Pipe()
        script.executableURL = root.appending(path: "deploy/postgres/run")
        script.arguments = ["--dir", directory, "--fast", "--temporary"]
        script.standardInput = FileHandle.nullDevice
        script.standardOutput = output
        try script.run()
        var text: [UInt8] = []
        while text.last != UInt8(ascii: "\n") {
            let chunk = output.fileHandleForReading.availableData
            guard !chunk.isEmpty else { throw NoServer() }
            text += chunk
        }
        return String(decoding: text.dropLast(), as: UTF8.self)
    }

    private struct NoServer: Error, CustomStringConvertible {
        let description = "deploy/postgres/run started no server; its reason is on standard error"
    }
}
