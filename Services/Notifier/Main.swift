import ArgumentParser
import NotificationTexts
import ServiceLifecycle
import Settings
import TokenCrypto
import WorkerRuntime

/// Delivers the notifications that the workers ask for, by e-mail and SMS.
@main
struct Notifier: WorkerCommand {
    static let configuration = CommandConfiguration(
        commandName: "notifier",
        abstract: "Delivers one-time passwords and notices by e-mail and SMS. Settings come from the environment.",
        version: Product.version
    )

    /// Settings, providers and texts, all judged before anything connects.
    static func makeSetup(environment: [String: String]) throws(ProcessExit) -> WorkerSetup {
        try WorkerSetup(
            service: "notifier",
            rings: [.notification, .dlq],
            environment: environment,
            reading: { reader in
                let file = reader.notifierConfiguration()
                guard !file.isEmpty else { return }
                do throws(ConfigurationError) {
                    _ = try DeliveryPlan(file: file)
                } catch {
                    reader.refuse(lines: error.mistakes)
                }
            }
        )
    }

    static func services(_ setup: WorkerSetup) throws(ProcessExit) -> [any Service] {
        do throws(ConfigurationError) {
            return [NotifierService(setup, plan: try DeliveryPlan(file: setup.environment["NOTIFIER_CONFIG"] ?? ""))]
        } catch {
            throw ProcessExit(code: ProcessExit.configuration, lines: error.mistakes)
        }
    }
}

/// Who delivers, and with which texts.
struct DeliveryPlan: Sendable {
    let configuration: NotifierConfiguration
    let templates: MessageTemplates

    /// - Throws: every mistake of the file and of the templates it names.
    init(file: String) throws(ConfigurationError) {
        configuration = try NotifierConfiguration(file: file)
        if let directory = configuration.templateDirectory {
            do throws(TextMistakes) {
                templates = try MessageTemplates(directory: directory, settings: configuration.texts)
            } catch {
                throw ConfigurationError(mistakes: error.mistakes)
            }
        } else {
            templates = MessageTemplates(settings: configuration.texts)
        }
    }
}
