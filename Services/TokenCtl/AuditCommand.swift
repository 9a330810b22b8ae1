import ArgumentParser
import Contract
import Foundation
import Postgres
import TokenCore
import TokenCrypto
import TokenStore
import WorkerRuntime

/// `audit`: the trail of who did what to which token.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Verifies, exports and retires the audit trail.",
        subcommands: [Verify.self, Export.self, Retire.self]
    )

    /// `audit verify`.
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Recomputes every hash chain: exit 0 whole, 1 broken, naming the first bad row of each lane.",
            discussion: """
                Without --events a chain that its forger computed anew is not found out; with checkpoints that were kept \
                elsewhere it is. --events takes lines as 'tokenctl watch events' prints them; other events are passed over.
                """
        )

        @Option(help: "A file of events with audit.checkpoint among them; '-' is standard input.")
        var events: String?

        @OptionGroup var tenant: TenantOption

        func run() throws {
            let checkpoints = try events.map(CheckpointFile.read) ?? CheckpointFile(checkpoints: 0, heads: [])
            try Database.withConnection { connection in
                var verification = AuditVerification(AuditLog(connection), checkpoints: checkpoints.heads)
                try verification.run()
                for defect in verification.defects { Output.line("\(defect)") }
                let looked = "\(verification.rows) rows in \(verification.lanes) lanes"
                let compared = events == nil ? "" : ", \(checkpoints.checkpoints) checkpoints"
                guard verification.defects.isEmpty else {
                    throw ProcessExit(ProcessExit.broken, "broken: \(looked)\(compared)")
                }
                Output.line("whole: \(looked)\(compared)")
            }
        }
    }

    /// `audit export`.
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract: "Prints the rows in the order of time, one JSON line each; with --tenant, that tenant's."
        )

        @Option(help: "Rows at or after this instant (RFC 3339).")
        var since: Instant?

        @Option(help: "Rows before this instant (RFC 3339).")
        var until: Instant?

        @OptionGroup var tenant: TenantOption

        func run() throws {
            try Database.withConnection { connection in
                let log = AuditLog(connection)
                try log.withSnapshot {
                    try log.forEachRow(.init(tenant: tenant.given, since: since, until: until)) { row in
                        Output.line(String(decoding: row.json.serialized(), as: UTF8.self))
                    }
                }
            }
        }
    }

    /// `audit retire`.
    struct Retire: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retire",
            abstract: "Removes whole months that ended before an instant; the chains stay verifiable.",
            discussion:
                "Needs the schema owner's rights, which the services do not have. Export first what has to be kept."
        )

        @Option(help: "RFC 3339.")
        var before: Instant

        @OptionGroup var tenant: TenantOption

        func run() throws {
            try Database.withConnection { connection in
                Output.line("removed \(try AuditLog(connection).retire(before: before)) months")
            }
        }
    }
}

extension ProcessExit {
    /// The audit trail is not whole.
    static let broken: Int32 = 1
}

extension Instant: ExpressibleByArgument {
    /// RFC 3339 with zone.
    package init?(argument: String) {
        self.init(rfc3339: argument)
    }
}

/// What checkpoints saw that were kept.
struct CheckpointFile {
    let checkpoints: Int
    let heads: [AuditHead]

    init(checkpoints: Int, heads: [AuditHead]) {
        self.checkpoints = checkpoints
        self.heads = heads
    }

    /// Reads event lines; each checkpoint among them has to bear a good signature of a key of ring `audit`.
    ///
    /// - Throws: exit 65 naming the line of one that does not.
    static func read(_ path: String) throws -> CheckpointFile {
        let keysFile = try ToolSettings.read { $0.keysFile() }
        let keys = try KeyRings.load(path: keysFile)
        let file = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        guard let bytes = try file?.readToEnd() ?? Data() as Data?, file != nil else {
            throw ProcessExit(ProcessExit.missing, "\(path): no file that can be read")
        }
        var checkpoints = 0
        var heads: [AuditHead] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
            let place = "\(path): line \(index + 1)"
            guard let event = parsed([UInt8](line)) else { throw ProcessExit(ProcessExit.unreadable, "\(place): no JSON") }
            guard event["type"]?.stringValue == EventType.auditCheckpoint.rawValue else { continue }
            guard let checkpoint = verified(event, keys) else {
                throw ProcessExit(ProcessExit.unreadable, "\(place): a checkpoint without a good signature")
            }
            checkpoints += 1
            heads += checkpoint.heads.compactMap { head in
                Base64URL.decode(head.hash).map {
                    AuditHead(lane: head.lane, place: head.place, sequence: head.sequence, hash: $0)
                }
            }
        }
        return CheckpointFile(checkpoints: checkpoints, heads: heads)
    }

    private static func parsed(_ bytes: [UInt8]) -> JSONObject? {
        do { return try JSONParser.parse(bytes).objectValue } catch { return nil }
    }

    /// Only what was signed is believed, not what stands beside it.
    private static func verified(_ event: JSONObject, _ keys: KeyRings) -> AuditCheckpoint? {
        let jws = event["data"]?.objectValue?["jws"]?.stringValue
        let payload = jws.flatMap { JWS.open($0) { keys.key(.audit, kid: $0)?.publicKey } }
        return payload.flatMap(parsed).flatMap(AuditCheckpoint.init)
    }
}

extension AuditRow {
    fileprivate var json: JSONObject {
        [
            "at": .string(entry.at.rfc3339),
            "tenant": .string(entry.tenant),
            "userId": entry.userID.map { .string($0) } ?? .null,
            "command": .string(entry.command),
            "outcome": .string(entry.outcome),
            "tokenIds": .array(entry.tokens.map { .string($0.description) }),
            "authId": entry.authID.map { .string($0) } ?? .null,
            "reason": entry.reason.map { .string($0) } ?? .null,
            "commandKey": .string(entry.commandKey.description),
            "lane": .integer(Int64(lane)),
            "sequence": .integer(sequence),
            "hash": .string(Base64URL.encode(hash)),
        ]
    }
}
