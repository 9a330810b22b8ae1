/// Feitian's lists: on each line serial number and seed in hexadecimal, blanks, a tab or a semicolon between them.
enum FeitianTextReader {
    static func recognizes(_ line: TextLine) -> Bool {
        let words = words(of: line)
        guard words.count == 2, SerialNumber.usable(words[0]) != nil else { return false }
        return words[1].utf8.count >= 32 && Hexadecimal.decode(words[1]) != nil
    }

    static func read(_ lines: [TextLine]) -> SeedFile {
        var file = SeedFile(format: .feitianText, entries: [], skipped: [])
        file.remarks.append("the file does not tell the kind: taken as HOTP; for time tokens name a type (--type)")
        for (index, line) in lines.enumerated() {
            let words = words(of: line)
            if index == 0, isHeader(words) { continue }
            file.take(words.first, at: line.place) { () throws(SkippedReason) in
                guard words.count == 2 else { throw .malformed("not serial number and seed") }
                let serial = try SeedField.serial(words[0])
                return SeedEntry(serial: serial, secret: try SeedField.secret(text: words[1]), kind: .hotp)
            }
        }
        return file
    }

    private static func isHeader(_ words: [String]) -> Bool {
        ["sn", "serial", "serialno", "serialnumber"].contains((words.first ?? "").lowercased())
    }

    private static func words(of line: TextLine) -> [String] {
        line.text.split { $0.isWhitespace || $0 == ";" }.map(String.init)
    }
}
