import ArgumentParser
import CommandSigning
import Contract
import Foundation
import Settings
import TokenCore

/// How `send` signs its command, where it does.
struct SigningOptions: ParsableArguments {
    @Option(name: .customLong("jwt-key"), help: "Sign the command with the private JWK in this file (mode 0600).")
    var keyFile: String?

    @Option(name: .customLong("jwt-issuer"), help: "The token's issuer. (default: COMMAND_JWT_ISSUER)")
    var issuer: String?

    @Option(
        name: .customLong("authid"),
        help: "Who asks: with --jwt-key the token's subject (default: tokenctl), else as asserted."
    )
    var subject: String?

    @Option(
        name: .customLong("scope"),
        help: "A privilege of the token; may be given several times. (default: the command's type)"
    )
    var privileges: [String] = []

    func validate() throws {
        if let subject, !(1...255).contains(subject.utf8.count) {
            throw ValidationError("--authid is 1 to 255 bytes long")
        }
        if keyFile == nil, issuer != nil || !privileges.isEmpty {
            throw ValidationError("--jwt-issuer and --scope are for signed commands: --jwt-key is missing")
        }
    }

    /// `authid` of the command; nil where nobody is named.
    var authID: String? { subject ?? (keyFile == nil ? nil : "tokenctl") }

    /// The value of the header `authorization`; nil where the command is not to be signed.
    func authorization(
        of draft: CommandDraft,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> String? {
        guard let keyFile, let authID else { return nil }
        guard let issuer = issuer ?? SettingsReader(environment: environment).optional("COMMAND_JWT_ISSUER") else {
            throw SettingsError(mistakes: ["COMMAND_JWT_ISSUER: required for --jwt-key, where there is no --jwt-issuer"]
            )
        }
        guard let tenant = draft.tenant ?? RecordKey(draft.key)?.tenant else {
            throw ValidationError("--jwt-key needs a key with a tenant")
        }
        let signer = try CommandSigner(path: keyFile, name: "--jwt-key")
        let token = try signer.token(
            for: CommandSigner.Target(
                id: draft.id,
                source: draft.source,
                type: draft.type,
                tenant: tenant,
                key: draft.key,
                data: draft.data
            ),
            CommandSigner.Assertion(
                issuer: issuer,
                subject: authID,
                privileges: privileges.isEmpty ? [draft.type.name] : privileges,
                issuedAt: draft.time
            )
        )
        return "Bearer \(token)"
    }
}
