import ArgumentParser
import TokenCrypto
import WorkerRuntime

/// `keys`: the key file.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Makes and changes the key file (KEYS_FILE).",
        subcommands: [Create.self, Rotate.self, Status.self, Remove.self]
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
            abstract: "Lists the keys: name, ring, state, and what retired ones are needed for; no secret.",
            discussion: """
                What needs retired keys of rings kek and otp is looked up where POSTGRES_URL is set: 'unneeded' keys can be \
                removed. The count of commands reads the whole inbox; it gives up after 60 seconds.
                """
        )

        @OptionGroup var tenant: TenantOption

        func run() throws {
            try KeyReport.with { path, report in
                for key in try KeyRings.load(path: path).keys {
                    let use = key.state == .retired ? "\t\(try report.use(of: key).text)" : ""
                    Output.line("\(key.kid)\t\(key.ring.rawValue)\t\(key.state.rawValue)\(use)")
                }
            }
        }
    }

    /// `keys remove`.
    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Removes a retired key that nothing needs any more; services notice by themselves.",
            discussion: "An older backup of the database may still need it: keep a copy as long as that backup."
        )

        @Argument(help: "The key's name, as 'keys status' tells it.")
        var kid: String

        @Flag(help: "Also a key that is needed, or of which that is not known.")
        var force = false

        @OptionGroup var tenant: TenantOption

        func run() throws {
            try KeyReport.with { path, report in
                guard let key = try KeyRings.load(path: path).keys.first(where: { $0.kid == kid }) else {
                    throw ProcessExit(ProcessExit.missing, "no key of \(path) has this name")
                }
                guard key.state == .retired else {
                    throw ProcessExit(ProcessExit.needed, "\(key.kid) is active: 'keys rotate \(key.ring)' retires it")
                }
                let use = force ? .unneeded : try report.use(of: key)
                guard use == .unneeded else { throw ProcessExit(ProcessExit.needed, "\(key.kid): \(use.text)") }
                try KeyFile.remove(path: path, kid: key.kid)
                Output.line("removed \(key.kid)")
            }
        }
    }
}

extension ProcessExit {
    /// A key that is still needed is not removed.
    fileprivate static let needed: Int32 = 1
}

extension Ring: ExpressibleByArgument {}
