import Foundation
import Transport

/// Text with `{{to}}`, `{{text}}`, `{{subject}}`, `{{id}}`, `{{expiresAt}}`, `{{secondsLeft}}`, each filled in escaped
/// for where it stands: what a person wrote can't become syntax of the request.
struct PlaceholderText: Sendable {
    enum Placeholder: String, CaseIterable, Sendable {
        case to, text, subject, id, expiresAt
        /// Seconds left until the deadline, 1 at least.
        case secondsLeft
    }

    enum Escaping: Sendable {
        case json, form, xml, plain
        /// A header's value: what could end the line is taken out.
        case header

        /// By media type; nil where we know no escaping.
        init?(contentType: String) {
            let type = contentType.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
            switch type {
            case "application/json": self = .json
            case "application/x-www-form-urlencoded": self = .form
            case "application/xml", "text/xml": self = .xml
            case "text/plain": self = .plain
            default:
                if type.hasSuffix("+json") {
                    self = .json
                } else if type.hasSuffix("+xml") {
                    self = .xml
                } else {
                    return nil
                }
            }
        }
    }

    struct Mistake: Error, Equatable {
        let rule: String
    }

    private enum Piece: Sendable {
        case literal(String)
        case value(Placeholder)
    }

    private let pieces: [Piece]
    private let escaping: Escaping

    init(_ template: String, escaping: Escaping) throws(Mistake) {
        self.escaping = escaping
        var pieces: [Piece] = []
        var rest = template[...]
        while let open = rest.range(of: "{{") {
            pieces.append(.literal(String(rest[..<open.lowerBound])))
            guard let close = rest.range(of: "}}", range: open.upperBound..<rest.endIndex) else {
                throw Mistake(rule: "{{ without }}")
            }
            let name = rest[open.upperBound..<close.lowerBound].trimmingCharacters(in: .whitespaces)
            guard let placeholder = Placeholder(rawValue: name) else {
                let known = Placeholder.allCases.map(\.rawValue).joined(separator: ", ")
                throw Mistake(rule: "unknown placeholder, known are \(known)")
            }
            pieces.append(.value(placeholder))
            rest = rest[close.upperBound...]
        }
        pieces.append(.literal(String(rest)))
        self.pieces = pieces
    }

    var placeholders: [Placeholder] {
        pieces.compactMap { if case .value(let placeholder) = $0 { placeholder } else { nil } }
    }

    /// The text before the first placeholder.
    var literalStart: String {
        if case .literal(let text)? = pieces.first { text } else { "" }
    }

    func filled(_ value: (Placeholder) -> String) -> String {
        pieces.map { piece in
            switch piece {
            case .literal(let text): text
            case .value(let placeholder): Self.escape(value(placeholder), escaping)
            }
        }.joined()
    }

    /// As a form's field has it.
    static func formEscaped(_ text: String) -> String { escape(text, .form) }

    private static func escape(_ text: String, _ escaping: Escaping) -> String {
        switch escaping {
        case .plain: text
        case .header: String(String.UnicodeScalarView(text.unicodeScalars.filter { (0x20..<0x7F).contains($0.value) }))
        case .json: text.unicodeScalars.map(jsonEscape).joined()
        case .xml: text.unicodeScalars.map(xmlEscape).joined()
        case .form: text.utf8.map(percentEscape).joined()
        }
    }

    private static func jsonEscape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case "\n": "\\n"
        case "\u{0}"..<"\u{20}", "\u{7F}"..<"\u{A0}", "\u{2028}", "\u{2029}":
            "\\u" + String(repeating: "0", count: 4 - hex(scalar.value).count) + hex(scalar.value)
        default: String(scalar)
        }
    }

    private static func xmlEscape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "&": "&amp;"
        case "<": "&lt;"
        case ">": "&gt;"
        case "\"": "&quot;"
        case "'": "&apos;"
        // Else a parser makes blanks or line feeds of them (XML 1.0 §2.11, §3.3.3).
        case "\t", "\n", "\r", "\u{85}", "\u{2028}": "&#\(scalar.value);"
        // XML 1.0 §2.2 has no way to write these.
        case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}": ""
        default: String(scalar)
        }
    }

    private static func percentEscape(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            String(UnicodeScalar(byte))
        default: (byte < 16 ? "%0" : "%") + hex(UInt32(byte)).uppercased()
        }
    }

    private static func hex(_ number: UInt32) -> String { String(number, radix: 16) }
}
