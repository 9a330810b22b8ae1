/// A line that says something: neither empty nor a comment (`#`).
struct TextLine {
    /// From 1.
    let number: Int
    /// Without blanks around it.
    let text: String

    var place: String { "line \(number)" }

    /// The lines of a text that say something.
    static func lines(of text: String) -> [TextLine] {
        all(of: text).filter { !$0.text.isEmpty && !$0.text.hasPrefix("#") }
    }

    /// Every line.
    static func all(of text: String) -> [TextLine] {
        text.split(omittingEmptySubsequences: false) { $0.isNewline }.enumerated()
            .map { TextLine(number: $0.offset + 1, text: $0.element.trimmed) }
    }

    /// The cells of a row (RFC 4180 §2): separated by commas, quoted where they have to be.
    ///
    /// - Throws: `malformed` for a quote that does not end.
    func cells(separator: Character = ",") throws(SkippedReason) -> [String] {
        var cells: [String] = []
        var cell = ""
        var isQuoted = false
        var characters = text[...]
        while let character = characters.popFirst() {
            switch character {
            case "\"" where isQuoted && characters.first == "\"":
                cell.append("\"")
                characters.removeFirst()
            case "\"" where isQuoted || cell.allSatisfy(\.isWhitespace): isQuoted.toggle()
            case separator where !isQuoted:
                cells.append(cell.trimmed)
                cell = ""
            default: cell.append(character)
            }
        }
        guard !isQuoted else { throw .malformed("a quote does not end") }
        return cells + [cell.trimmed]
    }
}
