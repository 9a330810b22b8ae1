import ArgumentParser
import TokenCrypto
import WorkerRuntime

/// `keys`: the key file.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Makes and changes the key file (KEYS_FILE), and makes keys that sign commands.",
        subcommands: [Create.self, Rotate.self, Status.self, Remove.self, Signing.self]
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

        @Option(
            help: ArgumentHelp(
                "Ring kek: no new key, but one that is on a PKCS#11 token: pkcs11:token=…;object=… (RFC 7512).",
                valueName: "uri"
            )
        )
        var pkcs11: String?

        @OptionGroup var tenant: TenantOption

        func validate() throws {
            guard pkcs11 == nil || ring == .kek else { throw ValidationError("--pkcs11 is for ring kek") }
            guard pkcs11.map({ PKCS11URI($0) != nil }) ?? true else {
                throw ValidationError("--pkcs11: a URI of RFC 7512 with token or serial, object or id, and no query")
            }
        }

        func run() throws {
            let path = try ToolSettings.read { $0.keysFile() }
            let kid =
                if let pkcs11 {
                    try KeyFile.rotate(path: path, to: pkcs11)
                } else {
                    try KeyFile.rotate(path: path, ring: ring)
                }
            Output.line("\(kid) is active")
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

extension ProcessExit {
    /// A key that is still needed is not removed.
    fileprivate static let needed: Int32 = 1
}

extension Ring: ExpressibleByArgument {}
