import ArgumentParser
import Contract
import Foundation
import NotificationTexts
import TokenCore
import WorkerRuntime

/// `template`: a site's own texts.
struct TemplateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "template",
        abstract: "Checks the texts of messages and shows what they look like.",
        subcommands: [Check.self, Show.self]
    )

    /// `template check`.
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Judges a directory of texts as the notifier does at its start; each mistake is a line (exit 78)."
        )

        @Argument(help: "The directory that NOTIFIER_CONFIG names.")
        var directory: String

        @OptionGroup var tenant: TenantOption

        func run() throws {
            Output.line("\(try TemplateCommand.load(directory).count) files, good")
        }
    }

    /// `template show`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Renders texts with sample data: the built-in ones, and a directory's where there are some."
        )

        @Argument(help: "A directory of texts.")
        var directory: String?
        @Option(help: "otp, otp.approval, expiring or notice.<change>.")
        var template = "otp"
        @Option(help: "sms or email.")
        var channel = "sms"
        @Option(help: "A language tag such as de-CH.")
        var locale: String?
        @Option(name: .customLong("type"), help: "A token type, for texts of its own.")
        var tokenType: String?
        @Option(help: "The domain of SMS that are filled in by themselves.")
        var domain: String?
        @Flag(help: "Every template on both channels.")
        var all = false

        @OptionGroup var tenant: TenantOption

        func validate() throws {
            guard Channel(rawValue: channel) != nil else { throw ValidationError("--channel is sms or email") }
        }

        func run() throws {
            let settings = TextSettings(site: TextSettings.Tenant(domain: domain))
            let templates =
                try directory.map { try TemplateCommand.load($0, settings) } ?? MessageTemplates(settings: settings)
            let reader = MessageTemplates.Reader(tenant: tenant.name, tokenType: tokenType, locale: locale)
            let wanted = all ? MessageTemplates.known : [template]
            let channels = all ? Channel.allCases : Channel.allCases.filter { $0.rawValue == channel }
            for (number, (name, channel)) in wanted.flatMap({ name in channels.map { (name, $0) } }).enumerated() {
                if number > 0 { Output.line("") }
                try show(name, channel, reader, templates)
            }
        }

        private func show(
            _ name: String,
            _ channel: Channel,
            _ reader: MessageTemplates.Reader,
            _ templates: MessageTemplates
        ) throws {
            let text: MessageTemplates.Rendered
            do {
                text = try templates.render(
                    template: name,
                    channel: channel,
                    for: reader,
                    values: MessageTemplates.sample
                )
            } catch {
                throw ProcessExit(code: ExitCode.validationFailure.rawValue, lines: ["\(name): \(error.description)"])
            }
            switch channel {
            case .sms:
                Output.line("# \(name), SMS, segments: \(ShortMessage.segments(text.text))")
                Output.line(text.text)
            case .email:
                Output.line("# \(name), mail")
                Output.line("Subject: \(text.subject)")
                Output.line("")
                Output.line(text.text)
                Output.line(text.html ?? "")
            }
        }
    }

    private static func load(
        _ directory: String,
        _ settings: TextSettings = TextSettings()
    ) throws -> MessageTemplates {
        do throws(TextMistakes) {
            return try MessageTemplates(directory: directory, settings: settings)
        } catch {
            throw ProcessExit(code: ProcessExit.configuration, lines: error.mistakes)
        }
    }
}
