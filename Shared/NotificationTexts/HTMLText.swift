/// HTML of mails: small, without images, links or anything from elsewhere.
enum HTMLText {
    /// A text in which nothing is markup.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// The page that says what a plain text says: a paragraph for each of its own, an indented line large.
    static func page(_ text: String, title: String, language: String) -> String {
        let paragraphs = text.split(separator: "\n\n").map { paragraph in
            let lines = paragraph.split(separator: "\n").map(String.init)
            let isLarge = lines.allSatisfy { $0.hasPrefix("    ") }
            let body = lines.map { escaped(String($0.drop { $0 == " " })) }.joined(separator: "<br>\n")
            return isLarge
                ? "<p style=\"font-size:1.6em;font-weight:bold;letter-spacing:.08em\">\(body)</p>" : "<p>\(body)</p>"
        }
        return """
            <!DOCTYPE html>
            <html lang="\(escaped(language))">
            <head><meta charset="utf-8"><title>\(escaped(title))</title></head>
            <body style="font-family:sans-serif;line-height:1.5;max-width:36em">
            \(paragraphs.joined(separator: "\n"))
            </body>
            </html>

            """
    }
}
