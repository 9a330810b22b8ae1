/// Every mistake of a directory of texts, one line each, with file and line where there is one.
package struct TextMistakes: Error, Equatable, CustomStringConvertible {
    package let mistakes: [String]

    package var description: String { mistakes.joined(separator: "\n") }
}
