/// A text with `{{variables}}`, as templates of one's own have it. Values are put in once and never read as template.
package struct TextTemplate: Sendable {
    package enum Variable: String, CaseIterable, Sendable {
        case otp, minutes, typeName, maskedDevice, text, reference, daysLeft, change
    }

    package struct Mistake: Error, Equatable {
        /// Counted from 1.
        let line: Int
        let rule: String
    }

    private enum Piece: Sendable {
        case literal(String)
        case variable(Variable)
    }

    private let pieces: [Piece]

    init(_ source: String) throws(Mistake) {
        var pieces: [Piece] = []
        var rest = source[...]
        while let open = rest.firstRange(of: "{{") {
            let line = source[..<open.lowerBound].count { $0.isNewline } + 1
            pieces.append(.literal(String(rest[..<open.lowerBound])))
            rest = rest[open.upperBound...]
            guard let close = rest.firstRange(of: "}}") else { throw Mistake(line: line, rule: "{{ without }}") }
            let name = rest[..<close.lowerBound].filter { $0 != " " }
            guard let variable = Variable(rawValue: String(name)) else {
                let known = Variable.allCases.map(\.rawValue).joined(separator: ", ")
                throw Mistake(line: line, rule: "unknown variable, known are \(known)")
            }
            pieces.append(.variable(variable))
            rest = rest[close.upperBound...]
        }
        pieces.append(.literal(String(rest)))
        self.pieces = pieces
    }

    var variables: Set<Variable> {
        Set(pieces.compactMap { if case .variable(let variable) = $0 { variable } else { nil } })
    }

    /// A variable without a value becomes nothing, with one of the blanks around it.
    package func filled(_ values: [Variable: String]) -> String {
        var text = ""
        var dropsBlank = false
        for piece in pieces {
            switch piece {
            case .literal(let literal):
                text += dropsBlank && literal.first == " " ? literal.dropFirst() : literal[...]
                dropsBlank = false
            case .variable(let variable):
                let value = values[variable] ?? ""
                text += value
                dropsBlank = value.isEmpty && text.last == " "
            }
        }
        return text
    }
}
