import TokenCore

/// What a file of texts is for.
struct TextKey: Hashable {
    enum Part: String, CaseIterable {
        case txt, subject, html
    }

    /// For whom: every tenant and type, or one of them.
    struct Place: Hashable {
        var tenant: String?
        var tokenType: String?
    }

    let template: String
    let channel: Channel
    /// In small letters.
    let locale: String
    let part: Part
    let place: Place

    init(_ template: String, _ channel: Channel, _ locale: String, _ part: Part, _ place: Place) {
        self.template = template
        self.channel = channel
        self.locale = locale
        self.part = part
        self.place = place
    }

    /// By its name: `<template>.<channel>.<locale>.txt`, and for mail `.subject` and `.html`.
    init?(fileName: String, in place: Place) {
        let parts = fileName.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 4, let part = Part(rawValue: parts[parts.count - 1]),
            let channel = Channel(rawValue: parts[parts.count - 3])
        else { return nil }
        let locale = parts[parts.count - 2].lowercased().replacing("_", with: "-")
        let template = parts[..<(parts.count - 3)].joined(separator: ".")
        let isLocale = !locale.isEmpty && locale.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        guard isLocale, TextLanguage.english.text(for: template) != nil, channel == .email || part == .txt else {
            return nil
        }
        self.init(template, channel, locale, part, place)
    }

    /// What a template must have, or must not, by where it is used.
    func mistakes(of text: TextTemplate, _ source: String) -> [String] {
        if part == .subject {
            let isShort = !source.isEmpty && source.utf8.count <= 200 && oneLine(source) == source
            return (isShort ? [] : ["a subject is one line of at most 200 bytes"])
                + (text.variables.contains(.otp) ? ["{{otp}} is not for subjects"] : [])
        }
        let needed: [TextTemplate.Variable] =
            switch template {
            case "otp": [.otp]
            case "otp.approval": [.otp, .text]
            default: []
            }
        let missing = needed.filter { !text.variables.contains($0) }.map { "{{\($0.rawValue)}} is missing" }
        let isNotice = !template.hasPrefix("otp")
        return missing + (isNotice && text.variables.contains(.otp) ? ["{{otp}} is not for notices"] : [])
    }
}
