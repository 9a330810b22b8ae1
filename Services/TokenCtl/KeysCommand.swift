import ArgumentParser
import TokenCrypto

/// `keys`: the key file.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Makes and changes the key file (KEYS_FILE), and makes keys that sign commands.",
        subcommands: [Create.self, Rotate.self, Status.self, Signing.self]
    )

    /// `keys init`.
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "init",
            abstract: "Writes a new key file with one active key for each ring; never overwrites one."
        )

        @OptionGroup var tenant: TenantOption

        func run() throws {
            let path = try ToolSettings.read { $0.keysFile() }
            try KeyFile.create(path: path)
            Output.line("wrote \(path)")
        }
    }

    /// `keys rotate`.
    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate",
            abstract: "Adds an active key to a ring and retires the one before; services notice by themselves."
        )

        @Argument(help: "\(Ring.allCases.map(\.rawValue).joined(separator: ", "))")
        var ring: Ring

        @OptionGroup var tenant: TenantOption

        func run() throws {
            let path = try ToolSettings.read { $0.keysFile() }
            Output.line("\(try KeyFile.rotate(path: path, ring: ring)) is active")
        }
    }

    /// `keys status`.
    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status",
            abstract: "Lists the keys: name, ring, state; no secret."
        )

        @OptionGroup var tenant: TenantOption

        func run() throws {
            let path = try ToolSettings.read { $0.keysFile() }
            for key in try KeyRings.load(path: path).keys {
                Output.line("\(key.kid)\t\(key.ring.rawValue)\t\(key.state.rawValue)")
            }
        }
    }

    /// `keys signing`.
    struct Signing: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "signing",
            abstract: "Writes a new private key for 'send --jwt-key' and prints its public half as a JWK Set.",
            discussion: "The printed set is what COMMAND_JWKS_FILE holds, alone or merged with others."
        )

        @Argument(help: "The file of the private key; never overwritten.")
        var file: String

        @OptionGroup var tenant: TenantOption

        func run() throws {
            Output.line(try KeyFile.createSigningKey(path: file))
        }
    }
}

extension Ring: ExpressibleByArgument {}
