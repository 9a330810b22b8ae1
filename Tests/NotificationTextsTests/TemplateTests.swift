import Foundation
import ShortMessages
import Testing
import TokenCore

@testable import NotificationTexts

@Suite("Message texts")
struct TemplateTests {
    private let values: [TextTemplate.Variable: String] = [
        .otp: "123456", .minutes: "5", .typeName: "SMS code", .maskedDevice: "+41*******67", .text: "Pay 10 EUR to Bob",
        .daysLeft: "7",
    ]

    private func reader(_ locale: String?, tenant: String = "t", type: String? = nil) -> MessageTemplates.Reader {
        MessageTemplates.Reader(tenant: tenant, tokenType: type, locale: locale)
    }

    /// Runs with a directory of these files.
    private func load(
        _ files: [String: String],
        _ settings: TextSettings = TextSettings()
    ) throws -> MessageTemplates {
        let folder = FileManager.default.temporaryDirectory.appending(path: "templates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: file)
        }
        do {
            return try MessageTemplates(directory: folder.path, settings: settings)
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
        let rendered = try MessageTemplates().render(
            template: template,
            channel: channel,
            for: reader("xx"),
            values: values
        )
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
                try MessageTemplates().render(template: template, channel: .sms, for: reader("en"), values: values)
            }
        }
    }

    @Test("a locale falls back from the region to the language, of which a built-in text serves, to English")
    func locales() throws {
        let templates = try load([
            "otp.sms.de-CH.txt": "CH {{otp}}\n", "otp.sms.de.txt": "DE {{otp}}", "otp.sms.en.txt": "EN {{otp}}",
            "otp.email.de.subject": "Ihr Code\n", "notice.locked.sms.de.txt": "gesperrt", "notes.md": "ignored",
        ])
        func text(_ template: String, _ locale: String) throws -> String {
            try templates.render(template: template, channel: .sms, for: reader(locale), values: values).text
        }
        #expect(try text("otp", "de-CH") == "CH 123456")
        #expect(try text("otp", "de_ch") == "CH 123456")
        #expect(try text("otp", "de-AT-1996") == "DE 123456")
        #expect(try text("otp", "fr").hasPrefix("123456 est votre code."))
        #expect(try text("otp", "pt") == "EN 123456")
        #expect(try text("otp", "") == "EN 123456")
        #expect(try text("notice.locked", "de-CH") == "gesperrt")
        #expect(try text("notice.locked", "fr").hasPrefix("Votre second facteur"))
        let mail = try templates.render(template: "otp", channel: .email, for: reader("de-CH"), values: values)
        #expect(mail.subject == "Ihr Code" && mail.text.hasPrefix("Ihr Code lautet"))
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
                "otp.fax.en.txt: no <template>.<channel>.<locale>.txt, .subject or .html",
                "otp.sms.de.txt:3: unknown variable, known are otp, minutes, typeName, maskedDevice, text, reference, daysLeft, change",
                "otp.sms.en.subject: no <template>.<channel>.<locale>.txt, .subject or .html",
                "otp.sms.fr.txt:1: {{otp}} is missing",
                "otp.sms.it.txt:1: {{ without }}",
                "x.sms.en.txt: no <template>.<channel>.<locale>.txt, .subject or .html",
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
            for: reader("en"),
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
            (String(repeating: "👋", count: 35), 1), (String(repeating: "👋", count: 66), 2),
            (String(repeating: "👋", count: 67), 3),
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
            let text = try MessageTemplates().render(
                template: template,
                channel: .sms,
                for: reader("en"),
                values: values
            )
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

    @Test("a tenant's text and a token type's come before those of all, within the same language")
    func places() throws {
        let templates = try load(
            [
                "otp.sms.de.txt": "all {{otp}}", "types/sms-vip/otp.sms.de.txt": "type {{otp}}",
                "tenants/acme/otp.sms.de.txt": "acme {{otp}}",
                "tenants/acme/types/sms-vip/otp.sms.de.txt": "acme type {{otp}}",
                "tenants/acme/otp.sms.fr.txt": "acme fr {{otp}}",
            ],
            TextSettings(
                site: .init(defaultLocale: "it"),
                tenants: ["acme": .init(defaultLocale: "fr"), "other": .init()]
            )
        )
        func text(_ locale: String?, _ tenant: String, _ type: String? = nil) throws -> String {
            try templates.render(
                template: "otp",
                channel: .sms,
                for: reader(locale, tenant: tenant, type: type),
                values: values
            ).text
        }
        #expect(try text("de", "other") == "all 123456" && text("de", "other", "sms") == "all 123456")
        #expect(try text("de", "other", "sms-vip") == "type 123456")
        #expect(try text("de", "acme", "sms") == "acme 123456")
        #expect(try text("de", "acme", "sms-vip") == "acme type 123456")
        #expect(try text(nil, "acme") == "acme fr 123456" && text("pt", "acme") == "acme fr 123456")
        #expect(try text(nil, "other").hasPrefix("123456 è il Suo codice,"))
        #expect(try text("en", "acme").hasPrefix("123456 is your code."))
    }

    @Test("folders that hold no texts, and names that no tenant or type has, are mistakes")
    func wrongPlaces() throws {
        #expect(
            try mistakes([
                "tenants/ACME/otp.sms.de.txt": "{{otp}}", "tenants/acme/tenants/b/otp.sms.de.txt": "{{otp}}",
                "types/a_b/otp.sms.de.txt": "{{otp}}", "texts/otp.sms.de.txt": "{{otp}}",
                "types/sms/otp.sms.de.txt": "{{what}}", "tenants/otp.sms.de.txt": "{{otp}}",
            ]).map {
                $0.replacing(
                    ": unknown variable, known are otp, minutes, typeName, maskedDevice, text, reference, daysLeft, change",
                    with: ": unknown"
                )
            } == [
                "tenants/ACME: no folder named for a tenant", "tenants/acme/tenants: no folder that has texts",
                "tenants/otp.sms.de.txt: no folder named for a tenant", "texts: no folder that has texts",
                "types/a_b: no folder named for a token type", "types/sms/otp.sms.de.txt:1: unknown",
            ]
        )
    }

    @Test(
        "every language has every text, with the values it needs, and no OTP in a subject",
        arguments: TextLanguage.all
    )
    func languages(language: TextLanguage) throws {
        for template in MessageTemplates.known {
            for channel in Channel.allCases {
                let text = try MessageTemplates().render(
                    template: template,
                    channel: channel,
                    for: reader(language.tag),
                    values: values
                )
                #expect(text.text.contains("123456") == template.hasPrefix("otp"), "\(template)")
                #expect(!text.subject.contains("123456") && !text.text.contains("{{"))
                #expect(template.hasPrefix("otp") || text.text.contains("SMS code"))
                #expect(language.tag == "en" || !text.text.contains("Your"), "another language than English")
                if channel == .sms {
                    #expect(GSMAlphabet.septets(text.text) != nil, "a letter too many would halve the room")
                    #expect(!text.text.contains("..."))
                    #expect(!template.hasPrefix("otp") || text.text.hasPrefix("123456 "))
                } else {
                    #expect(text.html?.contains("lang=\"\(language.tag)\"") == true)
                }
            }
        }
    }

    @Test("the HTML form says the same; what came from outside is no markup")
    func html() throws {
        var values = values
        values[.text] = "<b>1 & 2</b> \"x\" 'y' {{otp}}"
        let mail = try MessageTemplates().render(
            template: "otp.approval",
            channel: .email,
            for: reader("en"),
            values: values
        )
        let html = try #require(mail.html)
        #expect(html.contains("&lt;b&gt;1 &amp; 2&lt;/b&gt; &quot;x&quot; &#39;y&#39; {{otp}}"))
        #expect(html.contains(">123456</p>") && !html.contains("<b>") && !html.contains("http"))
        let own = try load(["otp.approval.email.en.html": "<p>{{text}} {{otp}}</p>"])
        let page = try own.render(template: "otp.approval", channel: .email, for: reader("en"), values: values).html
        #expect(page == "<p>&lt;b&gt;1 &amp; 2&lt;/b&gt; &quot;x&quot; &#39;y&#39; {{otp}} 123456</p>")
    }

    @Test("with a domain an OTP by SMS ends with the line that fills it in; no other line can pass for it")
    func autofill() throws {
        let settings = TextSettings(
            site: .init(domain: "login.example.org"),
            tenants: ["acme": .init(domain: "acme.example")]
        )
        let templates = try load(
            ["otp.approval.sms.en.txt": "{{text}}\n{{otp}}", "otp.sms.en.txt": "Code {{otp}}"],
            settings
        )
        var values = values
        func last(_ template: String, _ tenant: String = "t") throws -> String {
            let text = try templates.render(
                template: template,
                channel: .sms,
                for: reader("en", tenant: tenant),
                values: values
            ).text
            return text.split(separator: "\n").last.map(String.init) ?? ""
        }
        #expect(try last("otp") == "@login.example.org #123456" && last("otp", "acme") == "@acme.example #123456")
        #expect(try !last("notice.locked").contains("@"))
        values[.text] = "@evil.example #123456"
        let text = try templates.render(template: "otp.approval", channel: .sms, for: reader("en"), values: values).text
        #expect(text == "evil.example #123456\n123456\n@login.example.org #123456")
    }

    @Test("whatever a person wrote, in any language: two segments, the OTP first, the last line whole")
    func anything() throws {
        let settings = TextSettings(site: .init(domain: "a-rather-long-name.login.example.org"))
        let templates = MessageTemplates(settings: settings)
        let letters = ["a", "€", "{", "ж", "👋", "e\u{301}", "\u{202E}", " ", "\n", "@", "#", "x".padding(40)]
        for round in 0..<100 {
            var values = values
            let length = Int.random(in: 0...300)
            values[.text] = "p" + (0..<length).map { _ in letters.randomElement() ?? "" }.joined()
            values[.typeName] = (0..<length).map { _ in letters.randomElement() ?? "" }.joined()
            let language = TextLanguage.all[round % 4].tag
            for template in ["otp", "otp.approval"] {
                let text = try templates.render(
                    template: template,
                    channel: .sms,
                    for: reader(language),
                    values: values
                ).text
                #expect(ShortMessage.segments(text) <= 2 && text.hasPrefix("123456 "))
                #expect(text.hasSuffix("\n@a-rather-long-name.login.example.org #123456"))
                #expect(text.split(separator: "\n").count { $0.hasPrefix("@") } == 1)
            }
        }
    }
}

extension String {
    fileprivate func padding(_ count: Int) -> String { String(repeating: self, count: count) }
}
