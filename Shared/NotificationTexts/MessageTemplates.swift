package import TokenCore

/// The texts of all messages: a site's own, built-in ones where there is none.
///
/// The language comes first: for each of the tags `de-CH`, `de`, the tenant's default, the site's and `en`, the site's
/// own text is looked for, that of the tenant and token type before that of all, and then the built-in one.
package struct MessageTemplates: Sendable {
    /// A message's text; `subject` is empty and `html` nil for SMS.
    package struct Rendered: Equatable, Sendable {
        package let subject: String
        package let text: String
        package let html: String?
    }

    /// For whom a text is.
    package struct Reader: Equatable, Sendable {
        package var tenant: String
        package var tokenType: String?
        /// BCP 47; nil: not known.
        package var locale: String?

        package init(tenant: String, tokenType: String? = nil, locale: String? = nil) {
            self.tenant = tenant
            self.tokenType = tokenType
            self.locale = locale
        }
    }

    package struct CannotRender: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    private let own: [TextKey: TextTemplate]
    private let settings: TextSettings

    /// The built-in texts alone.
    package init(settings: TextSettings = TextSettings()) {
        own = [:]
        self.settings = settings
    }

    /// - Throws: every mistake in the directory's files, with file and line.
    package init(directory: String, settings: TextSettings = TextSettings()) throws(TextMistakes) {
        let read = TextDirectory(directory)
        guard read.mistakes.isEmpty else { throw TextMistakes(mistakes: read.mistakes) }
        own = read.texts
        self.settings = settings
    }

    /// Every template that the workers write.
    package static let known =
        ["otp", "otp.approval", "expiring"]
        + [
            "enrolled", "edited", "contact", "disabled", "enabled", "deleted", "reset", "locked", "unlocked",
            "expiring",
        ].map { "notice.\($0)" }

    /// What a text looks like, without anybody's data.
    package static let sample: [TextTemplate.Variable: String] = [
        .otp: "123456", .minutes: "5", .typeName: "SMS", .maskedDevice: "+41*******67", .text: "Pay 120.00 CHF to Bob",
        .reference: "payment-1", .daysLeft: "7", .change: "edited",
    ]

    /// Texts of the site's own.
    package var count: Int { own.count }

    /// - Throws: where there is no such template, or a value without which it makes no sense is missing.
    package func render(
        template: String,
        channel: Channel,
        for reader: Reader,
        values: [TextTemplate.Variable: String]
    ) throws(CannotRender) -> Rendered {
        let (text, tag) = try find(.txt, template, channel, reader)
        for variable in [TextTemplate.Variable.otp, .minutes, .text, .daysLeft]
        where text.variables.contains(variable) && (values[variable] ?? "").isEmpty {
            throw CannotRender(description: "\(variable.rawValue) is missing")
        }
        // A value is a word or a line; it must not lay out the message.
        let values = values.mapValues(oneLine)
        guard channel == .email else {
            let line = template.hasPrefix("otp") ? autofillLine(values[.otp], reader.tenant) : nil
            return Rendered(subject: "", text: ShortMessage.fitted(text, values, lastLine: line), html: nil)
        }
        let subject = oneLine(try find(.subject, template, channel, reader).text.filled(values))
        let plain = text.filled(values)
        let html =
            ownHTML(template, tag, reader)?.filled(values.mapValues(HTMLText.escaped))
            ?? HTMLText.page(plain, title: subject, language: tag)
        return Rendered(subject: subject, text: plain, html: html)
    }

    /// Origin-bound one-time code: `@domain #code`, which a telephone fills in on that domain's pages only.
    private func autofillLine(_ otp: String?, _ tenant: String) -> String? {
        guard let otp, let domain = settings.domain(of: tenant) else { return nil }
        return "@\(domain) #\(otp)"
    }

    private func find(
        _ part: TextKey.Part,
        _ template: String,
        _ channel: Channel,
        _ reader: Reader
    ) throws(CannotRender) -> (text: TextTemplate, tag: String) {
        for tag in settings.tags(reader.locale, of: reader.tenant) {
            if let found = ownText(part, template, channel, tag, reader) { return (found, tag) }
            guard let builtIn = TextLanguage.all.first(where: { $0.tag == tag })?.text(for: template) else { continue }
            let source = part == .subject ? builtIn.subject : channel == .sms ? builtIn.sms : builtIn.email
            do {
                return (try TextTemplate(source), tag)
            } catch {
                throw CannotRender(description: "built-in text is broken")
            }
        }
        throw CannotRender(description: "unknown template")
    }

    /// Beside a text of the same language only: two languages in one mail would say two things.
    private func ownHTML(_ template: String, _ tag: String, _ reader: Reader) -> TextTemplate? {
        ownText(.html, template, .email, tag, reader)
    }

    private func ownText(
        _ part: TextKey.Part,
        _ template: String,
        _ channel: Channel,
        _ tag: String,
        _ reader: Reader
    ) -> TextTemplate? {
        guard !own.isEmpty else { return nil }
        for tenant in [reader.tenant, nil] {
            for type in [reader.tokenType, nil] {
                let place = TextKey.Place(tenant: tenant, tokenType: type)
                if let found = own[TextKey(template, channel, tag, part, place)] { return found }
            }
        }
        return nil
    }
}

/// Control characters and other line ends become blanks; directions that turn text round are taken out.
func oneLine(_ text: String) -> String {
    var line = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar.value {
        case 0x200E, 0x200F, 0x061C, 0x202A...0x202E, 0x2066...0x2069: continue
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: line.append(" ")
        default: line.append(scalar)
        }
    }
    return String(line)
}
