import Foundation
import Testing
import TokenCore

@testable import NotificationTexts

@Suite("Message texts")
struct TemplateTests {
    private let values: [TextTemplate.Variable: String] = [
        .otp: "123456", .minutes: "5", .typeName: "SMS code", .maskedDevice: "+41*******67", .text: "Pay 10 EUR to Bob",
        .daysLeft: "7",
    ]

    /// Runs with a directory of these files.
    private func load(_ files: [String: String]) throws -> MessageTemplates {
        let folder = FileManager.default.temporaryDirectory.appending(path: "templates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
        do {
            return try MessageTemplates(directory: folder.path)
        } catch {
            throw TextMistakes(mistakes: error.mistakes.map { $0.replacing(folder.path + "/", with: "") })
        }
    }

    private func mistakes(_ files: [String: String]) throws -> [String] {
        let error = #expect(throws: TextMistakes.self) { try load(files) }
        return error?.mistakes ?? []
    }

    @Test(
        "each template has a built-in text on both channels",
        arguments: ["otp", "otp.approval", "expiring", "notice.locked", "notice.deleted", "notice.something-new"],
        Channel.allCases
    )
    func builtIn(template: String, channel: Channel) throws {
        let rendered = try MessageTemplates().render(template: template, channel: channel, locale: "xx", values: values)
        #expect(!rendered.text.contains("{{") && !rendered.text.isEmpty)
        #expect(rendered.subject.isEmpty == (channel == .sms))
        #expect(!rendered.subject.contains("123456"))
        #expect(rendered.text.contains("123456") == template.hasPrefix("otp"))
        #expect(rendered.text.contains("Pay 10 EUR to Bob") == (template == "otp.approval"))
    }

    @Test("an unknown template, or one without its OTP, is not sent")
    func cannotRender() {
        for (template, values) in [
            ("x", values), ("otp", [.minutes: "5"]), ("otp.approval", [.otp: "1", .minutes: "5"]),
        ] {
            #expect(throws: MessageTemplates.CannotRender.self) {
                try MessageTemplates().render(template: template, channel: .sms, locale: "en", values: values)
            }
        }
    }

    @Test("a locale falls back from the region to the language to English to the built-in text")
    func locales() throws {
        let templates = try load([
            "otp.sms.de-CH.txt": "CH {{otp}}\n", "otp.sms.de.txt": "DE {{otp}}", "otp.sms.en.txt": "EN {{otp}}",
            "otp.email.de.subject": "Ihr Code\n", "notice.locked.sms.de.txt": "gesperrt", "notes.md": "ignored",
        ])
        func text(_ template: String, _ locale: String) throws -> String {
            try templates.render(template: template, channel: .sms, locale: locale, values: values).text
        }
        #expect(try text("otp", "de-CH") == "CH 123456")
        #expect(try text("otp", "de_ch") == "CH 123456")
        #expect(try text("otp", "de-AT-1996") == "DE 123456")
        #expect(try text("otp", "fr") == "EN 123456")
        #expect(try text("otp", "") == "EN 123456")
        #expect(try text("notice.locked", "de-CH") == "gesperrt")
        #expect(try text("notice.locked", "fr").hasPrefix("Your second factor"))
        let mail = try templates.render(template: "otp", channel: .email, locale: "de-CH", values: values)
        #expect(mail.subject == "Ihr Code" && mail.text.hasPrefix("Your code is"))
    }

    @Test("mistakes in a directory are all told, with file and line")
    func directoryMistakes() throws {
        #expect(
            try mistakes([
                "otp.sms.de.txt": "a\nb {{otp}}\n{{hunter}}", "otp.sms.fr.txt": "no code", "otp.sms.it.txt": "{{otp",
                "otp.email.en.subject": "{{otp}}", "x.sms.en.txt": "", "otp.sms.en.subject": "x", "otp.fax.en.txt": "x",
                "otp.approval.sms.en.txt": "{{otp}}",
            ]) == [
                "otp.approval.sms.en.txt:1: {{text}} is missing",
                "otp.email.en.subject:1: {{otp}} is not for subjects",
                "otp.fax.en.txt: no <template>.<channel>.<locale>.txt or .subject",
                "otp.sms.de.txt:3: unknown variable, known are otp, minutes, typeName, maskedDevice, text, reference, daysLeft, change",
                "otp.sms.en.subject: no <template>.<channel>.<locale>.txt or .subject",
                "otp.sms.fr.txt:1: {{otp}} is missing",
                "otp.sms.it.txt:1: {{ without }}",
                "x.sms.en.txt: no <template>.<channel>.<locale>.txt or .subject",
            ]
        )
    }

    @Test("a value is not read as template, adds no line and turns no text round")
    func valuesAreValues() throws {
        var values = values
        values[.text] = "a {{otp}}\r\nBcc: x\u{2028}\u{202E}z"
        let rendered = try MessageTemplates().render(
            template: "otp.approval",
            channel: .sms,
            locale: "en",
            values: values
        )
        #expect(rendered.text.hasPrefix("123456 approves: a {{otp}}  Bcc: x z\n"))
    }

    @Test(
        "segments are counted as phones do",
        arguments: [
            ("", 1), (String(repeating: "a", count: 160), 1), (String(repeating: "a", count: 161), 2),
            (String(repeating: "a", count: 306), 2), (String(repeating: "a", count: 307), 3),
            (String(repeating: "€", count: 80), 1), (String(repeating: "€", count: 81), 2),
            (String(repeating: "ç", count: 70), 1), (String(repeating: "ç", count: 71), 2),
            (String(repeating: "👋", count: 35), 1), (String(repeating: "👋", count: 67), 2),
            (String(repeating: "👋", count: 68), 3),
        ] as [(String, Int)]
    )
    func segments(text: String, count: Int) {
        #expect(ShortMessage.segments(text) == count)
    }

    @Test(
        "however long what a person wrote, an SMS has two segments, the OTP and the product's own text",
        arguments: ["a", "€", "ж", "👋", "e\u{301}"]
    )
    func fitted(character: String) throws {
        var values = values
        values[.text] = String(repeating: character, count: 160)
        values[.typeName] = String(repeating: character, count: 500)
        for template in ["otp.approval", "otp", "notice.locked"] {
            let text = try MessageTemplates().render(template: template, channel: .sms, locale: "en", values: values)
                .text
            #expect(ShortMessage.segments(text) <= 2)
            if template == "otp.approval" {
                #expect(
                    text.hasPrefix("123456 approves: ")
                        && text.hasSuffix("Valid for 5 minutes. If you don't know of it, don't use it.")
                )
            }
        }
    }

    @Test("a template that is too long by itself loses its end, never the OTP")
    func longTemplate() throws {
        for source in [
            String(repeating: "x", count: 400) + " {{otp}}", "{{otp}} " + String(repeating: "x", count: 400),
        ] {
            let text = ShortMessage.fitted(try TextTemplate(source), values)
            #expect(text.contains("123456") && ShortMessage.segments(text) == 2)
        }
    }
}
