import ArgumentParser
import Foundation
import Messaging
import Postgres
import Settings
import TokenCrypto
import WorkerRuntime

/// `check-configuration`: what the services would make of this environment.
struct CheckConfigurationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-configuration",
        abstract: "Prints the settings as they take effect, secrets redacted, or every mistake in them (exit 78).",
        discussion: "Nothing connects. A service needs only its own rings of keys; which there are is printed."
    )

    @OptionGroup var tenant: TenantOption

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let setup = try WorkerSetup(service: "tokenctl", rings: [], environment: environment) { reader in
            _ = ScannerSettings(&reader)
            if let url = reader.optional("POSTGRES_URL"), !PGConnection.understands(url) {
                reader.refuse("POSTGRES_URL", "a libpq URI or conninfo string")
            }
            if let path = reader.optional("NOTIFIER_CONFIG"), !FileManager.default.isReadableFile(atPath: path) {
                reader.refuse("NOTIFIER_CONFIG", "a file that can be read")
            }
        }
        var reader = SettingsReader(environment: environment)
        let scanner = ScannerSettings(&reader)
        let settings = EffectiveSettings(setup.settings, topics: setup.topics, scanner: scanner)
        for (name, value) in settings.values { Output.line("\(name)=\(value)") }
        for name in ["NOTIFIER_CONFIG"] {
            if let value = environment[name], !value.isEmpty { Output.line("\(name)=\(value)") }
        }
        for key in setup.keys.current.keys where key.state == .active {
            Output.line("# ring \(key.ring.rawValue): \(key.kid)")
        }
    }
}
