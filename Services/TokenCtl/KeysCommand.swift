import ArgumentParser
import TokenCrypto

/// `keys`: the key file.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Makes and changes the key file (KEYS_FILE).",
        subcommands: [Create.self, Rotate.self, Status.self]
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
}

extension Ring: ExpressibleByArgument {}
