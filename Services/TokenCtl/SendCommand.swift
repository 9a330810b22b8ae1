import ArgumentParser
import Contract
import Foundation
import Messaging
import Settings
import TokenCore
import TokenCrypto
import WorkerRuntime

/// `send`: writes one command and prints the data of its reply.
struct SendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Writes a command, waits for its reply and prints the reply's data.",
        discussion: "Exit status: 0 'ok', 1 'rejected', 75 no answer in time (the command may still be handled)."
    )

    @Argument(help: "The command's type: 'token.enroll', or in full as in ce_type.")
    var type: CommandType

    @Option(help: "The user whom the command is about; '~' and anything for the tenant as a whole.")
    var user: String?

    @Option(help: "The command's data, a JSON text; '-' reads standard input, which keeps it off the process list.")
    var data: String = "{}"

    @Option(help: "The record's key as it is. (default: <tenant>/<user>)")
    var key: String?

    @Option(help: "How long to wait for the reply: a number and s, m, h or d.")
    var timeout: Patience = Patience(duration: .seconds(10))

    @OptionGroup var tenant: TenantOption

    @Option(help: "The command's id; the same id and source again is the same command. (default: a new one)")
    var id: String?

    @Option(help: "Who asks, the other half of the command's identity.")
    var source: String = CommandDraft.defaultSource

    @Option(name: .customLong("replyto"), help: "The topic to reply to. (default: <TOPIC_PREFIX>replies)")
    var replyTo: String?

    @OptionGroup var signing: SigningOptions

    func validate() throws {
        if key == nil {
            guard let user else { throw ValidationError("--user or --key is missing") }
            guard RecordKey(tenant: tenant.name, userID: user) != nil else {
                throw ValidationError("no such tenant or user can be: 1-63 of a-z, 0-9, '-'; 1-255 bytes of text")
            }
        }
        for (name, value) in [("--id", id ?? "-"), ("--source", source)] where !(1...255).contains(value.utf8.count) {
            throw ValidationError("\(name) is 1 to 255 bytes long")
        }
        if let replyTo, !Topics.isValidName(replyTo) { throw ValidationError("--replyto is no name of a topic") }
        if data != "-" { try Self.checkJSON(Array(data.utf8)) }
    }

    func run() throws {
        let broker = try ToolSettings.read { $0.broker() }
        var draft = CommandDraft(
            type: type,
            key: Array((key ?? "\(tenant.name)/\(user ?? "")").utf8),
            tenant: tenant.given,
            id: id ?? UUIDValue(version7: .now, random: Self.random()).description,
            source: source,
            replyTo: replyTo,
            data: try readData(),
            authID: signing.authID
        )
        draft.authorization = try signing.authorization(of: draft)
        let replies = try ReplyReader(broker, replyTo: replyTo)
        defer { replies.close() }
        let message = draft.message(broker.topics)
        guard replies.isTopic(message.topic) else { throw ProcessExit(missingTopic: message.topic) }
        try broker.write(message)
        guard let reply = try replies.reply(to: draft, within: timeout.duration) else {
            throw ProcessExit(ProcessExit.temporaryFailure, "no answer within \(timeout)")
        }
        Output.line(reply)
        if try JSONParser.parse(reply).objectValue?["status"] != .string("ok") { throw ExitCode(1) }
    }

    private func readData() throws -> [UInt8] {
        guard data == "-" else { return Array(data.utf8) }
        let bytes = try [UInt8](FileHandle.standardInput.readToEnd() ?? Data())
        try Self.checkJSON(bytes)
        return bytes
    }

    private static func checkJSON(_ bytes: [UInt8]) throws {
        do {
            _ = try JSONParser.parse(bytes)
        } catch {
            throw ValidationError("--data: \(error)")
        }
    }

    private static func random() -> (UInt64, UInt64) {
        let words = SecureRandom.words(2)
        return (words[0], words[1])
    }
}

/// A duration on the command line.
struct Patience: ExpressibleByArgument, CustomStringConvertible {
    let duration: Duration

    init(duration: Duration) { self.duration = duration }

    init?(argument: String) {
        guard let duration = parseDuration(argument), duration > .zero else { return nil }
        self.init(duration: duration)
    }

    var description: String { "\(duration.components.seconds)s" }
    var defaultValueDescription: String { description }
}

extension CommandType: ExpressibleByArgument {
    /// A type of the contract, in full or as its tables spell it.
    package init?(argument: String) {
        guard let type = Self.all.first(where: { $0.name == argument || $0.rawValue == argument }) else { return nil }
        self = type
    }

    package static var allValueStrings: [String] { all.map(\.name) }
}

extension Instant {
    /// The wall clock's time.
    static var now: Instant { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }
}
