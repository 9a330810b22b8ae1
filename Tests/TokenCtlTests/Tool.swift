import Contract
import Foundation
import Messaging
import TestSupport
import Testing

/// The built `tokenctl` with an environment of its own.
struct Tool {
    var environment: [String: String] = [:]

    struct Result {
        let code: Int32
        let output: String
        let errors: String

        var lines: [Substring] { output.split(separator: "\n") }
    }

    /// Nothing set, whatever this process has.
    init() {
        for name in ["KAFKA_BOOTSTRAP_SERVERS", "POSTGRES_URL", "TOPIC_PREFIX", "KEYS_FILE", "NOTIFIER_CONFIG"] {
            environment[name] = ""
        }
    }

    /// With the test's broker, and topics that no other test has.
    init(_ broker: PrivateBroker) {
        self.init()
        for (name, value) in broker.properties where name != "bootstrap.servers" {
            environment["KAFKA_PROPERTY_" + name.uppercased().replacing(".", with: "_")] = value
        }
        environment["KAFKA_BOOTSTRAP_SERVERS"] = broker.bootstrapServers
        environment["TOPIC_PREFIX"] = broker.uniqueName("ctl") + "."
    }

    var topics: Topics { Topics(prefix: environment["TOPIC_PREFIX"] ?? "") }

    func with(_ name: String, _ value: String) -> Tool {
        var tool = self
        tool.environment[name] = value
        return tool
    }

    func start(_ arguments: String..., input: String = "") throws -> ChildProcess {
        try ChildProcess(Self.path, arguments, environment: environment, input: Array(input.utf8))
    }

    /// With standard error among the output, which can be waited for.
    func startWithErrors(_ arguments: String...) throws -> ChildProcess {
        try ChildProcess("sh", ["-c", #"exec "$0" "$@" 2>&1"#, Self.path] + arguments, environment: environment)
    }

    func run(_ arguments: String..., input: String = "") throws -> Result {
        try run(list: arguments, input: input)
    }

    func run(list arguments: [String], input: String = "") throws -> Result {
        let child = try ChildProcess(Self.path, arguments, environment: environment, input: Array(input.utf8))
        let code = try child.waitForExit()
        return Result(code: code, output: child.outputSoFar, errors: child.errors)
    }

    /// Beside the tests in the folder of what was built.
    private static let path: String = {
        let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appending(path: "tokenctl").path
    }()
}

/// A path in the temporary folder, removed afterwards.
func withTemporaryPath<R>(_ body: (String) throws -> R) rethrows -> R {
    let path = FileManager.default.temporaryDirectory.appending(path: "tokenctl-\(UUID().uuidString)").path
    defer { unlink(path) }
    return try body(path)
}
