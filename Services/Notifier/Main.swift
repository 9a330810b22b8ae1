import Foundation
import Settings

/// Delivers the notifications that the workers ask for.
@main
struct NotifierMain {
    static func main() async {
        switch CommandLine.arguments.dropFirst().first {
        case nil: break
        case "--help":
            print("notifier: delivers notifications by e-mail and SMS; settings come from the environment")
            return
        case "--version":
            print("notifier 0.1.0")
            return
        case _?:
            // EX_USAGE
            end("unknown option; see --help", code: 64)
        }
        do {
            _ = try loadConfiguration(ProcessInfo.processInfo.environment)
        } catch let error as SettingsError {
            end(error.description, code: SettingsError.exitCode)
        } catch {
            end("\(error)", code: SettingsError.exitCode)
        }
    }

    /// Settings, providers and texts, all judged before anything connects.
    static func loadConfiguration(
        _ environment: [String: String]
    ) throws -> (ServiceSettings, NotifierConfiguration, MessageTemplates) {
        var reader = SettingsReader(environment: environment)
        let settings = ServiceSettings(&reader)
        let file = reader.notifierConfiguration()
        try reader.finish()
        let configuration = try NotifierConfiguration(file: file)
        let templates = try configuration.templateDirectory.map { try MessageTemplates(directory: $0) }
        return (settings, configuration, templates ?? MessageTemplates())
    }

    private static func end(_ lines: String, code: Int32) -> Never {
        FileHandle.standardError.write(Data((lines + "\n").utf8))
        exit(code)
    }
}
