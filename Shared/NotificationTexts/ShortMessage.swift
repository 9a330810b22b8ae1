import ShortMessages

/// How an SMS is kept to two segments.
package enum ShortMessage {
    package static let maxSegments = 2

    /// SMS that the text takes.
    package static func segments(_ text: String) -> Int { MessageParts.count(text) }

    /// Fills the template so that it fits: what is in `cuttable` is shortened, in this order, and ends with `…`. The OTP
    /// is never cut: where the rest of the template alone is too long, it is cut at its end and the OTP moved ahead.
    ///
    /// - Parameter lastLine: stands at the end, whole; no other line can look like it.
    static func fitted(
        _ template: TextTemplate,
        _ values: [TextTemplate.Variable: String],
        lastLine: String? = nil,
        cuttable: [TextTemplate.Variable] = [.text, .typeName, .maskedDevice]
    ) -> String {
        let end = lastLine.map { "\n" + $0 } ?? ""
        // What begins a line with `@` could name another page to fill the code in.
        var values = values.mapValues { String($0.drop { $0 == "@" || $0 == " " }) }
        var text = template.filled(values)
        // The real ellipsis would turn a 7-bit message into UCS-2 and halve the room.
        let ellipsis = GSMAlphabet.septets(text + end) == nil ? "…" : "..."
        for variable in cuttable {
            guard segments(text + end) > maxSegments else { return text + end }
            guard let whole = values[variable], template.variables.contains(variable) else { continue }
            values[variable] = longest(whole, ellipsis) {
                template.filled(values.merging([variable: $0]) { $1 }) + end
            }
            text = template.filled(values)
        }
        guard segments(text + end) > maxSegments else { return text + end }
        let otp = values[.otp] ?? ""
        let cut = longest(text, ellipsis) { $0 + end }
        if otp.isEmpty || cut.contains(otp) { return cut + end }
        return "\(otp) " + longest(text, ellipsis) { "\(otp) \($0)\(end)" } + end
    }

    /// The longest beginning of a text with which a message fits, with the ellipsis after it; that one alone where none
    /// does.
    private static func longest(_ text: String, _ ellipsis: String, in message: (String) -> String) -> String {
        let characters = Array(text)
        var (fits, tooLong) = (0, characters.count)
        while tooLong - fits > 1 {
            let middle = (fits + tooLong) / 2
            if segments(message(String(characters[..<middle]) + ellipsis)) <= maxSegments {
                fits = middle
            } else {
                tooLong = middle
            }
        }
        return String(characters[..<fits]) + ellipsis
    }
}
