import Glibc

/// A Kafka-protocol broker for tests: the embedded one of `deploy/broker`, started on free ports, or the one that
/// `KAFKA_BOOTSTRAP_SERVERS` names.
///
/// The embedded broker ends with this process, however that ends.
package final class PrivateBroker: Sendable {
    package let bootstrapServers: String
    /// Makes faults between clients and this broker; `nil` unless it was started with them.
    package let faults: BrokerFaults?
    private let process: ChildProcess?

    /// The broker of this test process; started by the first who asks.
    package static var shared: PrivateBroker { get throws { try sharedResult.get() } }

    private static let sharedResult = Result { try PrivateBroker() }

    /// Tests that need more than the embedded broker can do ask this.
    package static var isEmbedded: Bool { externalServers == nil }

    private static var externalServers: String? {
        getenv("KAFKA_BOOTSTRAP_SERVERS").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    private init() throws {
        if let servers = Self.externalServers {
            (bootstrapServers, faults, process) = (servers, nil, nil)
            return
        }
        let port = try FreePort.next()
        bootstrapServers = "127.0.0.1:\(port)"
        faults = nil
        process = try Self.start(["--port", "\(port)"])
    }

    /// An embedded broker for one test alone, with a relay in front of it that can fail.
    package init(withFaults: Void) throws {
        let (port, control) = (try FreePort.next(), try FreePort.next())
        bootstrapServers = "127.0.0.1:\(port)"
        process = try Self.start(["--port", "\(port)", "--control", "\(control)"])
        faults = BrokerFaults(port: control)
    }

    /// librdkafka's properties for this broker: where it is, and short time-outs that suit the embedded one.
    package var properties: [String: String] {
        [
            "bootstrap.servers": bootstrapServers,
            // A member that died is missed soon.
            "session.timeout.ms": "6000",
            "heartbeat.interval.ms": "1000",
            "partition.assignment.strategy": "range,roundrobin",
            "reconnect.backoff.max.ms": "500",
        ]
    }

    /// A name for a topic or group that no other test has.
    package func uniqueName(_ hint: String) -> String {
        "test.\(hint).\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    }

    private static func start(_ arguments: [String]) throws -> ChildProcess {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let process = try ChildProcess("/\(root)/deploy/broker/run", arguments)
        // The first start on a machine installs the broker.
        try process.waitForOutput("ready", timeout: .seconds(180))
        return process
    }
}
