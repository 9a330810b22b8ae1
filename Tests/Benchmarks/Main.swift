import ArgumentParser
import CommandSigning
import Contract
import Foundation
import Settings
import TestSupport

/// Measures the product beside floors: the same work without decisions, measured in the same run.
@main
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmarks",
        abstract: "Measures otp.verify, one at a time and at saturation, beside a floor.",
        subcommands: [Verification.self, Delivery.self, Signatures.self, Floor.self],
        defaultSubcommand: Verification.self
    )
}

/// The whole run: servers, rows, the verifier, the floor, the table.
struct Verification: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "verification")

    @Option(help: "Commands at saturation.")
    var commands = 20_000
    @Option(help: "Users with a token; at least as many as all commands together.")
    var users = 0
    @Option(help: "Commands with one in flight.")
    var singles = 500
    @Option(help: "Commands before anything is measured.")
    var warmUp = 1_000
    @Option(help: "Commands in flight at saturation.")
    var window = 2_048
    @Option(help: "Partitions of each topic.")
    var partitions: Int32 = 4
    @Option(help: "The run is given up after so many seconds.")
    var seconds = 180
    @Option(help: "The verifier's executable; by default the one beside this one.")
    var verifier: String?
    @Option(help: "A program to start the verifier with, such as 'perf record -g'.")
    var under: String?
    @Option(help: "Tansu's executable, to be used without the relay; needs a librdkafka that understands it.")
    var direct: String?
    @Option(help: "Commands are signed so: EdDSA, ES256 or RS256. The client signs while it sends.")
    var signed: SignatureAlgorithm?
    @Flag(help: "Measure the verifier only.")
    var withoutFloor = false

    func run() throws {
        // Whatever hangs: children end with their parent.
        alarm(UInt32(seconds))
        let surroundings = try Surroundings(brokerBinary: direct)
        let signing = try signed.map { try SignedLoad($0) }
        let all = max(users, commands + singles + warmUp)
        let database = try surroundings.database("verifier")
        let start = ContinuousClock.now
        let population = try Population(count: all, database: database, keys: surroundings.keys)
        print("\(all) users enrolled in \(ContinuousClock.now - start)")
        try surroundings.settle("verifier")
        let copy = try surroundings.database("floor", copyOf: "verifier")
        try surroundings.settle("floor")

        let course = Course(
            surroundings: surroundings,
            population: population,
            signing: signing,
            warmUp: warmUp,
            singles: singles,
            commands: commands,
            window: window
        )
        let figure = try course.measure(try verifierSubject(database, surroundings))
        let floor = withoutFloor ? nil : try course.measure(try floorSubject(copy, figure.specimens, surroundings))
        print(direct == nil ? "broker: Tansu behind its relay" : "broker: Tansu, no relay")
        print(Table(figure, floor: floor).text)
    }

    private func verifierSubject(_ database: String, _ surroundings: Surroundings) throws -> Subject {
        let topics = Topics(prefix: "verifier.")
        try surroundings.createTopics(topics, partitions: partitions)
        let path = verifier ?? URL(filePath: executable).deletingLastPathComponent().appending(path: "verifier").path
        let words = (under?.split(separator: " ").map(String.init) ?? []) + [path]
        return Subject(
            name: "verifier",
            program: words[0],
            arguments: Array(words.dropFirst()),
            topics: topics,
            database: database,
            applicationName: "usertokens-verifier",
            adminPort: try FreePort.next(),
            signing: try signed.map { try surroundings.signing($0) } ?? [:]
        )
    }

    private func floorSubject(
        _ database: String,
        _ specimens: [WireMessage],
        _ surroundings: Surroundings
    ) throws -> Subject {
        let topics = Topics(prefix: "floor.")
        try surroundings.createTopics(topics, partitions: partitions)
        return Subject(
            name: "floor",
            program: executable,
            arguments: ["floor", Data(WireMessageCodec.encode(specimens)).base64EncodedString()],
            topics: topics,
            database: database,
            applicationName: "floor"
        )
    }

    private var executable: String { Bundle.main.executablePath ?? CommandLine.arguments[0] }
}

/// The bare loop as a process; `Verification` starts it.
struct Floor: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "floor", shouldDisplay: false)

    @Argument(help: "What to write for each command, as the inbox stores it, in Base64.")
    var specimens: String

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        var properties = ["bootstrap.servers": environment["KAFKA_BOOTSTRAP_SERVERS"] ?? ""]
        let prefix = "KAFKA_PROPERTY_"
        for (name, value) in environment where name.hasPrefix(prefix) {
            properties[name.dropFirst(prefix.count).lowercased().replacing("_", with: ".")] = value
        }
        try FloorWorker(
            database: environment["POSTGRES_URL"] ?? "",
            properties: properties,
            topics: Topics(prefix: environment["TOPIC_PREFIX"] ?? ""),
            specimens: Array(Data(base64Encoded: specimens) ?? Data())
        ).run()
    }
}
