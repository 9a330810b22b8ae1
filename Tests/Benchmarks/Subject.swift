import Contract
import Foundation
import FoundationNetworking
import TestSupport

/// What is measured: the verifier's executable, or the bare loop beside it. Both are processes of their own with the
/// same environment, fed by the same client.
struct Subject {
    let name: String
    let program: String
    let arguments: [String]
    let topics: Topics
    let database: String
    /// What its connection calls itself.
    let applicationName: String
    /// Where it tells its metrics, if it does.
    var adminPort: UInt16?
    /// Settings of signed commands.
    var signing: [String: String] = [:]

    func start(_ surroundings: Surroundings) throws -> ChildProcess {
        var environment = [
            "POSTGRES_URL": database, "KEYS_FILE": surroundings.keyFile, "TOPIC_PREFIX": topics.prefix,
            "MAX_QUEUE_AGE": "1h", "LOG_LEVEL": "warning", "LOG_FORMAT": "text",
        ]
        environment.merge(signing) { $1 }
        if let adminPort { environment["ADMIN_LISTEN"] = "127.0.0.1:\(adminPort)" }
        for (name, value) in surroundings.broker.properties where name != "bootstrap.servers" {
            environment["KAFKA_PROPERTY_" + name.uppercased().replacing(".", with: "_")] = value
        }
        environment["KAFKA_BOOTSTRAP_SERVERS"] = surroundings.broker.properties["bootstrap.servers"]
        return try ChildProcess(program, arguments, environment: environment)
    }

    /// Sum and count of the batches' sizes so far.
    func batches() throws -> (records: Double, count: Double)? {
        guard let adminPort, let url = URL(string: "http://127.0.0.1:\(adminPort)/metrics") else { return nil }
        let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
        func value(_ name: String) -> Double {
            text.split(separator: "\n").first { $0.hasPrefix(name) }
                .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) } ?? 0
        }
        return (value("usertokens_batch_size_sum"), value("usertokens_batch_size_count"))
    }
}

/// One phase of one subject.
struct Phase {
    let load: LoadResult
    /// Microseconds of CPU per command, by group of processes.
    let cpu: [String: Double]
    let batchSize: Double?
}

/// Both phases of one subject.
struct Measurement {
    let name: String
    let single: Phase
    let saturated: Phase
    /// What it wrote for one command: reply and event.
    let specimens: [WireMessage]
}

/// Runs a subject through its phases.
struct Course {
    let surroundings: Surroundings
    let population: Population
    let signing: SignedLoad?
    let warmUp: Int
    let singles: Int
    let commands: Int
    let window: Int

    func measure(_ subject: Subject) throws -> Measurement {
        let process = try subject.start(surroundings)
        defer { end(process) }
        let client = try LoadClient(
            subject.topics,
            population,
            signing: subject.signing.isEmpty ? nil : signing,
            broker: surroundings.broker
        )
        defer { client.close() }
        do {
            _ = try client.run(count: warmUp, window: 64)
            let groups = try groups(subject, process)
            let single = try phase(subject, client, groups, count: singles, window: 1)
            let saturated = try phase(subject, client, groups, count: commands, window: window)
            let specimens = try [subject.topics.replies, subject.topics.events].map {
                try client.specimen(of: $0, broker: surroundings.broker)
            }
            return Measurement(name: subject.name, single: single, saturated: saturated, specimens: specimens)
        } catch {
            print("\(subject.name): \(process.errors)")
            throw error
        }
    }

    /// By SIGTERM, so that a profiler that it runs under can write its report.
    private func end(_ process: ChildProcess) {
        process.signal(SIGTERM)
        do { try process.waitForExit() } catch { process.kill() }
    }

    private func phase(
        _ subject: Subject,
        _ client: LoadClient,
        _ groups: [(name: String, processes: [pid_t])],
        count: Int,
        window: Int
    ) throws -> Phase {
        let batchesBefore = try subject.batches()
        let before = ProcessorTime(groups)
        let load = try client.run(count: count, window: window)
        let spent = ProcessorTime(groups).since(before)
        var batchSize: Double?
        if let batchesBefore, let after = try subject.batches(), after.count > batchesBefore.count {
            batchSize = (after.records - batchesBefore.records) / (after.count - batchesBefore.count)
        }
        return Phase(load: load, cpu: spent.mapValues { $0 / Double(count) * 1_000_000 }, batchSize: batchSize)
    }

    private func groups(_ subject: Subject, _ process: ChildProcess) throws -> [(name: String, processes: [pid_t])] {
        let backend = try surroundings.backend(of: subject.applicationName)
        let server = ProcessorTime.tree(below: surroundings.postgresProcess).filter { $0 != backend }
        let broker = ProcessorTime.tree(below: surroundings.broker.pid)
        let relay = broker.filter { ProcessorTime.name(of: $0).hasPrefix("python") }
        return [
            (Group.worker, [process.pid]), (Group.backend, backend.map { [$0] } ?? []), (Group.server, server),
            (Group.broker, broker.filter { !relay.contains($0) }), (Group.relay, relay), (Group.client, [getpid()]),
        ]
    }
}

/// Whose CPU is looked at.
enum Group {
    static let worker = "worker"
    static let backend = "PostgreSQL backend"
    static let server = "rest of PostgreSQL"
    static let broker = "broker"
    static let relay = "relay"
    static let client = "client"
    static let all = [worker, backend, server, broker, relay, client]
}
