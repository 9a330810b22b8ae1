import Foundation
package import TokenCore

/// The texts of all messages: a site's own from a directory, the built-in English ones where there is none.
///
/// Files are `<template>.<channel>.<locale>.txt` and, for mail, `.subject`: `otp.sms.de-CH.txt`. For the locale `de-CH`
/// that one is looked for first, then `de`, then `en`, then the built-in text.
package struct MessageTemplates: Sendable {
    /// A message's text; `subject` is empty for SMS.
    package struct Rendered: Equatable, Sendable {
        package let subject: String
        package let text: String
    }

    package struct CannotRender: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    private enum Part: String {
        case txt, subject
    }

    private struct Key: Hashable {
        let template: String
        let channel: Channel
        let locale: String
        let part: Part
    }

    private let own: [Key: TextTemplate]

    /// The built-in texts alone.
    package init() {
        own = [:]
    }

    /// - Throws: every mistake in the directory's files, with file and line.
    package init(directory: String) throws(TextMistakes) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw TextMistakes(mistakes: ["\(directory): can't be read"])
        }
        var mistakes: [String] = []
        var own: [Key: TextTemplate] = [:]
        for name in names.sorted() where name.hasSuffix(".txt") || name.hasSuffix(".subject") {
            let path = "\(directory)/\(name)"
            guard let key = Self.key(fileName: name) else {
                mistakes.append("\(path): no <template>.<channel>.<locale>.txt or .subject")
                continue
            }
            guard let data = FileManager.default.contents(atPath: path),
                let source = String(data: data, encoding: .utf8)
            else {
                mistakes.append("\(path): no UTF-8 text")
                continue
            }
            do {
                // Editors end a file with a line feed; a subject and an SMS have none.
                let trimmed =
                    key.part == .subject || key.channel == .sms ? source.trimmingCharacters(in: .newlines) : source
                let template = try TextTemplate(trimmed)
                mistakes += Self.mistakes(of: template, trimmed, key).map { "\(path):1: \($0)" }
                own[key] = template
            } catch {
                mistakes.append("\(path):\(error.line): \(error.rule)")
            }
        }
        guard mistakes.isEmpty else { throw TextMistakes(mistakes: mistakes) }
        self.own = own
    }

    /// - Throws: where there is no such template, or a value without which it makes no sense is missing.
    package func render(
        template: String,
        channel: Channel,
        locale: String,
        values: [TextTemplate.Variable: String]
    ) throws(CannotRender) -> Rendered {
        guard let builtIn = BuiltInTexts.text(for: template) else {
            throw CannotRender(description: "unknown template")
        }
        let text = try find(.txt, template, channel, locale, channel == .sms ? builtIn.sms : builtIn.email)
        for variable in [TextTemplate.Variable.otp, .minutes, .text, .daysLeft]
        where text.variables.contains(variable) && (values[variable] ?? "").isEmpty {
            throw CannotRender(description: "\(variable.rawValue) is missing")
        }
        // A value is a word or a line; it must not lay out the message.
        let values = values.mapValues(oneLine)
        guard channel == .email else {
            return Rendered(subject: "", text: ShortMessage.fitted(text, values))
        }
        let subject = try find(.subject, template, channel, locale, builtIn.subject)
        return Rendered(subject: oneLine(subject.filled(values)), text: text.filled(values))
    }

    private func find(
        _ part: Part,
        _ template: String,
        _ channel: Channel,
        _ locale: String,
        _ builtIn: String
    ) throws(CannotRender) -> TextTemplate {
        for tag in Self.fallbacks(locale) {
            if let found = own[Key(template: template, channel: channel, locale: tag, part: part)] { return found }
        }
        do {
            return try TextTemplate(builtIn)
        } catch {
            throw CannotRender(description: "built-in text is broken")
        }
    }

    /// `de-CH` → `de-ch`, `de`, `en`.
    private static func fallbacks(_ locale: String) -> [String] {
        var tag = locale.lowercased().replacing("_", with: "-")[...]
        var tags: [String] = []
        while !tag.isEmpty {
            tags.append(String(tag))
            tag = tag[..<(tag.lastIndex(of: "-") ?? tag.startIndex)]
        }
        return tags + ["en"]
    }

    private static func key(fileName: String) -> Key? {
        let parts = fileName.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 4, let part = Part(rawValue: parts[parts.count - 1]),
            let channel = Channel(rawValue: parts[parts.count - 3])
        else { return nil }
        let locale = parts[parts.count - 2].lowercased().replacing("_", with: "-")
        let template = parts[..<(parts.count - 3)].joined(separator: ".")
        let isLocale = !locale.isEmpty && locale.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        guard isLocale, BuiltInTexts.text(for: template) != nil, channel == .email || part == .txt else { return nil }
        return Key(template: template, channel: channel, locale: locale, part: part)
    }

    /// What a template must have, or must not, by where it is used.
    private static func mistakes(of template: TextTemplate, _ source: String, _ key: Key) -> [String] {
        if key.part == .subject {
            let isShort = oneLine(source) == source && !source.isEmpty && source.utf8.count <= 200
            return (isShort ? [] : ["a subject is one line of at most 200 bytes"])
                + (template.variables.contains(.otp) ? ["{{otp}} is not for subjects"] : [])
        }
        let needed: [TextTemplate.Variable] =
            switch key.template {
            case "otp": [.otp]
            case "otp.approval": [.otp, .text]
            default: []
            }
        let missing = needed.filter { !template.variables.contains($0) }.map { "{{\($0.rawValue)}} is missing" }
        let isNotice = !key.template.hasPrefix("otp")
        return missing + (isNotice && template.variables.contains(.otp) ? ["{{otp}} is not for notices"] : [])
    }
}

/// Control characters and other line ends become blanks; directions that turn text round are taken out.
private func oneLine(_ text: String) -> String {
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

/// Every mistake of texts of one's own, one line each, with file and line.
package struct TextMistakes: Error, Equatable, CustomStringConvertible {
    package let mistakes: [String]

    package var description: String { mistakes.joined(separator: "\n") }
}
