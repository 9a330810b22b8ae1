import ArgumentParser
import CommandSigning
import Contract
import Foundation
import Settings
import TestSupport
import TokenCore

/// What the signatures of commands cost, one thread, no broker and no database.
struct Signatures: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signatures",
        abstract: "Measures the check of a command's signature, by algorithm."
    )

    @Option(help: "Commands of each algorithm.")
    var commands = 20_000

    func run() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "ut-jwks-\(getpid()).json")
        try Data(SampleKeys.wholeSet.utf8).write(to: file)
        defer { unlink(file.path) }
        for algorithm in SignatureAlgorithm.allCases {
            let signed = try SignedLoad(algorithm)
            let verifier = try CommandVerifier(
                CommandSettings.Signing(jwksFile: file.path, issuer: SignedLoad.issuer, algorithms: [algorithm])
            )
            let command = try envelope(signed)
            let user = UserKey(tenant: command.tenant, userID: command.userID)
            let now = Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
            var slices: [Double] = []
            for _ in 0..<10 {
                let start = ContinuousClock.now
                for _ in 0..<commands / 10 {
                    let asker = try verifier.asker(
                        verifier.verify(command),
                        of: user,
                        privilege: command.commandType.name,
                        at: now
                    )
                    precondition(asker.id == SignedLoad.subject)
                }
                slices.append((ContinuousClock.now - start) / .microseconds(1) / Double(commands / 10))
            }
            slices.sort()
            let (median, best) = (slices[5], slices[0])
            let rate = Int(1_000_000 / median)
            print(String(format: "%@: %.1f µs (best tenth %.1f), %d/s", algorithm.rawValue, median, best, rate))
        }
    }

    private func envelope(_ load: SignedLoad) throws -> CommandEnvelope {
        let data = Array(#"{"userId":"user-1","otp":"123456","purpose":"login"}"#.utf8)
        let key = Array("default/user-1".utf8)
        var headers: [(name: String, value: [UInt8]?)] = [
            ("ce_specversion", Array("1.0".utf8)), ("ce_id", Array("command-1".utf8)),
            ("ce_source", Array("/benchmark".utf8)), ("ce_type", Array(CommandType.verifyOTP.rawValue.utf8)),
        ]
        headers.append(("authorization", Array(try load.authorization(id: "command-1", key: key, data: data).utf8)))
        guard case .command(let command) = EnvelopeDecoder.decode(headers: headers, key: key, value: data) else {
            throw ValidationError("the sample is no command")
        }
        return command
    }
}

/// Signs the load's commands.
struct SignedLoad {
    static let issuer = "benchmark"
    static let subject = "benchmark"
    let algorithm: SignatureAlgorithm
    private let signer: CommandSigner

    init(_ algorithm: SignatureAlgorithm) throws {
        self.algorithm = algorithm
        signer = try CommandSigner(parsing: Array(SampleKeys.privateKey(algorithm).utf8), name: "sample")
    }

    /// The header `authorization`.
    func authorization(id: String, key: [UInt8], data: [UInt8]) throws -> String {
        let token = try signer.token(
            for: CommandSigner.Target(
                id: id,
                source: "/benchmark",
                type: .verifyOTP,
                tenant: Population.tenant,
                key: key,
                data: data
            ),
            CommandSigner.Assertion(
                issuer: Self.issuer,
                subject: Self.subject,
                privileges: [CommandType.verifyOTP.name],
                issuedAt: Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
            )
        )
        return "Bearer \(token)"
    }
}

extension SignatureAlgorithm: ExpressibleByArgument {}
