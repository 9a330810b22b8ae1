/// What a command must bring to be handled.
///
/// ## Settings
/// - `SEALED_COMMANDS`: `optional` or `required`; `optional`
/// - `COMMAND_JWKS_FILE`, `COMMAND_JWT_ISSUER`: both or neither; set: commands must be signed
/// - `COMMAND_JWT_ALGORITHMS`: `EdDSA`, `ES256`, `RS256`; `EdDSA,ES256`
/// - `COMMAND_JWT_BINDING`: `optional` or `required`: whether a JWT must also name source, type and key; `optional`
/// - `MAX_QUEUE_AGE`: `60s`
/// - `INBOX_RETENTION`: `24h`
package struct CommandSettings: Hashable, Sendable {
    package enum Sealing: String, CaseIterable, Sendable {
        case optional
        case required
    }

    package enum SignatureAlgorithm: String, CaseIterable, Sendable {
        case edDSA = "EdDSA"
        case es256 = "ES256"
        case rs256 = "RS256"
    }

    /// Whether a JWT must name the command's source, type and key beside its id and data.
    package enum Binding: String, CaseIterable, Sendable {
        case optional
        case required
    }

    package struct Signing: Hashable, Sendable {
        package let jwksFile: String
        package let issuer: String
        package let algorithms: [SignatureAlgorithm]
        package let binding: Binding

        package init(
            jwksFile: String,
            issuer: String,
            algorithms: [SignatureAlgorithm],
            binding: Binding = .optional
        ) {
            self.jwksFile = jwksFile
            self.issuer = issuer
            self.algorithms = algorithms
            self.binding = binding
        }
    }

    package let sealing: Sealing
    /// nil: commands need no signature.
    package let signing: Signing?
    /// A verification command read later than this after it was written is `expired`.
    package let maxQueueAge: Duration
    /// How long a command's identity and replies are kept.
    package let inboxRetention: Duration

    package init(_ reader: inout SettingsReader) {
        sealing = reader.choice("SEALED_COMMANDS", default: .optional)
        maxQueueAge = reader.duration("MAX_QUEUE_AGE", default: .seconds(60))
        inboxRetention = reader.duration("INBOX_RETENTION", default: .seconds(86_400))
        let algorithms = reader.choices("COMMAND_JWT_ALGORITHMS", default: [SignatureAlgorithm.edDSA, .es256])
        let binding = reader.choice("COMMAND_JWT_BINDING", default: Binding.optional)
        switch (reader.optional("COMMAND_JWKS_FILE"), reader.optional("COMMAND_JWT_ISSUER")) {
        case (let file?, let issuer?):
            signing = Signing(jwksFile: file, issuer: issuer, algorithms: algorithms, binding: binding)
        case (nil, nil):
            signing = nil
            // Whoever sets one of these believes that signatures are checked.
            for name in ["COMMAND_JWT_ALGORITHMS", "COMMAND_JWT_BINDING"] where reader.optional(name) != nil {
                reader.refuse(name, "needs COMMAND_JWKS_FILE and COMMAND_JWT_ISSUER")
            }
        case (nil, _):
            signing = nil
            reader.refuse("COMMAND_JWKS_FILE", "required where COMMAND_JWT_ISSUER is set")
        case (_, nil):
            signing = nil
            reader.refuse("COMMAND_JWT_ISSUER", "required where COMMAND_JWKS_FILE is set")
        }
    }
}
